"""Flow: read quarantine again, check what was landed, and record it."""

from pathlib import Path

from prefect import flow

from expectations.contract import Outcome
from extract.contract import ExtractError
from extract.store import Landing
from pipelines import quarantine, replaying
from pipelines.journal import note
from pipelines.land_hearings import check_and_record, land_records, stop_on
from pipelines.quarantine import Wanted
from pipelines.replaying import Replayed
from pipelines.settings import load_settings


@flow(name="replay-quarantine", log_prints=False)
def replay_quarantine(
    reason: str | None = None,
    source: str | None = None,
    day: str | None = None,
    content: str | None = None,
    home: str | None = None,
) -> Replayed:
    """Read again what is held, each landing as it was asked for and received at first; check it; record it.

    Args:
        reason: only what is held for this reason.
        source: only what is held of this source.
        day: only what is held of this hearing day (`2020-02-03`, or `unknown`).
        content: only what has a content hash that begins so.
        home: folder for everything that is kept (None: as set in the environment).

    Raises:
        ExtractError, LoadError, GateError: see each stage. A landing that cannot be repeated stops no other one.
    """
    settings = load_settings(home=Path(home) if home else None)
    entries = quarantine.record(settings, Wanted(reason, source, day, content))
    planned = replaying.plan(settings, entries)
    made: list[Landing] = []
    faults: list[str] = []
    checks: tuple[Outcome, ...] = ()
    for portion in planned.portions:
        try:
            made.append(land_records(settings, portion.request))
        except (ExtractError, ExceptionGroup) as fault:
            faults += replaying.said(fault)
            note("A landing could not be repeated")
    if any(landing.batch for landing in made):
        checks = check_and_record(settings)
    stop_on(checks)
    return replaying.outcome(settings, planned, entries, made, faults)
