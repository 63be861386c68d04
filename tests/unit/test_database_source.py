"""What is asked of a database, and what its values and its complaints become; no database is needed for it."""

import sqlite3
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from extract.contract import ExtractError
from extract.database_faults import explained
from extract.database_source import DatabaseSource, Slice, days_between, slices, table_name
from extract.database_values import text_column

SUMMER = datetime(2020, 4, 30, 22, 59, tzinfo=UTC)
JANUARY = date(2020, 1, 1), date(2020, 1, 31)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("hearing", (None, "hearing")),
        ("results.hearing", ("results", "hearing")),
        ("The Courts.Hearing Result", ("The Courts", "Hearing Result")),
        ("linked.results.hearing", ("linked.results", "hearing")),
        ('"with.dot"."a ""b"""', ("with.dot", 'a "b"')),
        ('"with.dot"', (None, "with.dot")),
        ('x"; drop table y; --', (None, 'x"; drop table y; --')),
        ("", (None, "")),
    ],
)
def test_a_dot_parts_schema_and_table_unless_it_is_quoted(given: str, meant: tuple[str | None, str]) -> None:
    assert table_name(given) == meant


def test_a_source_is_a_table_or_a_query_and_shows_no_address() -> None:
    for both in ({}, {"table": "a", "query": "select 1"}):
        with pytest.raises(ValueError, match="one of table and query"):
            DatabaseSource("sqlite:///a", **both)
    assert "planted" not in repr(DatabaseSource("postgresql://a:planted@b/c", query="select 'planted'"))


@pytest.mark.parametrize("days", [1, 31, 60, 400])
def test_slices_hold_every_day_once_and_no_slice_more_than_a_month(days: int) -> None:
    wanted = days_between((date(2019, 12, 20), date(2019, 12, 20) + timedelta(days - 1)))
    parts = slices(wanted)
    assert [day for part in parts for day in part.days] == wanted
    assert all(len({(day.year, day.month) for day in part.days}) == 1 for part in parts[:-1])
    assert parts[-1] == Slice(())  # rows without a day


def test_days_that_are_apart_are_read_by_one_statement_a_month() -> None:
    first, third, fourth = (date(2020, 1, day) for day in (1, 3, 4))
    assert slices([fourth, first, third, first]) == [Slice(((first, first), (third, fourth))), Slice(())]
    assert days_between(JANUARY[::-1]) == []


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (["a", None, "0401"], ["a", None, "0401"]),
        ([3307, None, 9007199254740993], ["3307", None, "9007199254740993"]),
        ([10**30], ["1000000000000000000000000000000"]),
        ([3307.0, 0.5, 1e20, None], ["3307", "0.5", "100000000000000000000", None]),
        ([Decimal("3307.00"), Decimal("1.50"), Decimal("1E+3")], ["3307", "1.50", "1000"]),
        ([float("nan"), Decimal("Infinity")], ["NaN", "Infinity"]),
        ([True, False, None], ["true", "false", None]),
        ([3307, "SPO", 2.0], ["3307", "SPO", "2"]),
        ([UUID(int=18)], ["00000000-0000-0000-0000-000000000012"]),
        ([None, None], [None, None]),
    ],
)
def test_values_become_their_exact_text(values: list[object], texts: list[str | None]) -> None:
    column, dates = text_column(values, "hearing", "c")
    assert (column.to_pylist(), dates) == (texts, False)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([date(2020, 2, 3), None], ["2020-02-03", None]),
        ([datetime(2020, 2, 3, 23, 59)], ["2020-02-03"]),  # noqa: DTZ001 - a time of no zone
        ([SUMMER, SUMMER + timedelta(minutes=1)], ["2020-04-30", "2020-05-01"]),
    ],
)
def test_dates_and_times_become_the_day_in_london(values: list[object], texts: list[str | None]) -> None:
    column, dates = text_column(values, "hearing", "c")
    assert (column.to_pylist(), dates) == (texts, True)


@pytest.mark.parametrize("value", [["planted"], {"a": "planted"}, b"plan\xffted", "plan\0ted", "plan\ud800ted"])
def test_what_has_no_text_is_told_and_not_shown(value: object) -> None:
    with pytest.raises(ExtractError) as raised:
        text_column(["a", value], "hearing", "c")
    assert "column 'c'" in str(raised.value)
    assert "plan" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "says", "passing"),
    [
        ("SQLITE_IOERR_READ", "the disc could not be read", True),
        ("SQLITE_BUSY_SNAPSHOT", "a writer keeps it locked", True),
        ("SQLITE_CANTOPEN_ISDIR", "the database file cannot be opened", False),
        ("SQLITE_CORRUPT_INDEX", "the file is damaged", False),
        ("SQLITE_CORRUPT", "the file is damaged", False),
        ("SQLITE_TOOBIG", "the database reported OperationalError", False),
    ],
)
def test_the_particular_kinds_of_a_fault_of_sqlite_are_that_fault(name: str, says: str, passing: bool) -> None:
    error = sqlite3.OperationalError("planted")
    error.sqlite_errorname = name
    fault = explained(error, lost=False)
    assert (fault.what.startswith(says), fault.passing) == (True, passing)


class ComplaintError(Exception):
    """As a driver raises it."""

    def __init__(self, code: str | None, said: str = "planted") -> None:
        super().__init__(said)
        self.sqlstate = code


@pytest.mark.parametrize(
    ("code", "said", "passing", "again"),
    [
        ("57014", "", True, False),
        ("57P01", "", True, True),
        ("57P03", "", True, True),
        ("08006", "", True, True),
        ("53300", "", True, True),
        ("40001", "", True, True),
        ("28P01", "", False, False),
        ("42P01", "", False, False),
        ("42501", "", False, False),
        ("42601", "", False, False),
        ("22007", "", False, False),
        (None, "FATAL:  the database system is starting up", True, True),
        (None, 'FATAL:  password authentication failed for user "planted"', False, False),
        (None, "could not translate host name", False, False),
        (None, "connection refused", True, True),
        (None, "something nobody has heard of", False, False),
    ],
)
def test_what_may_pass_is_told_from_what_does_not(code: str | None, said: str, passing: bool, again: bool) -> None:
    fault = explained(ComplaintError(code, f"{said} planted"), lost=False)
    assert (fault.passing, fault.again) == (passing, again)
    assert "planted" not in str(fault.error("a database"))
    assert fault.remedy


def test_an_unknown_complaint_after_a_lost_connection_is_a_lost_connection() -> None:
    assert explained(ComplaintError(None), lost=True).again
