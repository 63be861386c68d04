"""The engine: a question's statement run by DuckDB over Parquet files or an Arrow table.

Nothing is written and nothing outside the given files is read. Connections live for one call.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields, replace
from datetime import date, datetime
from itertools import chain, pairwise
from typing import Any

import duckdb
import pyarrow as pa

from extract.contract import RECORDS
from transform.answers import Known, Part, answer_of, requested
from transform.contract import Answer, TransformError
from transform.counting import count_sql, rule_function, units_sql
from transform.definition import Question
from transform.engines.relations import relations
from transform.holds import holds_in_force, open_days
from transform.periods import Period, overlap
from transform.precedence import OWN_FEED, Precedence
from transform.question_meaning import RESERVED_EVIDENCE
from transform.rules import RULES

FEW_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Records:
    """What to count: Parquet files of the months asked for (or a table of `RECORDS`), and what was known when.

    `files` may be empty (nothing was landed); `as_known_at` is aware; batches above `newest_batch` are not seen;
    `precedence` says which source gives way to which.
    """

    files: tuple[str, ...] | pa.Table
    newest_batch: int
    as_known_at: datetime
    precedence: tuple[Precedence, ...] = (OWN_FEED,)


@dataclass(frozen=True, slots=True)
class Unit:
    """One counted unit: its keys, how sure the case key is, the day that counts, and on what it rests."""

    case_key: str
    unit_key: str
    strength: str
    hearing_date: date
    evidence: str
    case_urn: str | None


def count(
    question: Question,
    records: Records,
    period: Period,
    by: Sequence[Sequence[str]] | None = None,
    *,
    unit: str | None = None,
    key: bytes,
    now: datetime,
) -> Answer:
    """The answer to a question for one period; see `count_series`."""
    return count_series(question, records, [period], by, unit=unit, key=key, now=now)[0]


def count_series(
    question: Question,
    records: Records,
    periods: Sequence[Period],
    by: Sequence[Sequence[str]] | None = None,
    *,
    unit: str | None = None,
    key: bytes,
    now: datetime,
) -> list[Answer]:
    """The answers to a question for periods that do not overlap, each on its own, all from one pass over the records.

    Args:
        question: what is counted.
        records: files or a table that hold every month of the periods.
        periods: at least one.
        by: the combinations to break down by (`None`: the default ones).
        unit: one of the question's units (`None`: its main one).
        key: makes the digests of texts.
        now: aware; decides which holds have ended.

    Raises:
        TransformError: a combination that is not allowed, a unit that the question does not have, or
            periods that overlap.
    """
    combinations = requested(question, by)
    counted_in = unit_asked(question, unit)
    # What was not asked for is not computed: a breakdown by court reads the records once more.
    question = replace(question, breakdowns=replace(question.breakdowns, allowed=combinations))
    in_order = sorted(periods, key=lambda p: p.first)
    if any(overlap(one, other) for one, other in pairwise(in_order)):
        raise TransformError("the periods of a series overlap", where=question.id, remedy="Ask for them one by one")
    holds = [holds_in_force(question, period, now) for period in periods]
    held = [
        days
        for period, of_period in zip(periods, holds, strict=True)
        for hold in of_period
        if (days := overlap(hold.period, period))
    ]
    if not any(open_days(period, of_period) for period, of_period in zip(periods, holds, strict=True)):
        records = replace(records, files=())  # nothing is looked at
    with open_records(question, records, periods, held, key) as connection:
        sql = count_sql(question, counted_in)
        rows = connection.execute(sql, bound(records, periods)).fetchall()
    known = Known(counted_in, records.newest_batch, records.as_known_at)
    of_number: dict[int, list[Part]] = {}
    for row in rows:
        of_number.setdefault(row[1], []).append(Part(*row))
    return [
        answer_of(question, known, period, combinations, of_period, of_number[number])
        for number, (period, of_period) in enumerate(zip(periods, holds, strict=True), 1)
    ]


def units(
    question: Question,
    records: Records,
    period: Period,
    *,
    unit: str | None = None,
    key: bytes,
    now: datetime | None = None,
) -> list[Unit]:
    """The units of a figure in order of their day. Raises `TransformError` where a hold covers a part of the period.

    Without `now` every hold counts as still in force.
    """
    if holds := holds_in_force(question, period, now):
        raise TransformError(
            f"the figures for {holds[0].period.label} are held until {holds[0].until.isoformat()} ({holds[0].basis})",
            where=question.id,
            remedy="Ask for a period outside it",
        )
    kinds = [kind.name for kind in question.evidence] + [RESERVED_EVIDENCE]
    with open_records(question, records, [period], [], key) as connection:
        sql = units_sql(question, unit_asked(question, unit))
        rows = connection.execute(sql, bound(records, [period])).fetchall()
    return [Unit(case, unit, strength, day, kinds[kind - 1], urn) for case, unit, strength, day, kind, urn in rows]


def unit_asked(question: Question, unit: str | None) -> str:
    """The unit asked for, or the main one. Raises `TransformError` for one that the question does not have."""
    if unit is not None and unit not in question.units:
        raise TransformError(
            f"{question.id} has no unit {unit!r}", remedy=f"Its units are: {', '.join(question.units)}"
        )
    return unit or question.unit


def bound(records: Records, periods: Sequence[Period]) -> dict[str, date | datetime | int]:
    """The parameters that a statement binds."""
    return {
        "from": min(period.first for period in periods),
        "to": max(period.last for period in periods),
        "as_known_at": records.as_known_at,
        "newest_batch": records.newest_batch,
    }


@contextmanager
def open_records(
    question: Question, records: Records, periods: Sequence[Period], held: Sequence[Period], key: bytes
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the relations and functions that `transform.counting` names."""
    connection = duckdb.connect(":memory:", config={"autoinstall_known_extensions": False})
    try:
        if isinstance(records.files, pa.Table) and records.files.num_rows < FEW_ROWS:
            connection.execute("set threads = 1")  # an example: starting threads takes longer than counting

        _records(connection, records.files)
        days = "first_day date, last_day date"
        asked = [[number, p.first, p.last] for number, p in enumerate(periods, 1)]
        _table(connection, "asked_period", f"number integer, {days}", asked)
        _table(connection, "held_days", days, [[p.first, p.last] for p in held])
        _table(connection, "precedence", _PRECEDENCE, [list(astuple(rule)) for rule in records.precedence])
        for name, columns, rows in relations(question, key):
            _table(connection, name, columns, rows)
        for rule in (RULES[name] for name in dict.fromkeys(step.rule for step in question.steps) if name):
            types = [str(_TYPES[RECORDS.field(column).type]) for column in rule.columns]
            connection.create_function(
                rule_function(rule.id), rule.keeps, types, "BOOLEAN", type="arrow", null_handling="special"
            )  # type: ignore[call-overload]
        yield connection
    finally:
        connection.close()


_PRECEDENCE = ", ".join(f"{field.name} varchar" for field in fields(Precedence))
_TYPES = {pa.string(): "VARCHAR", pa.date32(): "DATE", pa.bool_(): "BOOLEAN"}
"""DuckDB's names for the types that a named rule can look at."""


def _records(connection: duckdb.DuckDBPyConnection, files: tuple[str, ...] | pa.Table) -> None:
    if isinstance(files, pa.Table):
        connection.register("records", files)
    elif files:
        connection.read_parquet(list(files), hive_partitioning=False).create_view("records")
    else:
        connection.register("nothing", pa.RecordBatchReader.from_batches(RECORDS, []))
        connection.execute("create temp table records as from nothing")


def _table(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[list[Any]]) -> None:
    """A small relation. Not by way of an Arrow table: making one from Python values imports pandas (2 s)."""
    connection.execute(f"create temp table {name} ({columns})")
    if rows:
        row = f"({', '.join('?' for _ in rows[0])})"
        places = ", ".join([row] * len(rows))
        connection.execute(f"insert into {name} values {places}", list(chain.from_iterable(rows)))  # noqa: S608 - ours
