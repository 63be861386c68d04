"""Flow: land hearing records, check what was landed, and write both into the warehouse."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import cast

from prefect import flow, task

from expectations.contract import GateError, Outcome, stops
from extract.store import Landing
from pipelines import landings, recording, source_landing
from pipelines.journal import note
from pipelines.keeping import compact_where_worth
from pipelines.landings import Landed, landing_line, request_of
from pipelines.passing_over import overtaken
from pipelines.retrying import may_pass, without_values
from pipelines.settings import Settings, load_settings
from pipelines.source_file import named_sources
from pipelines.sources import LandRequest


@flow(name="land-hearings", log_prints=False)
def land_hearings(
    paths: list[str] | None = None,
    format: str | None = None,
    mapping: str | None = None,
    received_at: datetime | None = None,
    covers: tuple[date, date] | None = None,
    home: str | None = None,
    source: str | None = None,
    everything: bool = False,
) -> Landed:
    """Land files or a named source, check what was landed, record both.

    Args:
        paths: files or folders.
        format: `spi`, `common-platform` or `table`; None: by the files' endings.
        mapping: TOML file that maps a table's columns to ours.
        received_at: when the content reached us (None: now).
        covers: days that a table extract covers, both included.
        home: folder for everything that is kept (None: as set in the environment).
        source: name of a source in sources.toml, instead of paths and what describes them.
        everything: read again what was landed of the source already.

    Raises:
        ExtractError, LoadError, GateError: see each stage.
    """
    settings = load_settings(home=Path(home) if home else None)
    if source and (state := overtaken(lambda: named_sources(settings, files=False).source(source).schedule)):
        return cast(Landed, state)  # for Prefect: whoever calls the flow has made no schedule
    if source:
        landing, left = land_named_source(settings, source, received_at, everything)
    else:
        request = request_of(paths or [], format, mapping, received_at, covers)
        landing, left = land_records(settings, request), request.files.left
    checks = check_and_record(settings)
    stop_on(checks)
    return Landed(landing, left, checks)


@task(name="land records", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
@without_values
def land_records(settings: Settings, request: LandRequest) -> Landing:
    """Read the files and append what is new to the records store, as one batch."""
    waiting = "Waiting for another landing to finish"
    landing = landings.land(settings, request, dry_run=False, waiting=lambda: note(waiting))
    note(landing_line(landing, dry_run=False))
    compact_where_worth(settings, note)
    return landing


@task(name="land a source", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
@without_values
def land_named_source(
    settings: Settings, name: str, received_at: datetime | None, everything: bool
) -> tuple[Landing, int]:
    """Read what is new of a named source and append it; the landing, and files of no kind of its own."""
    waiting = "Waiting for another landing to finish"
    found = source_landing.land_source(
        settings, name, received_at=received_at, everything=everything, waiting=lambda: note(waiting)
    )
    note(source_landing.landed_line(found))
    compact_where_worth(settings, note)
    return found.landing, found.left


@task(name="check and record batches", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
@without_values
def check_and_record(settings: Settings) -> tuple[Outcome, ...]:
    """Check every batch that the warehouse does not know yet, one left by an interrupted landing too."""
    return recording.record_batches(settings)


def stop_on(checks: Sequence[Outcome]) -> None:
    """Raise GateError where a check stops the flow; what was landed stays, checked again before every count."""
    if stopping := stops(list(checks)):
        raise ExceptionGroup(
            "checks after landing",
            [GateError(f"{c.sentence} [{c.rule}: {c.outcome}]", remedy=c.remedy) for c in stopping],
        )
