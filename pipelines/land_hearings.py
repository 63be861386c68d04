"""Flow: land hearing records, check what was landed, and write both into the warehouse."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from prefect import flow, task

from expectations.contract import GateError, Outcome, stops
from extract import store
from extract.store import Landing
from pipelines import progress, runs
from pipelines.journal import note
from pipelines.settings import Settings, key_check, load_settings, the_key
from pipelines.sources import LandRequest, find_files, land_files


@dataclass(frozen=True, slots=True)
class Landed:
    """What came of it: the landing, and the checks of every batch that was not recorded before."""

    landing: Landing
    left: int
    checks: tuple[Outcome, ...]


@flow(name="land-hearings", log_prints=False)
def land_hearings(
    paths: list[str],
    format: str | None = None,
    mapping: str | None = None,
    received_at: datetime | None = None,
    covers: tuple[date, date] | None = None,
    dry_run: bool = False,
    home: str | None = None,
) -> Landed:
    """Land files, check what was landed, record both.

    Args:
        paths: files or folders.
        format: `spi` or `table`; None: by the files' endings.
        mapping: TOML file that maps a table's columns to ours.
        received_at: when the content reached us (None: now).
        covers: days that a table extract covers, both included.
        dry_run: compare and report, write nothing.
        home: folder for everything that is kept (None: as set in the environment).

    Raises:
        ExtractError, LoadError, GateError: see each stage.
    """
    settings = load_settings(home=Path(home) if home else None)
    files = find_files([Path(p) for p in paths], format)
    request = LandRequest(files, Path(mapping) if mapping else None, received_at, covers)

    landing = land_records(settings, request, dry_run)
    checks = () if dry_run else check_and_record(settings)
    stop_on(checks)
    return Landed(landing, files.left, checks)


@task(name="land records", retries=2, retry_delay_seconds=5, retry_condition_fn=lambda _t, _r, state: _outside(state))
def land_records(settings: Settings, request: LandRequest, dry_run: bool) -> Landing:
    """Read the files and append what is new to the records store, as one batch."""
    texts = runs.texts(settings, make_key=not dry_run)
    if not dry_run:
        store.prepare(settings.store, key_check(the_key(settings)))
    files = request.files
    with progress.track("reading", len(files.files), "files") as done:
        landing = land_files(
            request,
            settings.store,
            system=settings.spi_system,
            texts=texts,
            landed_at=datetime.now(UTC),
            dry_run=dry_run,
            done=done,
            waiting=lambda: note("Waiting for another landing to finish"),
        )
    note(landing_line(landing, dry_run))
    return landing


@task(
    name="check and record batches",
    retries=2,
    retry_delay_seconds=5,
    retry_condition_fn=lambda _t, _r, state: _outside(state),
)
def check_and_record(settings: Settings) -> tuple[Outcome, ...]:
    """Check every batch that the warehouse does not know yet, one left by an interrupted landing too."""
    from pipelines import recording

    return recording.record_batches(settings)


def stop_on(checks: Sequence[Outcome]) -> None:
    """Raise GateError where a check stops the flow; what was landed stays, checked again before every count."""
    if stopping := stops(list(checks)):
        raise ExceptionGroup(
            "checks after landing",
            [GateError(f"{c.sentence} [{c.rule}: {c.outcome}]", remedy=c.remedy) for c in stopping],
        )


def landing_line(landing: Landing, dry_run: bool) -> str:
    """One line on a landing; numbers of statements and files, never a figure."""
    if landing.batch is None and not dry_run:
        said = f"Nothing new in {landing.files:,} files: {landing.repeated:,} statements are held already"
    else:
        verb = "Would land" if dry_run else f"Landed batch {landing.batch}:"
        said = f"{verb} {landing.statements:,} statements, {landing.rows:,} rows from {landing.files:,} files"
        if landing.repeated:
            said += f"; {landing.repeated:,} repeats left out"
    refused = sum(landing.refused.values())
    if refused:
        said += (
            f"; {refused:,} set aside (" + ", ".join(f"{reason} {n:,}" for reason, n in landing.refused.items()) + ")"
        )
    if landing.refused_again:
        said += f"; {landing.refused_again:,} set aside before"
    return said


def _outside(state: object) -> bool:
    """Retry what the world outside may mend (a network, a lock), not what a person has to."""
    from extract.contract import StageError

    result = getattr(state, "data", None)
    return not isinstance(result, StageError | ExceptionGroup)
