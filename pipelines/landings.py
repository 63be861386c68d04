"""One landing, prepared and made: what the flow and the dry run of `courtstats land` both do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from expectations.contract import Outcome
from extract import store
from extract.store import Landing
from pipelines import progress, runs
from pipelines.finding import amount
from pipelines.settings import Settings, existing_key, key_check, the_key
from pipelines.sources import LandRequest, check_request, find_files, land_files


@dataclass(frozen=True, slots=True)
class Landed:
    """What came of it: the landing, files of no known kind, and the checks of batches not recorded before."""

    landing: Landing
    left: int
    checks: tuple[Outcome, ...]


def request_of(
    paths: Sequence[str | Path],
    format: str | None,
    mapping: str | Path | None,
    received_at: datetime | None,
    covers: tuple[date, date] | None,
) -> LandRequest:
    """What to land. Raises ExceptionGroup[ExtractError] for paths that cannot be used."""
    files = find_files([Path(p) for p in paths], format)
    return check_request(LandRequest(files, Path(mapping) if mapping else None, received_at, covers))


def land(settings: Settings, request: LandRequest, *, dry_run: bool, waiting: Callable[[], None]) -> Landing:
    """Read the files and append what is new to the records store as one batch; a dry run writes nothing at all."""
    texts = runs.texts(settings, make_key=not dry_run)
    if not dry_run:
        store.prepare(settings.store, key_check(the_key(settings)))
    elif key := existing_key(settings):
        store.check_key(settings.store, key_check(key))
    files = request.files
    total, unit, _size = amount(files)
    progress.say(f"Reading {_many(len(files.files), 'file')}")
    with progress.track("reading", total, unit) as done:
        return land_files(
            request,
            settings.store,
            system=settings.spi_system,
            texts=texts,
            landed_at=datetime.now(UTC),
            dry_run=dry_run,
            workers=settings.workers,
            done=done,
            waiting=waiting,
        )


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def landing_line(landing: Landing, dry_run: bool) -> str:
    """One line on a landing; numbers of statements and files, never a figure."""
    if not landing.files and landing.batch is None and not landing.released:  # a named source that did not change
        return "Nothing new"
    if landing.batch is None and not dry_run:
        said = f"Nothing new in {_many(landing.files, 'file')}: {_many(landing.repeated, 'statement')} held already"
    else:
        verb = "Would land" if dry_run else f"Landed batch {landing.batch}:"
        found = _many(landing.statements, "statement"), _many(landing.rows, "row"), _many(landing.files, "file")
        said = f"{verb} {found[0]}, {found[1]} from {found[2]}"
        if landing.repeated:
            said += f"; {_many(landing.repeated, 'repeat')} left out"
    refused = sum(landing.refused.values())
    if refused:
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in landing.refused.items())
        said += f"; {refused:,} set aside ({reasons})"
    if landing.refused_again:
        said += f"; {landing.refused_again:,} set aside before"
    if landing.released:
        said += f"; {landing.released:,} set aside earlier no longer held"
    if landing.before_kept:
        said += f"; {landing.before_kept:,} of hearings before the month from which records are kept left out"
    return said
