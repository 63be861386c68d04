"""A live database as another origin of table extracts: a window of hearing days of a table, view or SELECT.

Its rows go through the same mapping, judgement, spool and hashing of days as those of files (extract/tables.py).
What is particular to a database:

- Only mapped columns are selected, in one transaction that is read only and sees one state of the database (see
  `extract.database.connecting`).
- It is read by months of hearing days. When the connection is lost, reading goes on in a new transaction with the
  first month that was not finished: every day is of one state of the database, but not all days of the same.
- A column of dates or times is read as days; a time with a zone (PostgreSQL) is a day in London. The hearing
  date may be text where its format begins with year, month and day as in ISO: other texts cannot be compared.
- Rows without a hearing date, or with a text that is none, could belong to any day of the window, so they are asked
  for as well: they are refused, and every day stated with them is incomplete. A query can leave them out. Rows
  of days outside the window are not looked at.
- Where a source asks for some offence codes only, or the mapping declares beginnings of them, the database compares
  `upper(trim(code))`. Rows without a code, or with a text that does not read as one, are asked for as well and judged
  like those of a file.
"""

import time as clock
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection

from extract.contract import ExtractError, Refusal, Texts, last_hearing_day
from extract.database.connecting import Patience, connected
from extract.database.selecting import Look, Shape, changes_by_day, counts, look, portions
from extract.database.selecting import rows as rows_of
from extract.database_slices import as_rows, judged, marks_of, placed
from extract.database_source import DatabaseSource as DatabaseSource
from extract.database_source import OffenceFilter as OffenceFilter
from extract.database_source import Slice, days_between
from extract.database_source import changed_days as changed_days
from extract.database_source import mapping_as_read as mapping_as_read
from extract.mapping import Mapping
from extract.table_rows import SPOOLED, Judged
from extract.tables import Gathered, TableReading, check_days, finish, spool_rows


@dataclass(frozen=True, slots=True)
class Sample:
    """What a look at a database found.

    columns: names of every column of the table or query, in its order; names only.
    missing: for each mapped column (and `changed_at`) that is not there or cannot be used, an error that says so.
    rows: how many rows were read, at most as many as asked for; 0 where something is missing.
    usable: rows that can be used (schema `extract.table_rows.SPOOLED`: codes, days, references).
    refusals: why the others cannot.
    changes_by_day: `changed_at` is a date, so of several changes on one day only the first is seen in marks.
    """

    columns: tuple[str, ...]
    missing: tuple[ExtractError, ...]
    rows: int
    usable: pa.Table
    refusals: tuple[Refusal, ...]
    changes_by_day: bool = False


def read_database(
    source: DatabaseSource,
    mapping: Mapping,
    *,
    window: tuple[date, date],
    days: Collection[date] | None = None,
    received_at: datetime,
    texts: Texts,
    spool: Path,
    done: Callable[[int], None] = lambda _n: None,
    note: Callable[[str], None] = lambda _text: None,
    waiting: Callable[[float], None] = clock.sleep,
) -> TableReading:
    """Read hearing days of a database as one extract.

    Every day of the window, or of `days` within it, is stated, and no other; one without rows is an empty statement.
    The rows are landed under `mapping_as_read(source, mapping)`.

    Args:
        source: what to read.
        mapping: which of its columns are ours (as in the file: not yet `mapping_as_read`).
        window: first and last hearing day, both included; it must not reach past the receipt.
        days: those days of the window to read; None: all.
        received_at: when the reading began, with its zone; also when the statements are stated.
        texts: which result texts are kept, and the key for digests.
        spool: an empty folder for temporary files; the caller removes it after landing.
        done: called with the number of rows just read (negative: rows that are read again after a lost connection).
        note: called with a line on a lost connection.
        waiting: called with the seconds to wait before the next attempt.

    Raises:
        ExtractError: the database cannot be used (`passing` where it may mend by itself), a value cannot be text,
            too many rows are refused, or the window is none.
        ExceptionGroup: of `ExtractError`, mapped columns that are not there (a single one is raised bare).
    """
    last_day = check_days(window, received_at)
    mapping = mapping_as_read(source, mapping)
    wanted = sorted(day for day in set(days_between(window) if days is None else days) if window[0] <= day <= window[1])
    found = Gathered(mapping)
    patience = Patience(note, waiting)
    left: list[Slice] | None = None

    def read(connection: Connection) -> None:
        nonlocal left
        shape = _usable(look(connection, source, mapping), mapping)
        if left is None:
            left = portions(shape, window, wanted)
        while left:
            seen = 0

            def count(number: int) -> None:
                nonlocal seen
                seen += number
                done(number)

            try:
                part = spool / f"rows-{len(found.parts):04}.parquet"
                spool_rows(_judged(connection, shape, left[0], wanted, last_day, texts, count), part, found)
            except BaseException:
                done(-seen)
                raise
            left.pop(0)
            patience.progress()

    if wanted:
        connected(source, read, patience)
    found.state(wanted)
    found.refusals = placed(found.refusals)
    return finish(found, spool, covers=None, received_at=received_at, file=source.name)


def _judged(
    connection: Connection, shape: Shape, part: Slice, wanted: Collection[date], last_day: date, texts: Texts,
    done: Callable[[int], None], limit: int | None = None,
) -> Iterator[Judged]:  # fmt: skip
    source = shape.source
    batches = (
        as_rows(batch, shape.theirs, shape.mapping, source.name, shape.dates)
        for batch in rows_of(connection, shape, part, limit)
    )
    days = set(part.days).intersection(wanted) if part.runs else wanted
    return judged(batches, days, source.name, shape.mapping, last_day, texts, done)


def _usable(found: Look, mapping: Mapping) -> Shape:
    """The shape. Raises what is wrong with it: one error bare, several in a group."""
    if len(found.faults) > 1:
        raise ExceptionGroup(f"the mapping {mapping.path} does not fit the database", found.faults)
    if found.shape is None:
        raise found.faults[0]
    return found.shape


def day_marks(
    source: DatabaseSource,
    mapping: Mapping,
    window: tuple[date, date],
    *,
    note: Callable[[str], None] = lambda _text: None,
    waiting: Callable[[float], None] = clock.sleep,
) -> dict[date, str]:
    """A mark for every day of the window that changes when one of its rows is added, changed or deleted.

    It is made of the number of rows and the newest `changed_at` (in PostgreSQL of all of them), of the rows that are
    asked for and those without a day. Take the marks before the rows are read (a change in between is then
    found next time), and remember them once the rows are landed. Needs `source.changed_at` (ValueError without).
    Raises as `read_database`.
    """
    if source.changed_at is None:
        raise ValueError("a source without changed_at has no marks")

    def take(connection: Connection) -> dict[date, str]:
        shape = _usable(look(connection, source, mapping), mapping)
        parts: dict[date, list[Sequence[object]]] = {}
        undated = []
        for part in (Slice((window,)), Slice(())):
            for day, numbers in counts(connection, shape, part):
                if day is None:
                    undated.append(numbers)
                else:
                    parts.setdefault(day, []).append(numbers)
        return marks_of(days_between(window), parts, undated)

    return connected(source, take, Patience(note, waiting))


def sample(
    source: DatabaseSource,
    mapping: Mapping,
    window: tuple[date, date],
    *,
    received_at: datetime,
    texts: Texts,
    rows: int = 1000,
    waiting: Callable[[float], None] = clock.sleep,
) -> Sample:
    """Look at a database: its columns, and what becomes of up to `rows` rows of the window. Writes nothing.

    Raises:
        ExtractError: the database cannot be used.
    """

    def take(connection: Connection) -> Sample:
        found = look(connection, source, mapping)
        if found.shape is None:
            return Sample(found.columns, found.faults, 0, SPOOLED.empty_table(), ())
        seen, batches = 0, []
        for part in (Slice((window,)), Slice(())):
            left = rows - seen
            if left > 0:
                wanted = days_between(window)
                batches += list(_judged(connection, found.shape, part, wanted, last_day, texts, lambda _n: None, left))
                seen = sum(batch.usable.num_rows + len(batch.refusals) for batch in batches)
        usable = pa.Table.from_batches([batch.usable for batch in batches], SPOOLED)
        refusals = tuple(placed(r for b in batches for r in b.refusals))
        return Sample(found.columns, (), seen, usable, refusals, changes_by_day(connection, found.shape))

    last_day = last_hearing_day(received_at)
    return connected(source, take, Patience(waiting=waiting))
