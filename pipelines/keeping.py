"""What `courtstats store` and `courtstats store compact` do and print, and the compaction after a landing."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from extract.compaction import Compaction, compact, data_files, least_worth_merging
from extract.contract import ExtractError
from extract.inventory import Inventory, inventory
from pipelines import progress, show
from pipelines.times import in_words

if TYPE_CHECKING:
    from pipelines.settings import Settings

STORE_SCHEMA = "courtstats/store@1"
COMPACTION_SCHEMA = "courtstats/compaction@1"
SHOWN_MONTHS = 24
"""Months shown to people; the rest is in the JSON."""


def show_store(settings: "Settings", *, as_json: bool) -> None:
    """Print what the records store holds and how it lies on the disk."""
    found = inventory(settings.store, now=datetime.now(UTC))
    if as_json:
        show.write(show.to_json({"schema": STORE_SCHEMA, "place": str(settings.store)} | asdict(found)))
        return
    show.write(f"Records store {settings.store}")
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


def _many(number: int, what: str, plural: str | None = None) -> str:
    return f"{number:,} {what if number == 1 else plural or what + 's'}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
