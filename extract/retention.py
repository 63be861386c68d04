"""Retention: everything about hearings before a month is taken out of a records store for good.

One commit takes the files of the months before it out of the table and says from which month on the store keeps
records (extract/kept.py). It is the only moment at which anything changes: from then on no count and no landing takes
up a day before that month, and what is in quarantine of such a day is on record no more. What is left on the disk is
removed right after it, whoever may be reading it: files of those months that the table names no more or never named,
what quarantine says of those days, and the staged rows of landings that died.

A removal that dies before the commit has changed nothing. One that dies after it is complete but for the disk, and the
next call with the same month goes on there. Summaries of landings stay: they hold counts, and the numbers of batches.
"""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from deltalake import Transaction
from deltalake.transaction import RemoveAction

from extract import appending, disk_faults, kept, quarantine
from extract.compaction import DataFile, data_files
from extract.contract import ExtractError
from extract.landing import IN_USE, locked, unused_for
from extract.store import newest_batch, records_folder

BEGINNING_SECONDS = 60
"""How long a landing may take between making its staging folder and holding the lock in it."""


@dataclass(frozen=True, slots=True)
class Retention:
    """What a removal did, or would do.

    `kept_from` is the month (`YYYY-MM`) from which the store keeps records then, `months` are those of which rows were
    taken out, with the rows in them. `removed` are files taken from the disk, those that landings and compactions left
    among them, and `freed` their bytes. `refused` entries went out of quarantine. `before` is the month from which the
    store kept records until then, `nothing` says that it kept none older already, so that only the disk was looked at.
    """

    kept_from: str
    before: str | None
    nothing: bool
    months: tuple[str, ...]
    rows: int
    removed: int
    freed: int
    refused: int


def retain(
    path: Path,
    month: date,
    *,
    because: str,
    now: datetime,
    dry_run: bool = False,
    waiting: Callable[[], None] = lambda: None,
) -> Retention:
    """Remove everything about hearings before a month, for good. An earlier month than the last time does nothing.

    Args:
        path: folder of the store.
        month: first day of the month from which records are kept; no later than the newest month of hearings held.
        because: why, in a few words; it is said wherever a period before the month is asked for.
        now: aware; what is said to be the time of the removal.
        dry_run: only say what would be done.
        waiting: called once if a landing holds the lock.

    Raises:
        ExtractError: nothing is held, nothing would be left, no reason is given, a landing held the lock for half an
            hour, or the disk refused.
    """
    reason = " ".join(because.split())
    if not reason:
        raise ExtractError("say why", where="--because", remedy='For example: --because "kept for ten years"')
    if appending.table_at(records_folder(path)) is None:
        raise ExtractError("nothing has been landed yet, so there is nothing to remove", where=str(path))
    remedy = "Mend the folder's permissions or free some space, then give the same command again: it goes on where "
    with (
        disk_faults.told("the removal could not be finished ({})", str(path), remedy + "this one stopped"),
        nullcontext() if dry_run else locked(path, waiting),
    ):
        would = _would(path, f"{month:%Y-%m}")
        if dry_run:
            return would
        if not would.nothing:
            _commit(path, month, would, reason, now)
        # Only what the table itself says may take a file from the disk; a later month means another removal's.
        if kept.kept_from(path) == month:
            _clear(path, month)
        return would


@disk_faults.looked_again
def _would(path: Path, month: str) -> Retention:
    """What a removal would do now."""
    files = data_files(path)
    before = kept.kept_from(path)
    known = f"{before:%Y-%m}" if before else None
    held = max((f.month for f in files), default="")
    if month > held and not (known and month <= known):
        raise ExtractError(
            f"the newest hearings held are of {held}, so nothing would be left" if held else "no record is held",
            where=f"--from {month}",
            remedy=f"Name {held} or an earlier month" if held else "",
        )
    nothing = known is not None and month <= known
    if known and month < known:
        return Retention(known, known, True, (), 0, 0, 0, 0)
    gone = [] if nothing else [f for f in files if f.month < month]
    disk = [file for folder in _month_folders(path, month) for file in folder.iterdir()]
    disk += [file for folder in _abandoned(path) for file in folder.iterdir() if file.name != IN_USE]
    return Retention(
        kept_from=month,
        before=known,
        nothing=nothing,
        months=tuple(sorted({f.month for f in gone})),
        rows=sum(f.rows for f in gone),
        removed=len(disk),
        freed=sum(file.stat().st_size for file in disk),
        refused=quarantine.older(path, newest_batch(path), date.fromisoformat(f"{month}-01")),
    )


def _commit(path: Path, month: date, would: Retention, because: str, now: datetime) -> None:
    """The one moment: the older months' files are out of the table, and it says from when on it keeps records."""
    folder = records_folder(path)
    gone = [f for f in data_files(path) if f.month < would.kept_from]
    said = kept.Removal(would.kept_from, because, now, len(would.months), would.rows, len(gone), would.refused)
    kept.write_removal(path, said)
    table = appending.ready(folder)
    number = Transaction(kept.APPLICATION, month.year * 100 + month.month)
    appending.commit(table, [_removed(file, now) for file in gone], also=[number])
    table.create_checkpoint()


def _removed(file: DataFile, now: datetime) -> RemoveAction:
    return RemoveAction(
        file.path, True, int(now.timestamp() * 1000), file.size, {appending.PARTITION: file.month}
    )  # fmt: skip


def _clear(path: Path, month: date) -> None:
    """Take from the disk what the table and the quarantine do not speak of any more. Can be done again at any time."""
    for folder in _month_folders(path, f"{month:%Y-%m}"):
        shutil.rmtree(folder)
    for folder in _abandoned(path):
        with suppress(FileNotFoundError):  # the landing that has just ended is removing it itself
            shutil.rmtree(folder)
    quarantine.clear(path, newest_batch(path))


def _month_folders(path: Path, month: str) -> list[Path]:
    """Folders of the table with files of hearings before a month."""
    start = f"{appending.PARTITION}="
    return [f for f in sorted(records_folder(path).glob(f"{start}*")) if f.name.removeprefix(start) < month]


def _abandoned(path: Path) -> Iterator[Path]:
    """Staging folders whose process has died: it holds their lock no more.

    One without rows that was touched a moment ago may be a landing's that is about to take its lock. One with rows
    is none: also where whoever was removing it a moment ago was killed.
    """
    for folder in sorted(f for f in (path / "staging").glob("*") if f.is_dir()):
        lock = folder / IN_USE
        with suppress(FileNotFoundError):  # its landing has just ended
            rows = any(entry.name != IN_USE for entry in folder.iterdir())
            if (rows or unused_for(folder) > BEGINNING_SECONDS) and not (lock.exists() and held(lock)):
                yield folder


def held(lock: Path) -> bool:
    """Whether a process holds a lock. Changes nothing and needs no right but to read. Raises OSError."""
    with lock.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
