"""What the `courtstats store` commands do and print, and the compaction after a landing."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from extract.compaction import Compaction, compact, data_files, least_worth_merging
from extract.contract import ExtractError
from extract.inventory import Inventory, inventory
from extract.kept import removal
from extract.retention import Retention, retain
from pipelines import progress, show
from pipelines.source_state import forget_days
from pipelines.times import in_words, parse_month

if TYPE_CHECKING:
    from pipelines.settings import Settings

STORE_SCHEMA = "courtstats/store@1"
COMPACTION_SCHEMA = "courtstats/compaction@1"
RETENTION_SCHEMA = "courtstats/retention@1"
REMOVED = "records removed"
"""Action of an entry in the audit log."""
SHOWN_MONTHS = 24
"""Months shown to people; the rest is in the JSON."""


def show_store(settings: "Settings", *, as_json: bool) -> None:
    """Print what the records store holds and how it lies on the disk."""
    found = inventory(settings.store, now=datetime.now(UTC))
    if as_json:
        show.write(show.to_json({"schema": STORE_SCHEMA, "place": str(settings.store)} | asdict(found)))
        return
    show.write(f"Records store {settings.store}")
    if found.removed:
        show.write(
            f"Kept from {found.removed.kept_from}: what was of hearings before was removed for good "
            f"{found.removed.when_and_why}"
        )
    if not found.files:
        show.write("Nothing landed yet: courtstats land PATH")
        return
    show.write(
        f"{_many(found.rows, 'row')} of {_many(found.batches, 'batch', 'batches')} in {_many(found.files, 'file')}, "
        f"{_megabytes(found.size)}\n"
    )
    _show_sources(found)
    _show_months(found)
    show.write(_would_line(found.compaction))


def compact_store(settings: "Settings", *, keep_hours: float, dry_run: bool, as_json: bool) -> None:
    """Merge small files and remove those that nobody reads any more. Raises ExtractError: see `compact`."""
    done = compact(
        settings.store,
        now=datetime.now(UTC),
        grace=timedelta(hours=keep_hours),
        dry_run=dry_run,
        waiting=lambda: progress.say("Waiting for a landing to finish"),
    )
    if as_json:
        show.write(show.to_json({"schema": COMPACTION_SCHEMA, "dry_run": dry_run} | asdict(done)))
        return
    show.write(_would_line(done) if dry_run else _done_line(done))


def retain_in_store(settings: "Settings", month: str, *, because: str, dry_run: bool, as_json: bool) -> None:
    """Remove what is of hearings before a month, for good. Raises TimeError for the month, ExtractError: `retain`.

    A reason stands for good too: that of a second call with nothing left to remove is not used, which is said.
    """
    first = parse_month(month, "--from")
    try:
        done = retain(
            settings.store,
            first,
            because=because,
            now=datetime.now(UTC),
            dry_run=dry_run,
            waiting=lambda: progress.say("Waiting for a landing to finish"),
        )
    finally:  # what a disk refuses to remove is out of the records all the same
        if not dry_run:
            _note_removal(settings)
    if not dry_run:
        forget_days(settings.store, date.fromisoformat(f"{done.kept_from}-01"))
    said = removal(settings.store) if done.nothing else None
    reason = said.because if said else " ".join(because.split())
    if as_json:
        show.write(show.to_json({"schema": RETENTION_SCHEMA, "dry_run": dry_run} | asdict(done) | {"because": reason}))
        return
    show.write(_retention_line(done, f"{first:%Y-%m}", dry_run=dry_run))
    if said and reason != " ".join(because.split()):
        show.write(f"The reason given now is not used: they were removed {said.when_and_why}.")


def _note_removal(settings: "Settings") -> None:
    """Have the audit log speak of the last removal, whoever made it, and however it ended; nothing if it does."""
    from load import audit
    from load.contract import LoadError
    from pipelines import recording
    from pipelines.noting import note_in

    said = removal(settings.store)
    if said is None or not recording.there_is_one(settings):
        return
    subject, at = f"hearings before {said.kept_from}", said.removed_at and said.removed_at.isoformat()
    try:
        with recording.opened(settings) as warehouse:
            noted = [entry for entry in audit.entries(warehouse, action=REMOVED) if entry.subject == subject]
            # A store that was restored and removed from again is another removal of the same month.
            if not any(at in (None, entry.detail.get("removed_at")) for entry in noted):
                note_in(warehouse, REMOVED, subject, because=said.because, rows=said.rows, removed_at=at)
    except LoadError as fault:
        sys.stderr.write(f"The audit log has no entry about this: {fault}\n")


def compact_where_worth(settings: "Settings", note: Callable[[str], None]) -> None:
    """Merge the months that many landings have left in many small files; says so in a line, and never fails.

    What it cannot do now the next landing will try again: no record depends on it.
    """
    try:
        at_least = least_worth_merging(data_files(settings.store))
        if at_least is not None:
            done = compact(settings.store, now=datetime.now(UTC), at_least=at_least)
            note(f"Compacted: {_done_line(done)}")
    except ExtractError as fault:
        note(f"Not compacted: {fault}")
    except Exception as fault:  # a landing that is on record is not lost for this
        note(f"Not compacted: {type(fault).__name__}. Try courtstats store compact.")


def _show_sources(found: Inventory) -> None:
    show.table(
        ["source", "format", "batches", "statements", "rows", "hearings", "last received"],
        [
            (
                s.name,
                s.format,
                f"{s.batches:,}",
                f"{s.statements:,}",
                f"{s.rows:,}",
                show.days(s.first_hearing, s.last_hearing),
                in_words(s.last_received),
            )
            for s in found.sources
        ],
    )


def _show_months(found: Inventory) -> None:
    left = found.months[:-SHOWN_MONTHS]
    lines = [
        (m.month, f"{m.rows:,}", f"{m.files:,}", f"{m.small:,}", _megabytes(m.size))
        for m in found.months[-SHOWN_MONTHS:]
    ]
    if left:
        before = (
            f"{left[0].month} to {left[-1].month}",
            f"{sum(m.rows for m in left):,}",
            f"{sum(m.files for m in left):,}",
            f"{sum(m.small for m in left):,}",
            _megabytes(sum(m.size for m in left)),
        )
        lines.insert(0, before)
    show.table(["hearings of", "rows", "files", "small files", "size"], lines)


def _would_line(would: Compaction) -> str:
    said = []
    if would.months:
        said.append(
            f"merge {_many(would.files, 'small file')} of {_many(len(would.months), 'month')} into {would.files_left:,}"
        )
    if would.removed:
        said.append(f"remove {_many(would.removed, 'file')} that nobody reads any more ({_megabytes(would.freed)})")
    if not said:
        return "Compacting would change nothing."
    return f"courtstats store compact would {' and '.join(said)}."


def _done_line(done: Compaction) -> str:
    said = []
    if done.months:
        said.append(
            f"{_many(done.files, 'small file')} of {_many(len(done.months), 'month')} merged into {done.files_left:,}, "
            f"{_many(done.rows, 'row')} as before"
        )
    if done.removed:
        said.append(f"{_many(done.removed, 'file')} that nobody reads any more removed ({_megabytes(done.freed)})")
    if done.kept:
        said.append(f"{_many(done.kept, 'file')} kept for counts that may still read them")
    return "; ".join(said or ["nothing to merge and nothing to remove"]) + "."


def _retention_line(done: Retention, month: str, *, dry_run: bool) -> str:
    would = "Would remove" if dry_run else "Removed"
    disk = f"{_many(done.removed, 'file')} from the disk ({_megabytes(done.freed)})"
    if done.nothing:
        said = f"Records are kept from {done.kept_from} already: there is nothing before {month} to remove."
        return f"{said} {would} what was left: {disk}." if done.removed else said
    rows = f"{_many(done.rows, 'row')} of {_many(len(done.months), 'hearing month')}"
    span = f" ({done.months[0]} to {done.months[-1]})" if done.months else ""
    quarantine = f"{_many(done.refused, 'entry', 'entries')} of quarantine"
    kept = "Records would be" if dry_run else "Records are"
    end = " It cannot be undone." if dry_run else ""
    return f"{would} {rows}{span}, {quarantine}, {disk}. {kept} kept from {done.kept_from}.{end}"


def _many(number: int, what: str, plural: str | None = None) -> str:
    return f"{number:,} {what if number == 1 else plural or what + 's'}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
