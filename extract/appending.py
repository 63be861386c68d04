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
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Field, Transaction
from deltalake.transaction import AddAction, RemoveAction

from extract.contract import RECORDS, ExtractError

APPLICATION = "courtstats-landing"
PARTITION = "hearing_month"
STORED: pa.Schema = pa.schema([f for f in RECORDS if f.name != PARTITION])
"""Columns inside a file: the month is in the folder's name and in the log."""
ROW_GROUP = 131_072
FILE_BYTES = 256 << 20
FILE_ROWS = 5_000_000
_RANGES = ("landed_batch", "hearing_date", "received_at", "stated_at")
"""Columns whose least and greatest value is said of each file, so that files can be left out by them."""


def table_at(folder: Path) -> DeltaTable | None:
    """The table as it is now; None where nothing was ever written."""
    return DeltaTable(str(folder)) if DeltaTable.is_deltatable(str(folder)) else None


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
    finally:
        if file is not None:  # something went wrong: what was begun is of no use
            file.abandon()
    return made


def commit(table: DeltaTable, actions: Sequence[AddAction | RemoveAction], *, batch: int | None = None) -> None:
    """Make files count, or not any more, in one commit; with `batch` as the number of a landing.

    The landing lock is held, so a commit by anybody else is a fault and not tried again.
    """
    folder = Path(table.table_uri.removeprefix("file://"))
    sync(folder, *{(folder / a.path).parent for a in actions if isinstance(a, AddAction)})
    number = [] if batch is None else [Transaction(APPLICATION, batch)]
    table.create_write_transaction(
        list(actions),
        mode="append",
        schema=RECORDS,
        partition_by=[PARTITION],
        commit_properties=CommitProperties(app_transactions=number, max_commit_retries=0),
    )
    table.update_incremental()  # it does not see its own commit by itself
    log = folder / "_delta_log"
    sync(log / f"{table.version():020}.json", log)


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
