"""Flow: look at the whole for faults, rebuild the report, send the alerts that are due."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from prefect import flow, task
from prefect.client.orchestration import get_client

from expectations.contract import Outcome
from pipelines.catching_up import catch_up, look
from pipelines.due import due_outcomes
from pipelines.journal import note
from pipelines.quality_contract import QualityState
from pipelines.retrying import may_pass, without_values
from pipelines.settings import Settings, load_settings

T = TypeVar("T")
REPORT = "report"
"""Folder in the home in which the newest report is."""


@flow(name="check-quality", log_prints=False)
def check_quality(home: str | None = None, as_at: datetime | None = None, alerts: bool = True) -> str:
    """Look, record what was found, rebuild the report, send alerts; the verdict. A part that fails stops no other.

    Args:
        home: folder for everything that is kept (None: as set in the environment).
        as_at: the time as of which to look (None: now).
        alerts: send the alerts that are due.

    Raises:
        ExceptionGroup: the faults of every part, after the others were done.
    """
    settings = load_settings(home=Path(home) if home else None)
    at = as_at or datetime.now(UTC)
    faults: list[Exception] = []

    def part(work: Callable[[], T], otherwise: T) -> T:
        try:
            return work()
        except Exception as fault:
            faults.append(fault)
            return otherwise

    nothing: tuple[Outcome, ...] = ()
    due = part(lambda: what_was_due(settings, at), nothing)
    part(lambda: inspect_all(settings, at, due), None)
    state = part(lambda: judge(settings, at), None)
    if state:
        part(lambda: rebuild_report(settings, state), None)
        if alerts:
            part(lambda: alert(settings, state), None)
    if faults:
        raise ExceptionGroup("the check of quality is not complete", faults)
    assert state is not None
    return state.verdict


@task(name="begin what was missed", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
@without_values
def what_was_due(settings: Settings, as_at: datetime) -> tuple[Outcome, ...]:
    """Begin the latest due run of each schedule that was missed; the checks of what was due."""
    with get_client(sync_client=True) as client:
        seen = look(client, settings, as_at)
        for due in catch_up(client, seen, as_at):
            note(f"Begun, because nothing else had: {due.name}" + (f" for {due.period.label}" if due.period else ""))
    return due_outcomes(seen.found, seen.attempts, as_at)


@task(name="look for faults", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
@without_values
def inspect_all(settings: Settings, as_at: datetime, due: tuple[Outcome, ...]) -> None:
    """Measure what is watched over time in records store and warehouse, and record it."""
    from pipelines.inspecting import record_inspection_now

    record_inspection_now(settings, as_at, also=due)
    note("Looked at records store and warehouse")


@task(name="judge", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
@without_values
def judge(settings: Settings, as_at: datetime) -> QualityState:
    """What is open, what is resolved, what is held back."""
    from pipelines.quality import quality_state

    state = quality_state(settings, as_at=as_at, deep=True)
    note(f"Verdict: {state.verdict}")
    return state


@task(name="rebuild the report", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
@without_values
def rebuild_report(settings: Settings, state: QualityState) -> None:
    """Write the pages anew, as a whole."""
    from pipelines.quality_pages import build_report

    folder = settings.home / REPORT
    build_report(state, folder)
    note(f"Report in {folder}")


@task(name="send alerts", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
@without_values
def alert(settings: Settings, state: QualityState) -> None:
    """Send what has not been sent yet."""
    from pipelines.alerting import send_alerts

    sent = send_alerts(settings, state)
    note("Alerts sent" if sent else "No alert was due")
