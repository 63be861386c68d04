"""Compaction: the many small files that many landings leave become few, and no answer changes.

A month's small files are written once more as one, row for row and with every column, replaced statements and
batch numbers included; one Delta commit per month puts the new file in the place of the old ones. A compaction
that dies leaves each month either as it was or merged.

A count that has begun reads the files that it was told of at its start. So a file that the table does not name
any more, or that a landing or compaction which died never got to name, stays on the disk until it has not been
touched for a while (`GRACE`). A file is touched right before it is replaced: its age says since when nobody
new could have been told of it.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable
from deltalake.transaction import RemoveAction

from extract import appending, disk_faults
from extract.contract import ExtractError
from extract.landing import IN_ORDER, limit, locked, staging
from extract.store import records_folder

SMALL_BYTES = 64 << 20
"""A file below this is worth merging with others of its month."""
CROWDED_MONTH = 50
"""Small files of one month, from which on a landing merges them when it is done."""
CROWDED_TABLE = 1_000
FEW = 8
"""Small files of the whole table, from which on it does so for every month that has more than a few."""
GRACE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that the table names: its path inside the table's folder, month, rows and bytes."""

    path: str
    month: str
    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class Compaction:
    """What a compaction did, or would do: months merged, their files before and after, rows written anew.

    `removed` and `freed` are files that nobody reads any more and their bytes; `kept` those that are left because
    they were still in use less than the grace period ago.
    """

    months: tuple[str, ...]
    files: int
    files_left: int
    rows: int
    removed: int
    freed: int
    kept: int


def data_files(path: Path) -> list[DataFile]:
    """Every file that the table of a store names, by month; read from its log alone."""
    table = appending.table_at(records_folder(path))
    return _named(table) if table else []


def mergeable(files: Sequence[DataFile], at_least: int = 2) -> dict[str, list[DataFile]]:
    """The small files of each month that has at least so many of them (and at least two)."""
    months: dict[str, list[DataFile]] = {}
    for file in files:
        if file.size < SMALL_BYTES:
            months.setdefault(file.month, []).append(file)
    return {month: found for month, found in sorted(months.items()) if len(found) >= max(at_least, 2)}


def least_worth_merging(files: Sequence[DataFile]) -> int | None:
    """From how many small files on a month should be merged without being asked; None where there is no need."""
    counts = [len(found) for found in mergeable(files).values()]
    if sum(counts) > CROWDED_TABLE and max(counts) > FEW:
        return FEW + 1
    return CROWDED_MONTH + 1 if max(counts, default=0) > CROWDED_MONTH else None


def compact(
    path: Path,
    *,
    now: datetime,
    grace: timedelta = GRACE,
    at_least: int = 2,
    dry_run: bool = False,
    waiting: Callable[[], None] = lambda: None,
) -> Compaction:
    """Merge small files month by month, then remove files that nobody reads any more.

    Args:
        path: folder of the store.
        now: aware; what the age of files is taken from.
        grace: how long a file that was replaced stays.
        at_least: small files of a month that are merged.
        dry_run: only say what would be done.
        waiting: called once if a landing holds the lock.

    Raises:
        ExtractError: a landing held the lock for half an hour, or the disk refused; what was merged stays merged.
    """
    folder = records_folder(path)
    if appending.table_at(folder) is None:
        return Compaction((), 0, 0, 0, 0, 0, 0)
    if dry_run:
        return _would(path, now, grace, at_least)
    remedy = "Free some space or mend the folder's permissions, then try again"
    with (
        disk_faults.told("the files could not be merged ({}); no record was changed", str(path), remedy),
        locked(path, waiting),
        staging(path) as space,
    ):
        table = appending.ready(folder)
        months = mergeable(_named(table), at_least)
        made = [_merge(table, folder, space, month, files, now) for month, files in months.items()]
        if made:
            table.create_checkpoint()
        old, young = _unread(folder, table, now - grace)
        freed = sum(file.stat().st_size for file in old)
        for file in old:
            file.unlink()
    files = [f for found in months.values() for f in found]
    return Compaction(tuple(months), len(files), sum(made), sum(f.rows for f in files), len(old), freed, len(young))


@disk_faults.looked_again
def _would(path: Path, now: datetime, grace: timedelta, at_least: int) -> Compaction:
    folder = records_folder(path)
    table = DeltaTable(str(folder))
    months = mergeable(_named(table), at_least)
    old, young = _unread(folder, table, now - grace)
    files = [f for found in months.values() for f in found]
    left = sum(1 + sum(f.size for f in found) // appending.FILE_BYTES for found in months.values())
    return Compaction(
        tuple(months), len(files), left, sum(f.rows for f in files), len(old), sum(f.stat().st_size for f in old),
        len(young) + len(files),
    )  # fmt: skip


def _merge(
    table: DeltaTable, folder: Path, space: Path, month: str, files: Sequence[DataFile], now: datetime
) -> int:  # fmt: skip
    """Write the rows of some files of a month anew and put them in their place; how many files there are then."""
    paths = [folder / file.path for file in files]
    with duckdb.connect() as con:
        limit(con, space)
        rows = con.read_parquet([str(p) for p in paths], union_by_name=True, hive_partitioning=False)
        # An older file may lack a column that came later.
        columns = [name if name in rows.columns else f"null as {name}" for name in appending.STORED.names]
        ordered = rows.select(*columns) if columns == rows.columns else rows.select(", ".join(columns))
        batches = ordered.order(IN_ORDER).to_arrow_reader(appending.ROW_GROUP)
        added = appending.write_month(folder, month, batches, new=False)
    if sum(appending.rows_of(a) for a in added) != sum(file.rows for file in files):
        raise ExtractError(
            f"{month} would not hold the same rows after merging, so its files stay as they are",
            where=str(folder.parent),
            remedy="Keep a copy of the store and report this",
        )
    for old in paths:
        os.utime(old)  # from now on it is on its way out: see the head of this module
    gone = [
        RemoveAction(f.path, False, int(now.timestamp() * 1000), f.size, {appending.PARTITION: month}) for f in files
    ]
    appending.commit(table, [*gone, *added])
    return len(added)


def _named(table: DeltaTable) -> list[DataFile]:
    actions: Any = table.get_add_actions(flatten=True)  # not as a pyarrow table: making one imports pandas
    names = ("path", f"partition.{appending.PARTITION}", "num_records", "size_bytes")
    facts = zip(*(actions.column(name).to_pylist() for name in names), strict=True)
    found = [DataFile(path, month, rows, size) for path, month, rows, size in facts]
    return sorted(found, key=lambda f: (f.month, f.path))


def _unread(folder: Path, table: DeltaTable, before: datetime) -> tuple[list[Path], list[Path]]:
    """Files of rows that the table does not name: those last touched before a time, and the others."""
    named = {Path(uri).name for uri in table.file_uris()}
    old: list[Path] = []
    young: list[Path] = []
    logged = (*folder.glob("_delta_log/*.tmp"), *folder.glob("_delta_log/*#*"))  # of a commit that died half way
    for file in (*sorted(folder.glob(f"{appending.PARTITION}=*/*.parquet")), *logged):
        if file.name not in named:
            touched = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            (old if touched < before else young).append(file)
    return old, young
