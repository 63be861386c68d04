"""What is in the records store, month by month and source by source, and how its files lie."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from extract import disk_faults
from extract.compaction import GRACE, SMALL_BYTES, Compaction, DataFile, compact, data_files
from extract.kept import Removal, removal
from extract.store import known_files, summaries


@dataclass(frozen=True, slots=True)
class Month:
    """Rows and files of one hearing month; `small` are the files that merging would take up. `size` in bytes."""

    month: str
    rows: int
    files: int
    small: int
    size: int


@dataclass(frozen=True, slots=True)
class HeldSource:
    """What one source has said so far: statements and rows, replaced ones too, days of hearing, latest receipt."""

    name: str
    format: str
    batches: int
    statements: int
    rows: int
    first_hearing: date
    last_hearing: date
    last_received: datetime


@dataclass(frozen=True, slots=True)
class Inventory:
    """The records store as it lies on the disk; `compaction` is what compacting would do now.

    `removed` is what was removed for good when that was last done (extract/retention.py).
    """

    batches: int
    rows: int
    files: int
    size: int
    months: tuple[Month, ...]
    sources: tuple[HeldSource, ...]
    compaction: Compaction
    removed: Removal | None


@disk_faults.looked_again
def inventory(path: Path, *, now: datetime, grace: timedelta = GRACE) -> Inventory:
    """Look through a store: its log, and a few columns of every file.

    Args:
        path: folder of the store.
        now: aware; what the age of files that nobody reads is taken from.
        grace: how long such a file stays.

    Raises:
        ExtractError: a file is missing or cannot be read.
    """
    files = data_files(path)
    landings = summaries(path)
    months: dict[str, list[DataFile]] = {}
    for file in files:
        months.setdefault(file.month, []).append(file)
    return Inventory(
        batches=len(landings),
        rows=sum(f.rows for f in files),
        files=len(files),
        size=sum(f.size for f in files),
        months=tuple(
            Month(
                month, sum(f.rows for f in of), len(of), sum(f.size < SMALL_BYTES for f in of), sum(f.size for f in of)
            )
            for month, of in months.items()
        ),
        sources=_sources(path),
        compaction=compact(path, now=now, grace=grace, dry_run=True),
        removed=removal(path),
    )


def _sources(path: Path) -> tuple[HeldSource, ...]:
    files = known_files(path)
    if not files:
        return ()
    landed: dict[tuple[str, str], list[int]] = {}
    for landing in summaries(path):
        landed.setdefault((landing.source_name, landing.source_format), []).append(landing.statements)
    query = """
        select source_name, source_format, count(*), min(hearing_date), max(hearing_date), max(received_at)
        from read_parquet($files, union_by_name = true, hive_partitioning = false)
        group by all order by all
    """
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        found = con.execute(query, {"files": list(files)}).fetchall()
    return tuple(
        HeldSource(name, format, len(of), sum(of), rows, first, last, received.astimezone(UTC))
        for name, format, rows, first, last, received in found
        for of in [landed.get((name, format), [])]
    )
