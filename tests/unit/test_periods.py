"""Periods: one canonical name each, both ends inside, never the clock."""

from datetime import date

import pytest

from transform.contract import TransformError
from transform.periods import Period, months, overlap, parse_period, period_before


@pytest.mark.parametrize(
    ("text", "first", "last", "label"),
    [
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29), "2020-02"),
        ("2020Q1", date(2020, 1, 1), date(2020, 3, 31), "2020Q1"),
        ("2020-q4", date(2020, 10, 1), date(2020, 12, 31), "2020Q4"),
        ("2020H2", date(2020, 7, 1), date(2020, 12, 31), "2020H2"),
        ("2020", date(2020, 1, 1), date(2020, 12, 31), "2020"),
        ("2019/20", date(2019, 4, 1), date(2020, 3, 31), "2019/20"),
        ("1999/00", date(1999, 4, 1), date(2000, 3, 31), "1999/00"),
        ("2020-01-01..2020-03-31", date(2020, 1, 1), date(2020, 3, 31), "2020Q1"),
        ("2020-01-05..2020-02-01", date(2020, 1, 5), date(2020, 2, 1), "2020-01-05..2020-02-01"),
        ("2020-02-01..2020-04-30", date(2020, 2, 1), date(2020, 4, 30), "2020-02-01..2020-04-30"),
        ("2020-01-05", date(2020, 1, 5), date(2020, 1, 5), "2020-01-05..2020-01-05"),
    ],
)
def test_a_period_has_one_canonical_name(text: str, first: date, last: date, label: str) -> None:
    period = parse_period(text)
    assert (period.first, period.last, period.label) == (first, last, label)
    assert parse_period(label) == period


@pytest.mark.parametrize("text", ["", "2020-13", "2020Q5", "2020H3", "2019/21", "2020-02-30", "0000", "1/1/2020", "Q1"])
def test_what_is_no_period_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(TransformError, match=r"is not a period\. Write 2020-01, 2020Q1"):
        parse_period(text)


def test_a_period_ends_after_it_starts() -> None:
    with pytest.raises(TransformError, match="earlier day first"):
        parse_period("2020-02-01..2020-01-31")


@pytest.mark.parametrize(
    ("name", "scheduled", "label"),
    [
        ("last complete month", date(2020, 1, 31), "2019-12"),
        ("last complete month", date(2020, 3, 1), "2020-02"),
        ("last complete quarter", date(2020, 3, 31), "2019Q4"),
        ("last complete quarter", date(2020, 4, 1), "2020Q1"),
        ("last complete quarter", date(2020, 12, 31), "2020Q3"),
        ("last complete year", date(2020, 12, 31), "2019"),
    ],
)
def test_a_schedule_counts_the_period_before_its_due_day(name: str, scheduled: date, label: str) -> None:
    assert period_before(name, scheduled).label == label


def test_an_unknown_schedule_period_names_the_known_ones() -> None:
    with pytest.raises(TransformError, match="last complete quarter"):
        period_before("last quarter", date(2020, 1, 1))


def test_months_of_a_period_are_whole_months() -> None:
    assert [m.label for m in months(parse_period("2019-12-31..2020-02-01"))] == ["2019-12", "2020-01", "2020-02"]


def test_overlap_includes_both_ends() -> None:
    january, day = parse_period("2020-01"), Period(date(2020, 1, 31), date(2020, 2, 5))
    assert overlap(january, day) == Period(date(2020, 1, 31), date(2020, 1, 31))
    assert overlap(january, parse_period("2020-02")) is None
