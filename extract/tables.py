"""Table extracts (CSV, Parquet) to rows of the hearing-result record, one statement per day.

The files of one call are one extract. What it says about a day is one statement, which replaces what
the same source, under the same declared filter, said about that day before.

- A row with no result value contributes no result. A day is a statement if any row that is usable, or
  that had to be set aside, bears its date, or if it lies within the days that the extract says it
  covers. A day without results is one row whose `result_index` is null.
- A day of which a row was set aside is incomplete. A row that bears no readable date, or a file that
  cannot be read, could belong to any day: then every day of the extract is incomplete. If a whole file
  is missing, no covered day is taken as empty for want of rows, because absence proves nothing then.
- Rows outside the covered days or the declared prefixes are set aside, but are no part of the day:
  they leave it complete.
- The payload hash of a day is over its rows, whatever their order and whichever files they came in (see
  extract/table_days.py). The position of a row (`offence_index`) is that of its content among the day's.

Rows go through Parquet files in a spool folder and are sorted there by DuckDB, so that memory does not
grow with the extract; refusals are the exception, and their number is limited. A database is another
origin of such rows (extract/database): it shares `Gathered`, `spool_rows` and `finish`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from extract.contract import ExtractError, Refusal, Texts, last_hearing_day
from extract.mapping import COMMON_FORMATS, Mapping
from extract.reasons import NOT_OF_THE_DAY
from extract.table_days import days_of, record_batches
from extract.table_files import (
    FileRefusedError,
    TableFile,
    UnreadableRow,
    inspect,
    read,
    refused_file,
)
from extract.table_order import sorted_rows
from extract.table_rows import SPOOLED, Judged, judge, read_date

MOST_REFUSALS = 100_000
"""Rows set aside before the extract as a whole is refused: the mapping or the extract must be wrong."""


@dataclass(frozen=True, slots=True)
class TableReading:
    """An extract, read: `rows` are those that `batches` gives (schema `PARSED`), once.

    `batches` reads from the spool folder, which must outlive it.
    """

    statements: int
    rows: int
    refusals: tuple[Refusal, ...]
    batches: Iterator[pa.RecordBatch]


@dataclass(slots=True)
class Gathered:
    """What is gathered while an extract is read: the spooled rows, and what was set aside and what that means."""

    mapping: Mapping
    parts: list[Path] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    bad_days: dict[date, list[str]] = field(default_factory=lambda: defaultdict(list))
    any_day_incomplete: bool = False
    part_missing: bool = False

    def add(self, refusal: Refusal) -> None:
        """Set a row or file aside. Raises `ExtractError` where it is one too many."""
        self.refusals.append(refusal)
        if len(self.refusals) > MOST_REFUSALS:
            reason, count = Counter(r.reason for r in self.refusals).most_common(1)[0]
            raise ExtractError(
                f"more than {MOST_REFUSALS:,} rows cannot be used, {count:,} of them for {reason!r}",
                where=refusal.file,
                remedy=f"Compare the mapping {self.mapping.path} with the extract; nothing was read",
            )
        if refusal.reason in NOT_OF_THE_DAY:
            return
        if refusal.hearing_date is None:
            self.any_day_incomplete = True
        else:
            self.bad_days[refusal.hearing_date].append(refusal.content_hash)

    def state(self, days: Iterable[date]) -> None:
        """Let these days be stated, with rows or without."""
        for day in days:
            self.bad_days.setdefault(day, [])


def check_days(covers: tuple[date, date] | None, received_at: datetime) -> date:
    """The last day of which an extract can speak (see `last_hearing_day`).

    Raises:
        ExtractError: the covered days end before they begin, or reach past the receipt.
    """
    if received_at.tzinfo is None:
        raise ValueError("received_at has no time zone")
    last_day = last_hearing_day(received_at)
    if covers and covers[0] > covers[1]:
        raise ExtractError("the covered days end before they begin", remedy="Give them as FROM..TO")
    if covers and covers[1] > last_day:
        raise ExtractError("the covered days reach past the receipt of the extract", remedy="End them with the extract")
    return last_day


def read_tables(
    paths: Sequence[Path],
    names: Sequence[str],
    mapping: Mapping,
    *,
    covers: tuple[date, date] | None,
    received_at: datetime,
    texts: Texts,
    spool: Path,
    done: Callable[[int], None] = lambda _n: None,
) -> TableReading:
    """Read the files of one extract.

    Args:
        paths: CSV or Parquet files; together they are one extract.
        names: what each file is called in records and refusals.
        mapping: which of their columns are ours.
        covers: first and last day that the extract restates, both included.
        received_at: when the extract was made or received, with its zone; also when it states what it says.
        texts: which result texts are kept, and the key for digests.
        spool: an empty folder for temporary files, the size of the mapped columns; the caller removes it.

    Raises:
        ExtractError: every hearing date of a file is unreadable, too many rows are, or `covers` ends before
            it begins or reaches past the receipt.
        ExceptionGroup: of `ExtractError`, the mapped columns that files lack (a single one is raised bare).
    """
    last_day = check_days(covers, received_at)
    found = Gathered(mapping)
    for number, file in enumerate(_inspected(paths, names, mapping, found)):
        judged = _judged(file, mapping, covers, last_day, texts, done)
        try:
            spool_rows(judged, spool / f"rows-{number:04}.parquet", found, partial(_no_date, file, mapping))
        except FileRefusedError as refused:
            found.part_missing = True
            found.add(refused_file(file.path, file.name, refused.reason))
    return finish(found, spool, covers=covers, received_at=received_at, file=min(names, default=""))


def spool_rows(
    judged: Iterable[Judged],
    part: Path,
    found: Gathered,
    no_date: Callable[[Sequence[str]], ExtractError] | None = None,
) -> None:
    """Write the usable rows of a part of an extract to the spool; what is set aside counts only once all is read.

    Args:
        judged: the batches of the part. Whatever they raise leaves `found` as it was.
        part: file to be written.
        found: gets the part and its refusals.
        no_date: makes the error for a part in which no hearing date reads, from a few texts that do not.
    """
    here = Gathered(found.mapping)
    seen = unread = 0
    samples: tuple[str, ...] = ()
    with pq.ParquetWriter(part, SPOOLED, compression="lz4") as writer:
        for batch in judged:
            reasons = [(r.reason, r.hearing_date) for r in batch.refusals if r.reason != "unreadable"]
            seen += batch.usable.num_rows + len(reasons)
            unread += sum(day is None for _reason, day in reasons)
            samples = samples or batch.unread_dates
            if no_date and unread == seen > MOST_REFUSALS:
                break
            for refusal in batch.refusals:
                here.add(refusal)
            writer.write_batch(batch.usable)
    if no_date and seen and unread == seen:
        raise no_date(samples)
    for refusal in here.refusals:
        found.add(refusal)
    found.parts.append(part)


def finish(
    found: Gathered, spool: Path, *, covers: tuple[date, date] | None, received_at: datetime, file: str
) -> TableReading:
    """The days of what was gathered, as records; `file` names what days without rows were read from."""
    in_order = sorted_rows(found.parts, spool)
    whole, all_read = not found.any_day_incomplete, not found.part_missing
    days = days_of(in_order, covers, found.bad_days, whole=whole, all_read=all_read)
    return TableReading(
        statements=len(days),
        rows=sum(day.results or 1 for day in days),
        refusals=tuple(found.refusals),
        batches=record_batches(in_order, days, found.mapping, received_at.astimezone(UTC), file),
    )


def _inspected(paths: Sequence[Path], names: Sequence[str], mapping: Mapping, found: Gathered) -> list[TableFile]:
    """The files that can be read; faults of all files are raised together before any row is read."""
    files: list[TableFile] = []
    faults: list[ExtractError] = []
    for path, name in zip(paths, names, strict=True):
        try:
            files.append(inspect(path, name, mapping))
        except FileRefusedError as refused:
            found.part_missing = True
            found.add(refused_file(path, name, refused.reason))
        except ExceptionGroup as group:
            faults.extend(fault for fault in group.exceptions if isinstance(fault, ExtractError))
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise ExceptionGroup(f"the mapping {mapping.path} does not fit the extract", faults)
    return files


def _judged(
    file: TableFile,
    mapping: Mapping,
    covers: tuple[date, date] | None,
    last_day: date,
    texts: Texts,
    done: Callable[[int], None],
) -> Iterator[Judged]:
    """The batches of a file, with the rows of it that cannot be read at all."""
    unreadable: list[UnreadableRow] = []

    def taken() -> tuple[Refusal, ...]:
        rows = [Refusal("unreadable", file.name, f"row {row.number}", row.content_hash) for row in unreadable]
        unreadable.clear()
        return tuple(rows)

    for rows in read(file, mapping.delimiter, unreadable.append):
        before = taken()
        judged = judge(rows, file.name, mapping, covers, last_day, texts)
        yield replace(judged, refusals=before + judged.refusals)
        done(len(rows.numbers))
    if left := taken():
        nothing = pa.RecordBatch.from_arrays([pa.array([], f.type) for f in SPOOLED], schema=SPOOLED)
        yield Judged(nothing, left, ())


def _no_date(file: TableFile, mapping: Mapping, samples: Sequence[str]) -> ExtractError:
    fits = [f for f in COMMON_FORMATS.values() if samples and all(read_date(text, f) for text in samples)]
    theirs = file.columns["hearing_date"]
    return ExtractError(
        f"no row has a date in the column {theirs!r} that reads as {mapping.date_format}",
        where=file.name,
        remedy=f'Write date_format = "{fits[0]}" in {mapping.path}'
        if fits
        else f"Set date_format in {mapping.path}, or map hearing_date to another column",
    )
