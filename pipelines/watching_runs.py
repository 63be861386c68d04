"""What `courtstats serve` does every few seconds: begins what was missed, has quality checked, says what ended."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.states import Crashed, Scheduled

from extract.contract import StageError
from pipelines.catching_up import Seen, attempt, catch_up, look, runs_of
from pipelines.due import COUNT, LAND, Attempt
from pipelines.schedules import CHECK
from pipelines.settings import Settings

LATE = timedelta(minutes=5)
ENDED = ("completed", "failed", "lost")
_UNDER_WAY = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
_WORDS = {"completed": "done", "failed": "failed: see the run in Prefect", "lost": "was killed or cancelled"}


class Watch:
    """The watch of one process; it remembers only what it has said already, everything else is asked of Prefect."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._say = say
        self._told: set[tuple[str, str]] = set()
        self._faults: set[str] = set()
        self._first = True

    def mark_orphans(self) -> None:
        """Runs that a server of ours still takes for running: their process has ended with the one that served before.

        One that has outlived it loads its figures all the same, or finds them there; the record of Prefect's is wrong
        then, no figure is.
        """
        with get_client(sync_client=True) as client:
            for run in client.read_flow_runs(
                flow_filter=FlowFilter(name=FlowFilterName(any_=[COUNT, LAND, CHECK])),
                flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_UNDER_WAY))),
            ):
                client.set_flow_run_state(run.id, Crashed(message="The process that served it had ended."), force=True)

    def turn(self, as_at: datetime) -> None:
        """Look once, and do what is to be done."""
        with get_client(sync_client=True) as client:
            seen = look(client, self._settings, as_at)
            begun = catch_up(client, seen, as_at)
            for due in begun:
                period = f" for {due.period.label}" if due.period else ""
                late = ", late" if as_at - due.at > LATE else ""
                self._say(f"Due: {due.name}{period}{late}")
            self._tell(seen.attempts)
            if not begun:
                self._check(client, seen, as_at)
            self._first = False
        self._faults.clear()

    def report(self, fault: Exception) -> None:
        """Say a fault once, until a turn goes well again."""
        text = str(fault) if isinstance(fault, StageError) else type(fault).__name__
        if text not in self._faults:
            self._faults.add(text)
            self._say(f"Could not look at what is due: {text}")

    def _tell(self, attempts: Sequence[Attempt]) -> None:
        """Say what has begun and ended since the last turn; nothing of what was there at the first."""
        for one in reversed(attempts):
            if one.state == "waiting" or (one.id, one.state) in self._told:
                continue
            self._told.add((one.id, one.state))
            if not self._first:
                self._say(f"{one.name}: {_WORDS.get(one.state, 'begun')}")

    def _check(self, client: SyncPrefectClient, seen: Seen, as_at: datetime) -> None:
        """Have quality checked when runs have ended since the last check began, and none is under way."""
        ended = [one for one in seen.attempts if one.state in ENDED and one.ended_at]
        if any(one.state == "running" for one in seen.attempts) or any(
            one.state == "waiting" and one.due_at <= as_at for one in seen.attempts
        ):
            return
        found = client.read_deployments(flow_filter=FlowFilter(name=FlowFilterName(any_=[CHECK])))
        for deployment in found:
            checks = [attempt(run, CHECK, CHECK) for run in runs_of(client, deployment.id, as_at)]
            self._tell(checks)
            if any(one.state in ("waiting", "running") for one in checks):
                return
            last = max((one.began_at or one.due_at for one in checks), default=None)
            newest = max(ended, key=_end, default=None)
            if last is not None and (newest is None or _end(newest) <= last):
                return
            key = f"{CHECK} after {newest.id if newest else 'nothing'} {newest.state if newest else ''}"
            client.create_flow_run_from_deployment(
                deployment.id, state=Scheduled(scheduled_time=as_at), idempotency_key=key
            )


def _end(one: Attempt) -> datetime:
    return one.ended_at or one.due_at
