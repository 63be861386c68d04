"""Writing to the table of records: Parquet files month after month, then one Delta commit that makes them count.

Files are written one at a time and row group by row group, so that memory does not grow with what is written.
A file is named by no commit until all of them are on the disk; a process that dies before leaves files that
nobody reads (extract/compaction.py clears them). What a commit says about a file are its rows and the range of
its batches, days and times: never a text, because the log would keep it after the file is gone.
"""

import json
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Field, Transaction
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction

from extract import disk_faults
from extract.contract import RECORDS, ExtractError

APPLICATION = "courtstats-landing"
COMMIT = "courtstatsCommit"
"""What the log says of a commit beside what it does: its own name."""
PARTITION = "hearing_month"
STORED: pa.Schema = pa.schema([f for f in RECORDS if f.name != PARTITION])
"""Columns inside a file: the month is in the folder's name and in the log."""
ROW_GROUP = 131_072
FILE_BYTES = 256 << 20
FILE_ROWS = 5_000_000
_RANGES = ("landed_batch", "hearing_date", "received_at", "stated_at")
"""Columns whose least and greatest value is said of each file, so that files can be left out by them."""


def records_folder(path: Path) -> Path:
    """Where the Delta table of a store lies."""
    return path / "records"


def table_at(folder: Path) -> DeltaTable | None:
    """The table as it is now; None where nothing was ever written.

    Raises:
        ExtractError: it cannot be looked at; nobody may take that for a store in which there is nothing.
    """
    try:
        (folder / "_delta_log").stat()
        return DeltaTable(str(folder)) if DeltaTable.is_deltatable(str(folder)) else None
    except FileNotFoundError:
        return None
    except disk_faults.KINDS as fault:
        if (refused := disk_faults.in_words(fault)) is None:
            raise
        raise unreadable(folder.parent, refused) from fault


def unreadable(store: Path, refused: str) -> ExtractError:
    """The error that says that a store cannot be read."""
    remedy = "Give the right to read it and what is in it, or name another with COURTSTATS_STORE"
    return ExtractError(f"the records store cannot be read ({refused})", where=str(store), remedy=remedy)


def ready(folder: Path) -> DeltaTable:
    """The table, made where there is none and given the columns of the contract that it does not have yet.

    Neither is a landing: the number of the newest batch comes with the first rows.

    Raises:
        ExtractError: the table has a column of another type, or cannot be given one that must have a value.
    """
    table = DeltaTable.create(
        str(folder), RECORDS, mode="ignore", partition_by=[PARTITION], name="hearing_results"
    )  # fmt: skip
    declared: Any = table.schema().to_arrow()
    held = {f.name: f for f in pa.schema(declared)}
    wrong = [f.name for f in RECORDS if f.name in held and held[f.name].type != f.type]
    missing = [f for f in RECORDS if f.name not in held]
    if wrong or any(not f.nullable for f in missing):
        names = ", ".join(wrong or [f.name for f in missing if not f.nullable])
        raise ExtractError(
            f"the store was made by another version: the columns {names} do not fit",
            where=str(folder.parent),
            remedy="Land the files again into a new store (COURTSTATS_STORE)",
        )
    if missing:
        table.alter.add_columns([Field.from_arrow(f) for f in missing])
    return table


def write_month(folder: Path, month: str, batches: Iterable[pa.RecordBatch], *, new: bool = True) -> list[AddAction]:
    """Write the rows of one hearing month; nothing counts until they are committed.

    Args:
        folder: the table's.
        month: `YYYY-MM`.
        batches: the columns of `STORED`; each becomes a row group.
        new: whether the rows are new to the table (False: they are there already, in other files).

    Raises:
        pyarrow.ArrowInvalid: a null where the contract allows none.
    """
    made: list[AddAction] = []
    file: _File | None = None
    try:
        for batch in _typed(batches):
            if file is None:
                file = _File.create(folder / f"{PARTITION}={month}")
            file.write(batch)
            if file.full:
                made.append(file.finish(month, new=new))
                file = None
        if file is not None:
            made.append(file.finish(month, new=new))
            file = None
    except BaseException:
        for action in made:
            (folder / action.path).unlink(missing_ok=True)
        raise
    finally:
        if file is not None:  # something went wrong: what was begun is of no use
            file.abandon()
    return made


def commit(
    table: DeltaTable,
    actions: Sequence[AddAction | RemoveAction],
    *,
    batch: int | None = None,
    also: Sequence[Transaction] = (),
) -> None:
    """Make files count, or not any more, in one commit; with `batch` as the number of a landing, and what else it says.

    The landing lock is held, so a commit by anybody else is a fault and not tried again. Each commit carries a name
    of its own, by which it is known again where it was made and something that comes after it failed.

    Raises:
        ExtractError: somebody else wrote to the table at the same moment; nothing was changed.
    """
    folder = Path(unquote(table.table_uri.removeprefix("file://")))  # as an address a space is %20
    sync(folder, *{(folder / a.path).parent for a in actions if isinstance(a, AddAction)})
    number = [*also] if batch is None else [*also, Transaction(APPLICATION, batch)]
    before, name = table.version(), uuid.uuid4().hex
    said = CommitProperties(custom_metadata={COMMIT: name}, app_transactions=number, max_commit_retries=0)
    try:
        table.create_write_transaction(
            list(actions), mode="append", schema=RECORDS, partition_by=[PARTITION], commit_properties=said
        )
    except disk_faults.KINDS as fault:  # a full disk may fail what comes after the commit, a checkpoint say
        table.update_incremental()
        since = table.history(table.version() - before) if table.version() > before else []
        if not any(entry.get(COMMIT) == name for entry in since):
            if since and isinstance(fault, DeltaError):
                raise _overtaken(folder.parent) from fault
            raise
    table.update_incremental()  # it does not see its own commit by itself
    log = folder / "_delta_log"
    sync(*(log / f"{version:020}.json" for version in range(before + 1, table.version() + 1)), log)


def _overtaken(store: Path) -> ExtractError:
    return ExtractError(
        "something else wrote to the table of records at the same moment, so nothing was changed",
        where=str(store),
        remedy="Have only courtstats write to it, and from machines that see each other's locks; then try again",
        passing=True,
    )


@contextmanager
def all_or_none(folder: Path, written: Sequence[AddAction]) -> Iterator[None]:
    """Where something goes wrong inside, remove what was written and is not committed: the disk may be full.

    Args:
        folder: the table's.
        written: files written inside; looked at when it goes wrong.
    """
    try:
        yield
    except BaseException:
        with suppress(*disk_faults.KINDS):  # what cannot be removed now is read by nobody
            table = table_at(folder)
            named = {Path(uri).name for uri in table.file_uris()} if table else set()
            for action in written:
                if Path(action.path).name not in named:
                    (folder / action.path).unlink(missing_ok=True)
        raise


def rows_of(action: AddAction) -> int:
    """How many rows a written file has."""
    return int(json.loads(action.stats)["numRecords"])


def sync(*paths: Path) -> None:
    """Have the disk keep files or folders as they are now."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _typed(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """In the types of the contract; the cast refuses nulls where none may be."""
    for batch in batches:
        if batch.num_rows:
            yield from pa.Table.from_batches([batch]).cast(STORED).combine_chunks().to_batches()


@dataclass(slots=True)
class _File:
    """A Parquet file being written, and what is known of its rows."""

    path: Path
    sink: Any
    writer: pq.ParquetWriter
    rows: int = 0
    ranges: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    @classmethod
    def create(cls, folder: Path) -> "_File":
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"part-{uuid.uuid4()}.zstd.parquet"
        sink = path.open("xb")
        return cls(path, sink, pq.ParquetWriter(sink, STORED, compression="zstd"))

    def write(self, batch: pa.RecordBatch) -> None:
        self.writer.write_batch(batch, row_group_size=ROW_GROUP)
        self.rows += batch.num_rows
        for name in _RANGES:
            found: Any = pc.min_max(batch.column(name)).as_py()
            least, greatest = self.ranges.get(name, (found["min"], found["max"]))
            self.ranges[name] = min(least, found["min"]), max(greatest, found["max"])

    @property
    def full(self) -> bool:
        return self.rows >= FILE_ROWS or self.sink.tell() >= FILE_BYTES

    def finish(self, month: str, *, new: bool) -> AddAction:
        self.writer.close()
        self.sink.flush()
        os.fsync(self.sink.fileno())
        self.sink.close()
        status = self.path.stat()
        said = {
            "numRecords": self.rows,
            "minValues": {name: _as_said(least) for name, (least, _) in self.ranges.items()},
            "maxValues": {name: _as_said(greatest) for name, (_, greatest) in self.ranges.items()},
            "nullCount": dict.fromkeys(self.ranges, 0),
        }
        return AddAction(
            path=f"{PARTITION}={month}/{self.path.name}",
            size=status.st_size,
            partition_values={PARTITION: month},
            modification_time=int(status.st_mtime * 1000),
            data_change=new,
            stats=json.dumps(said),
        )

    def abandon(self) -> None:
        for close in (self.writer.close, self.sink.close):
            with suppress(OSError):  # the disk that refused the rows may refuse the end of the file too
                close()
        self.writer.is_open = False
        self.path.unlink(missing_ok=True)


def _as_said(value: int | date | datetime) -> int | str:
    """A value as statistics in the log write it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
