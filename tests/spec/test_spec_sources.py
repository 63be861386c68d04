"""The rules on several sources: which of two that say the same hearing counts, and what a figure says about it.

A row is: case, day of hearing, result, source (`libra`: SPI from Libra, `cp-spi`: SPI from Common Platform,
`feed`: Common Platform's own), and its court (B01LY where none is given). Every offence is an application
for a Stalking Protection Order.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from extract.contract import RECORDS
from transform.answers import SET_ASIDE, with_quarantine
from transform.contract import Answer
from transform.definition import Example, Given, Step
from transform.engines.duckdb import Records, count
from transform.examples import example_records
from transform.periods import parse_period
from transform.precedence import Precedence, precedence_of
from transform.questions import load_definitions

SPO = load_definitions(Path(__file__).resolve().parents[2] / "sql").question("stalking-protection-orders")
KEY = b"a key for tests"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
EMPTY = ("A again", "2020-02-03", None, "mi")
KINDS = {
    "libra": {"source_name": "libra", "source_format": "spi", "source_system": "B00LIBRA"},
    "cp-spi": {"source_name": "spi", "source_format": "spi", "source_system": "C00CommonPlatform"},
    "feed": {"source_name": "feed", "source_format": "common-platform", "source_system": "C00CommonPlatform"},
    "mi": {"source_name": "mi", "source_format": "table", "source_system": "MI"},
}


def table(*rows: tuple[Any, ...]) -> pa.Table:
    found = []
    for number, (case, day, result, kind, *court) in enumerate(rows):
        offence = "ST19501" if result else None
        given = Given(case, date.fromisoformat(day), offence, result, None, "1", 1)
        (record,) = example_records(Example("", (given,), {}), KEY).to_pylist()
        own = {"statement_key": f"key {number}", "court_ou_code": court[0] if court else "B01LY00"}
        found.append(record | KINDS[kind] | own)
    return pa.Table.from_pylist(found, schema=RECORDS)


def answer(
    rows: pa.Table, precedence: Iterable[Precedence] = precedence_of(), newest: int = 9, known_at: datetime = NOW
) -> Answer:
    records = Records(rows, newest, known_at, tuple(precedence))
    return count(SPO, records, parse_period("2020Q1"), [["source_system"]], key=KEY, now=NOW)


def test_spi_from_common_platform_gives_way_where_its_own_feed_covers_the_court_and_day() -> None:
    """The order is in both; in SPI it has dummy references, so it would count as another case."""
    given = answer(table(("dummy", "2020-02-03", "3307", "cp-spi"), ("A", "2020-02-03", "3307", "feed")))
    assert given.value == 1
    assert [(s.step, s.rows) for s in given.attrition[:3]] == [
        ("Results known for the period", 2),
        ("Results of the statements that count", 2),
        (SET_ASIDE, 1),
    ]
    assert any(note.startswith("1 result of sources that give way was set aside") for note in given.notes)


@pytest.mark.parametrize(
    ("day", "court"),
    [("2020-02-04", "B01LY00"), ("2020-02-03", "B01EF00")],
    ids=["another day", "another court"],
)
def test_spi_from_common_platform_counts_where_the_feed_says_nothing_of_that_court_and_day(
    day: str, court: str
) -> None:
    given = answer(table(("B", day, "3307", "cp-spi", court), ("A", "2020-02-03", "3307", "feed")))
    assert given.value == 2
    assert SET_ASIDE not in [step.step for step in given.attrition]


def test_two_rooms_of_one_court_are_one_court() -> None:
    """Only the first five characters of the code are the court."""
    rows = table(("dummy", "2020-02-03", "3307", "cp-spi", "B01LY01"), ("A", "2020-02-03", "3307", "feed", "B01LY00"))
    assert answer(rows).value == 1


def test_a_court_that_a_later_share_no_longer_names_is_not_covered() -> None:
    """The first share named the wrong court; the re-share is all that the feed says of the hearing."""
    rows = table(
        ("B", "2020-02-03", "3307", "cp-spi", "B01EF00"),
        ("A", "2020-02-03", "3307", "feed", "B01EF00"),
        ("A", "2020-02-03", "3307", "feed", "B01LY00"),
    ).to_pylist()
    rows[2] |= {"statement_key": rows[1]["statement_key"], "stated_at": rows[1]["stated_at"] + timedelta(hours=1)}
    assert answer(pa.Table.from_pylist(rows, schema=RECORDS)).value == 2


def test_a_day_that_an_extract_has_emptied_still_covers_the_courts_it_spoke_of() -> None:
    """An empty day of an extract names no court any more."""
    rows = table(("A", "2020-02-03", "3307", "libra"), ("A again", "2020-02-03", "3307", "mi"), EMPTY).to_pylist()
    rows[2] |= {
        "statement_key": rows[1]["statement_key"],
        "stated_at": rows[1]["stated_at"] + timedelta(hours=1),
        "court_ou_code": None,
    }
    assert answer(pa.Table.from_pylist(rows, schema=RECORDS), precedence_of([("mi", ["libra"])])).value == 0


def test_spi_from_libra_never_gives_way_to_the_feed() -> None:
    assert answer(table(("B", "2020-02-03", "3307", "libra"), ("A", "2020-02-03", "3307", "feed"))).value == 2


def test_a_hearing_that_the_feed_has_emptied_still_covers_its_day() -> None:
    """A re-share without results took everything back; the SPI message never heard of it."""
    given = answer(table(("dummy", "2020-02-03", "3307", "cp-spi"), ("A", "2020-02-03", None, "feed")))
    assert (given.value, given.status) == (0, "counted")


def test_before_the_feed_was_received_the_spi_message_counted() -> None:
    """As known then: what was set aside later counted at the time."""
    rows = table(("dummy", "2020-02-03", "3307", "cp-spi"), ("A", "2020-02-03", "3307", "feed")).to_pylist()
    rows[1]["landed_batch"] = 2
    both = pa.Table.from_pylist(rows, schema=RECORDS)
    assert [answer(both, newest=batch).attrition[-2].rows for batch in (1, 2)] == [1, 1]
    assert [answer(both, newest=batch).figures[1].cell[0][1] for batch in (1, 2)] == ["C00CommonPlatform"] * 2
    assert SET_ASIDE not in [step.step for step in answer(both, newest=1).attrition]
    assert SET_ASIDE in [step.step for step in answer(both, newest=2).attrition]


def test_a_source_without_a_court_cannot_be_covered_and_counts() -> None:
    rows = table(("B", "2020-02-03", "3307", "cp-spi"), ("A", "2020-02-03", "3307", "feed")).to_pylist()
    rows[0]["court_ou_code"] = None
    assert answer(pa.Table.from_pylist(rows, schema=RECORDS)).value == 2


def test_of_an_extract_only_the_courts_that_are_covered_are_set_aside() -> None:
    """One day of an extract is one statement about many courts."""
    rows = table(
        ("A", "2020-02-03", "3307", "libra", "B01LY00"),
        ("A again", "2020-02-03", "3307", "mi", "B01LY00"),
        ("B", "2020-02-03", "3307", "mi", "B01EF00"),
    ).to_pylist()
    rows[2] |= {"statement_key": rows[1]["statement_key"], "offence_index": 2}
    given = answer(pa.Table.from_pylist(rows, schema=RECORDS), precedence_of([("libra", ["mi"])]))
    assert given.value == 2


def test_sources_go_before_each_other_as_the_sources_file_says() -> None:
    rows = table(("A", "2020-02-03", "3307", "libra"), ("A again", "2020-02-03", "3307", "mi"))
    assert answer(rows).value == 2
    assert answer(rows, precedence_of([("libra", ["mi"])])).value == 1
    assert answer(rows, precedence_of([("mi", ["libra"])])).figures[1].cell == (("source_system", "MI"),)


def test_a_source_that_the_question_leaves_out_puts_nothing_aside() -> None:
    """Who asks for one source alone gets what that source says, whatever goes before it elsewhere."""
    alone = replace(SPO, steps=(Step("Only the extract", source=("mi",)), *SPO.steps))
    rows = table(("A", "2020-02-03", "3307", "libra"), ("A again", "2020-02-03", "3307", "mi"))
    records = Records(rows, 9, NOW, precedence_of([("libra", ["mi"])]))
    given = count(alone, records, parse_period("2020Q1"), [], key=KEY, now=NOW)
    assert (given.value, count(SPO, records, parse_period("2020Q1"), [], key=KEY, now=NOW).figures[0].value) == (1, 1)
    assert SET_ASIDE not in [step.step for step in given.attrition]
    both = Records(rows, 9, NOW, precedence_of([("libra", ["mi"]), ("mi", ["nothing"])]))
    assert count(alone, both, parse_period("2020Q1"), [], key=KEY, now=NOW).value == 1


def test_the_feed_puts_spi_aside_only_where_the_question_counts_the_feed() -> None:
    rows = table(("dummy", "2020-02-03", "3307", "cp-spi"), ("A", "2020-02-03", "3307", "feed"))
    for sources, value in ((("spi",), 1), (("spi", "feed"), 1), (("feed",), 1)):
        kept = replace(SPO, steps=(Step("Only these", source=sources), *SPO.steps))
        given = count(kept, Records(rows, 9, NOW), parse_period("2020Q1"), [], key=KEY, now=NOW)
        assert given.value == value
        assert (SET_ASIDE in [step.step for step in given.attrition]) is (sources != ("spi",))


def test_a_feed_that_the_question_drops_puts_nothing_aside() -> None:
    rows = table(("dummy", "2020-02-03", "3307", "cp-spi"), ("A", "2020-02-03", "3307", "feed"))
    without = replace(SPO, steps=(*SPO.steps, Step("Not the feed", source=("feed",), drop=True)))
    given = count(without, Records(rows, 9, NOW), parse_period("2020Q1"), [], key=KEY, now=NOW)
    assert given.value == 1
    assert SET_ASIDE not in [step.step for step in given.attrition]


def test_a_case_that_moved_between_systems_counts_once_and_the_figure_says_so() -> None:
    """The URN is the same in Libra and in Common Platform; an application of no case has no URN to be known by."""
    rows = table(
        ("A", "2020-01-28", "3307", "libra"), ("A", "2020-02-03", "3307", "feed"), ("B", "2020-02-03", "3307", "feed")
    ).to_pylist()
    for row, key in zip(rows, ("urn:01ZD0303208", "urn:01ZD0303208", "app:cp:b"), strict=True):
        row["case_key"] = key
    given = answer(pa.Table.from_pylist(rows, schema=RECORDS))
    assert given.value == 2
    assert given.notes[-1] == (
        "Counted from 2 court systems: 1 case known to several of them under one URN counted once; 1 case without a "
        "real URN would count again if another has it too."
    )


def test_what_is_in_quarantine_is_told_beside_the_figure_and_in_its_first_step() -> None:
    given = with_quarantine(answer(table(("A", "2020-02-03", "3307", "libra"))), 1, 2)
    assert given.notes[-1] == (
        "3 deliveries or rows set aside in quarantine could add to this figure: 1 dated within the period, "
        "2 without a day that can be read."
    )
    assert given.attrition[0].step == "Results known for the period (3 set aside in quarantine)"
    assert given.value == 1


def test_nothing_is_said_of_an_empty_quarantine() -> None:
    given = answer(table(("A", "2020-02-03", "3307", "libra")))
    assert with_quarantine(given, 0, 0) == given
