"""What Prefect knows of the scheduled runs; the latest due one of each that was missed is begun: once, then stop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from extract import store
from pipelines import recording
from pipelines.due import COUNT, LAND, Attempt, Due, Standing, State, answered, dues, standing
from pipelines.runs import definitions
from pipelines.settings import Settings
from pipelines.source_file import named_sources

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

LATEST = 20
"""So many runs of a deployment are looked at: enough to tell what is usual."""
SETTLED = timedelta(seconds=10)
"""How long Prefect's own scheduler has to make a due run. Then it is begun here: with SQLAlchemy 2.1 the server of
Prefect 3.8 schedules nothing (its bulk insert of runs is refused), and no figure may depend on that.
"""
TAG = "caught-up"
_STATES: dict[str, State] = {
    "SCHEDULED": "waiting", "PENDING": "running", "RUNNING": "running", "CANCELLING": "running", "PAUSED": "running",
    "COMPLETED": "completed", "FAILED": "failed", "CRASHED": "lost", "CANCELLED": "lost",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What was due of the deployments that Prefect knows, what became of it, and the runs that tell."""

    found: tuple[tuple[Due, Standing], ...]
    attempts: tuple[Attempt, ...]
    deployments: dict[tuple[str, str], "UUID"]


def look(client: "SyncPrefectClient", settings: Settings, as_at: datetime) -> Seen:
    """The latest due run of every deployment that is not paused. Questions are due only once records were landed.

    Raises faults of definitions, sources and warehouse.
    """
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName

    ours = FlowFilter(name=FlowFilterName(any_=[COUNT, LAND]))
    flows = {one.id: one.name for one in client.read_flows(flow_filter=ours)}
    known = {
        (flows[one.flow_id], one.name): one.id
        for one in client.read_deployments(flow_filter=ours)
        if one.flow_id in flows and not one.paused
    }
    attempts = [
        attempt(run, flow, name)
        for (flow, name), deployment in known.items()
        for run in runs_of(client, deployment, as_at)
    ]
    sources = named_sources(settings, files=False).sources.values()
    asked = [one for one in dues(definitions(settings), sources, as_at) if (one.flow, one.name) in known]
    if not store.newest_batch(settings.store):
        asked = [one for one in asked if one.flow == LAND]
    done: set[Due] = set()
    if asked and recording.there_is_one(settings):
        with recording.opened(settings) as warehouse:
            done = {one for one in asked if answered(warehouse, one)}
    found = tuple((one, standing(one, attempts, is_answered=one in done)) for one in asked)
    return Seen(found, tuple(attempts), known)


def runs_of(client: "SyncPrefectClient", deployment: "UUID", as_at: datetime) -> "list[FlowRun]":
    """The newest runs of a deployment that were to begin by now."""
    from prefect.client.schemas.filters import (
        DeploymentFilter,
        DeploymentFilterId,
        FlowRunFilter,
        FlowRunFilterExpectedStartTime,
    )
    from prefect.client.schemas.sorting import FlowRunSort

    return client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])),
        flow_run_filter=FlowRunFilter(
            expected_start_time=FlowRunFilterExpectedStartTime.model_validate({"before_": as_at})
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=LATEST,
    )


def attempt(run: "FlowRun", flow: str, name: str) -> Attempt:
    """A run of Prefect's in our terms."""
    return Attempt(
        id=str(run.id),
        flow=flow,
        name=name,
        due_at=_utc(run.expected_start_time or run.created or datetime.now(UTC)),
        state=_STATES[run.state_type.value] if run.state_type else "waiting",
        began_at=_utc(run.start_time) if run.start_time else None,
        ended_at=_utc(run.end_time) if run.end_time else None,
        seconds=run.total_run_time.total_seconds(),
        automatic=bool(run.auto_scheduled),
    )


def _utc(moment: datetime) -> datetime:
    """A plain time in UTC: Prefect's own are of another class."""
    return datetime.fromtimestamp(moment.timestamp(), UTC)


def catch_up(client: "SyncPrefectClient", seen: Seen, as_at: datetime) -> list[Due]:
    """Begin what is missing, and drop what the schedule still has waiting of earlier times; what was begun.

    Counts are begun only while no landing is under way: what it brings belongs in them.
    """
    from prefect.exceptions import ObjectNotFound
    from prefect.states import Scheduled

    for one in overtaken(seen):
        try:
            client.delete_flow_run(_uuid(one.id))
        except ObjectNotFound:  # another process has dropped it
            continue
    begun: list[Due] = []
    landing = any(one.flow == LAND and one.state == "running" for one in seen.attempts)
    for due, how in seen.found:
        if how != "missing" or as_at < due.at + SETTLED:
            continue
        if due.flow == COUNT and (landing or any(one.flow == LAND for one in begun)):
            continue
        ours = [one for one in seen.attempts if (one.flow, one.name) == (due.flow, due.name)]
        lost = sum(one.due_at >= due.at for one in ours)
        client.create_flow_run_from_deployment(
            seen.deployments[due.flow, due.name],
            state=Scheduled(scheduled_time=due.at),
            idempotency_key=f"{TAG} {due.flow} {due.name} {due.at.isoformat()} {lost}",
            tags=[TAG],
        )
        begun.append(due)
    return begun


def overtaken(seen: Seen) -> Sequence[Attempt]:
    """Runs that a schedule made, that still wait, and since which the same schedule was due again."""
    latest = {(due.flow, due.name): due.at for due, _ in seen.found}
    return [
        one
        for one in seen.attempts
        if one.automatic and one.state == "waiting" and one.due_at < latest.get((one.flow, one.name), one.due_at)
    ]


def _uuid(text: str) -> "UUID":
    from uuid import UUID

    return UUID(text)
