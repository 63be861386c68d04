"""The engine: a question's statement run by DuckDB over Parquet files or an Arrow table.

Nothing is written and nothing outside the given files is read. Connections live for one call.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa

from extract.contract import RECORDS, normalise_text, text_digest
from transform.answers import Part, answer_of, held_answer, requested
from transform.contract import Answer, TransformError
from transform.counting import count_sql, relation, units_sql
from transform.holds import holds_in_force, open_days
from transform.periods import Period, overlap
from transform.question_checks import RESERVED_EVIDENCE
from transform.questions import Question


@dataclass(frozen=True, slots=True)
class Records:
    """What to count: Parquet files of the months asked for (or a table of `RECORDS`), and what was known when.

    `files` may be empty (nothing was landed); `as_known_at` is aware; batches above `newest_batch` are not seen.
    """

    files: tuple[str, ...] | pa.Table
    newest_batch: int
    as_known_at: datetime


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
    key: bytes,
    now: datetime,
) -> Answer:
    """The answer to a question for a period; `by` are the combinations to break down by (`None`: the default ones).

    `key` makes the digests of texts; `now` (aware) decides which holds have ended. Raises `TransformError`
    where a combination is not allowed.
    """
    combinations = requested(question, by)
    holds = holds_in_force(question, period, now)
    if not open_days(period, holds):
        return held_answer(question, records.newest_batch, records.as_known_at, period, combinations, holds)
    held = [days for hold in holds if (days := overlap(hold.period, period))]
    with _connection(question, records, held, key) as connection:
        rows = connection.execute(count_sql(question), _bound(records, period)).fetchall()
    parts = [Part(*row) for row in rows]
    return answer_of(question, records.newest_batch, records.as_known_at, period, combinations, holds, parts)


def units(
    question: Question, records: Records, period: Period, *, key: bytes, now: datetime | None = None
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
    with _connection(question, records, [], key) as connection:
        rows = connection.execute(units_sql(question), _bound(records, period)).fetchall()
    return [Unit(case, unit, strength, day, kinds[kind - 1], urn) for case, unit, strength, day, kind, urn in rows]


def _bound(records: Records, period: Period) -> dict[str, date | datetime | int]:
    return {
        "from": period.first,
        "to": period.last,
        "as_known_at": records.as_known_at,
        "newest_batch": records.newest_batch,
    }


@contextmanager
def _connection(
    question: Question, records: Records, held: Sequence[Period], key: bytes
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the relations that `transform.counting` names."""
    connection = duckdb.connect(":memory:", config={"autoinstall_known_extensions": False})
    try:
        _records(connection, records.files)
        _table(connection, "held_days", "first_day date, last_day date", [[p.first, p.last] for p in held])
        for name, code_list in question.lists.items():
            entries = [
                [text_digest(normalise_text(e.code), key) if e.match == "text" else e.code, e.match, e.category, place]
                for place, e in enumerate(code_list.entries, 1)
            ]
            columns = "code varchar, match varchar, category varchar, place integer"
            _table(connection, relation(name), columns, entries)
        yield connection
    finally:
        connection.close()


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
        places = ", ".join("?" for _ in rows[0])
        connection.executemany(f"insert into {name} values ({places})", rows)  # noqa: S608 - names are ours
