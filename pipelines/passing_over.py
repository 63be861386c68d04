"""A run that a schedule made and that begins too late: a later run of the same schedule answers for it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect import State, runtime
from prefect.states import Completed

from pipelines.due import next_time
from pipelines.journal import note

LATE = timedelta(minutes=5)
MADE_BY_A_SCHEDULE = "auto-scheduled"
"""The tag that Prefect gives to the runs that its scheduler makes."""
SAYS = "Passed over: it begins so late that the next run of the same schedule is due"


def overtaken(cron: Callable[[], str | None]) -> State[Any] | None:
    """The end of the present run, if it is to be passed over: a flow that returns it is done with that state."""
    scheduled, tags = runtime.flow_run.scheduled_start_time, runtime.flow_run.tags
    if scheduled is None or MADE_BY_A_SCHEDULE not in tags:
        return None
    if not passed_over(cron(), scheduled, tags, datetime.now(UTC)):
        return None
    note(SAYS)
    return Completed(name="PassedOver", message=SAYS)


def passed_over(cron: str | None, scheduled: datetime | None, tags: Sequence[str], now: datetime) -> bool:
    """Whether a run that a schedule made begins so late that the same schedule was due again meanwhile.

    Then the later run answers, and this one has nothing to do. Runs that a person made, or that catch up, are never
    passed over. A schedule of minutes may be a minute late: starting takes its time.
    """
    if cron is None or scheduled is None or MADE_BY_A_SCHEDULE not in tags:
        return False
    later = next_time(cron, scheduled)
    return now > later + min(later - scheduled, LATE)
