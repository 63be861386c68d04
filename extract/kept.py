"""From which hearing month on a store keeps records, and what is said of the older ones, which were removed.

The month is an application transaction of the commit that takes the older months' files out of the table
(extract/retention.py): there is no moment at which rows are gone and the store does not say so. When and why is in
`removals/MONTH.json`, written before that commit and valid only once the store keeps records from that month on.
"""

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from extract.appending import records_folder, sync, table_at
from extract.contract import ExtractError

APPLICATION = "courtstats-kept-from"
"""Application transaction of the table: the month as a number, 201601 for January 2016."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What was removed once and for all: hearings before the month `kept_from` (`YYYY-MM`), when, why, how much.

    `months` is how many hearing months had rows, `refused` how many entries of those days went out of quarantine.
    Everything but the month is None where it is not on record any more: the table holds the month alone.
    """

    kept_from: str
    because: str | None = None
    removed_at: datetime | None = None
    months: int | None = None
    rows: int | None = None
    files: int | None = None
    refused: int | None = None

    @property
    def when_and_why(self) -> str:
        """To be put behind "removed"."""
        if self.removed_at is None:
            return "(when and why is not on record any more)"
        return f"on {self.removed_at:%-d %B %Y} ({self.because})"


def kept_from(path: Path) -> date | None:
    """First day of the hearing month from which a store keeps records; None where none was ever removed."""
    table = table_at(records_folder(path))
    return kept_by(table) if table else None


def kept_by(table: DeltaTable) -> date | None:
    """The same, as a table that was opened says it."""
    number = table.transaction_version(APPLICATION)
    return date(number // 100, number % 100, 1) if number else None


def removal(path: Path) -> Removal | None:
    """What was said when records were removed last; None where none was ever removed."""
    kept = kept_from(path)
    return _removal(path, f"{kept:%Y-%m}") if kept else None


def _removal(path: Path, month: str) -> Removal:
    """What was said of a removal; a file that is gone or damaged must not stop what the table allows."""
    try:
        said = json.loads(_removal_file(path, month).read_text(encoding="utf-8"))
        return Removal(**said | {"removed_at": datetime.fromisoformat(said["removed_at"]).astimezone(UTC)})
    except (OSError, ValueError, KeyError, TypeError):
        return Removal(month)


def write_removal(path: Path, said: Removal) -> None:
    """Write what is about to be removed: as a whole, and on the disk when this returns."""
    target = _removal_file(path, said.kept_from)
    target.parent.mkdir(exist_ok=True)
    unfinished = target.with_suffix(".tmp")
    with unfinished.open("w", encoding="utf-8") as sink:
        json.dump(asdict(said), sink, default=lambda t: t.isoformat(), indent=1)
        sink.flush()
        os.fsync(sink.fileno())
    unfinished.replace(target)
    sync(target.parent, path)


def refuse_removed(path: Path, first: date, period: str) -> None:
    """Raise ExtractError where a period begins before the month from which the store keeps records.

    To be asked after the files of the period were listed, so that what is removed in between is noticed.

    Args:
        path: folder of the store.
        first: first day of the period.
        period: what the period is called.
    """
    kept = kept_from(path)
    if kept and first < kept:
        month = f"{kept:%Y-%m}"
        raise ExtractError(
            f"{period} begins before {month}: records of earlier hearings were removed "
            f"{_removal(path, month).when_and_why}",
            where=str(path),
            remedy=f"Ask for a period from {month} on, or restore a backup from before the removal",
        )


def look_at_read(con: duckdb.DuckDBPyConnection, staged: Path, kept: date | None) -> int:
    """Make the views `all_read` (the rows of a landing) and `staged` (those of the months that are kept).

    Returns how many statements are of months that are not.
    """
    read = con.read_parquet(str(staged))
    read.create_view("all_read")
    if kept is None:
        read.create_view("staged")
        return 0
    read.filter(f"hearing_date >= date '{kept.isoformat()}'").create_view("staged")
    query = """
        select count(*) from (
            select distinct statement_key, payload_hash, case_index, stated_at, received_at, delivery
            from all_read where hearing_date < $kept
        )
    """
    ((left_out,),) = con.execute(query, {"kept": kept}).fetchall()
    return int(left_out)


def _removal_file(path: Path, month: str) -> Path:
    return path / "removals" / f"{month}.json"
