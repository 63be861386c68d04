"""Which source spoke of which court in which month: gaps and overlaps of a store of made statements."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from extract.contract import Statement
from extract.coverage import Gap, coverage, gaps
from extract.store import Landing

EVER = date.min, date.max


@pytest.fixture
def spoken(statement: Callable[..., Statement], received: Callable[[int], object], landing: Callable[..., Landing]):  # type: ignore[no-untyped-def]
    """Land one statement for each (court, day, source, system)."""

    def go(*said: tuple[str | None, str, str, str]) -> None:
        made = [
            replace(
                statement(f"content {n}", received(9), key=f"key {n}", day=date.fromisoformat(day)),
                court_ou_code=court,
                source_name=source,
                source_system=system,
            )
            for n, (court, day, source, system) in enumerate(said)
        ]
        landing(*made)

    return go


def test_statements_and_days_are_counted_by_court_month_and_source(records: Path, spoken: Callable[..., None]) -> None:
    spoken(
        ("B01EF01", "2020-02-03", "spi", "B00LIBRA"),
        ("B01EF02", "2020-02-03", "spi", "B00LIBRA"),
        ("B01EF01", "2020-02-04", "spi", "B00LIBRA"),
        ("B01LY00", "2020-01-31", "spi", "B00LIBRA"),
    )
    found = [(row.court, row.month, row.statements, row.days, row.shared_days) for row in coverage(records, *EVER)]
    assert found == [("B01EF", "2020-02", 3, 2, 0), ("B01LY", "2020-01", 1, 1, 0)]


def test_a_day_of_which_two_systems_speak_is_an_overlap_for_both(records: Path, spoken: Callable[..., None]) -> None:
    spoken(
        ("B01EF01", "2020-02-03", "spi", "B00LIBRA"),
        ("B01EF01", "2020-02-03", "spi", "C00CommonPlatform"),
        ("B01EF01", "2020-02-04", "spi", "B00LIBRA"),
    )
    shared = {row.source_system: (row.days, row.shared_days) for row in coverage(records, *EVER)}
    assert shared == {"B00LIBRA": (2, 1), "C00CommonPlatform": (1, 1)}


def test_what_names_no_court_is_shown_and_overlaps_nothing(records: Path, spoken: Callable[..., None]) -> None:
    spoken((None, "2020-02-03", "spi", "B00LIBRA"), (None, "2020-02-03", "mi", "MI"))
    assert [(row.court, row.shared_days) for row in coverage(records, *EVER)] == [("unknown", 0), ("unknown", 0)]


def test_a_gap_is_whole_months_without_a_word_between_months_with_some(
    records: Path, spoken: Callable[..., None]
) -> None:
    spoken(
        ("B01EF01", "2019-11-30", "spi", "B00LIBRA"),
        ("B01EF01", "2020-02-03", "spi", "B00LIBRA"),
        ("B01EF01", "2020-03-03", "spi", "B00LIBRA"),
        ("B01EF01", "2020-01-03", "mi", "MI"),
        ("B01LY01", "2020-01-03", "spi", "B00LIBRA"),
    )
    assert gaps(coverage(records, *EVER)) == [Gap("B01EF", "spi", "B00LIBRA", "2019-12", "2020-01", 2)]


def test_only_the_days_asked_for_are_looked_at(records: Path, spoken: Callable[..., None]) -> None:
    spoken(("B01EF01", "2020-02-03", "spi", "B00LIBRA"), ("B01EF01", "2020-03-03", "spi", "B00LIBRA"))
    assert [row.month for row in coverage(records, date(2020, 3, 1), date(2020, 3, 31))] == ["2020-03"]
    assert coverage(records, date(2021, 1, 1), date(2021, 1, 31)) == []
