"""Which runs are due: the latest time of each schedule, the period it stands for, and what has become of it.

Nothing here asks Prefect or reads a clock: what Prefect knows comes as `Attempt`, the time as `as_at`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Literal

from expectations.contract import Outcome
from expectations.rules_due import RunHanging, RunOverdue
from pipelines.times import LONDON, in_words
from transform.periods import Period, period_before

if TYPE_CHECKING:
    from expectations.rule import Rule
    from load.connecting import Warehouse
    from pipelines.source_definition import NamedSource
    from transform.questions import Definitions

COUNT, LAND = "count-orders", "land-hearings"
"""Names of the flows that have schedules; a deployment has the name of its question or source."""
GRACE = timedelta(hours=1)
"""How long after its time a run may begin and end before it is called overdue: a count takes minutes."""
HANGS_AFTER = 4
"""A run hangs when it takes longer than so many times the median of those before it ..."""
HANGS_AT_LEAST = timedelta(hours=1)
"""... and longer than this: a busy machine is no fault."""
FEWEST_BEFORE = 3
HANGS_WITHOUT_PAST = timedelta(hours=6)
"""What is too long where fewer than `FEWEST_BEFORE` runs have ended."""
MOST_TRIES = 3
"""How often a run that is killed is begun in all."""

State = Literal["waiting", "running", "completed", "failed", "lost"]
Standing = Literal["made", "running", "waiting", "failed", "given up", "missing"]


@dataclass(frozen=True, slots=True)
class Due:
    """The latest time at which a deployment was due (UTC), and the period that it stands for (None: a landing)."""

    flow: str
    name: str
    at: datetime
    period: Period | None
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run that Prefect knows of: the time for which it was scheduled, and what has become of it.

    `lost` is a run that was killed or cancelled: it came to no end of its own. `automatic` is one that the schedule
    made. `seconds` is how long it ran.
    """

    id: str
    flow: str
    name: str
    due_at: datetime
    state: State
    began_at: datetime | None = None
    ended_at: datetime | None = None
    seconds: float = 0.0
    automatic: bool = False


def last_time(cron: str, as_at: datetime) -> datetime:
    """The latest time of a schedule up to `as_at` (aware), in UTC; its fields are on London's clock, as in Prefect.

    One that comes twice, on the night when the clock goes back, is the first of the two.
    """
    return _step(cron, as_at + timedelta(seconds=1), back=True)


def next_time(cron: str, as_at: datetime) -> datetime:
    """The first time of a schedule after `as_at` (aware), in UTC; see `last_time`."""
    return _step(cron, as_at, back=False)


def _step(cron: str, start: datetime, *, back: bool) -> datetime:
    from cronsim import CronSim

    clock = start.astimezone(LONDON).replace(tzinfo=None)
    if back:  # on the night when the clock goes forward, a time that it skips lies ahead of it
        clock += timedelta(hours=2)
    times = CronSim(cron, clock, reverse=back)
    day, weekday = cron.split()[2], cron.split()[4]
    # Prefect joins day and weekday by "or" wherever both are given; cronsim by "and" where one begins with a star.
    times.day_and = day == "*" or weekday == "*"
    while True:
        found = _moment(next(times))
        if (found < start) if back else (found > start):
            return found


def _moment(clock: datetime) -> datetime:
    """A time on London's clock, in UTC; one that the clock skips is taken with the offset of summer, as in Prefect."""
    found = clock.replace(tzinfo=LONDON).astimezone(UTC)
    skipped = found.astimezone(LONDON).replace(tzinfo=None) != clock
    return clock.replace(tzinfo=LONDON, fold=1).astimezone(UTC) if skipped else found


def dues(found: "Definitions", sources: Iterable["NamedSource"], as_at: datetime) -> list[Due]:
    """The latest due run of each source and question that has a schedule, sources first: what they land is counted."""
    landings = [Due(LAND, one.name, last_time(one.schedule, as_at), None) for one in sources if one.schedule]
    counts = []
    for question in found.questions.values():
        if question.schedule and not question.published:
            at = last_time(question.schedule.cron, as_at)
            period = period_before(question.schedule.period, at.astimezone(LONDON).date())
            counts.append(Due(COUNT, question.id, at, period, question.units))
    return landings + counts


def answered(warehouse: "Warehouse", due: Due) -> bool:
    """Whether the warehouse has what this due run would bring, or the record that it was stopped.

    It has if, since then, every unit of the period was counted or stopped by a check; or if what was counted before
    knew every landing that had been made by then (a run that finds its figures there leaves no trace).
    """
    from load.latest_runs import batch_at, runs_of_period

    if due.period is None:
        return False
    known = batch_at(warehouse, due.at)
    fresh: set[str] = set()
    for run in runs_of_period(warehouse, due.name, due.period.label):
        if run.finished_at >= due.at or (run.state == "completed" and run.newest_batch >= known):
            fresh.add(run.unit)
    return set(due.units) <= fresh


def standing(due: Due, attempts: Iterable[Attempt], *, is_answered: bool) -> Standing:
    """What has become of a due run. `missing` and nothing else is to be begun (again).

    A run that failed is not begun again by itself: a person has to mend what it told. One that was killed is, up to
    `MOST_TRIES` times in all. What was due before is not made up for: the newest period is what is owed.
    """
    ours = [one for one in attempts if (one.flow, one.name) == (due.flow, due.name)]
    if any(one.state == "running" for one in ours):
        return "running"
    since = [one for one in ours if one.due_at >= due.at]
    if is_answered or any(one.state == "completed" for one in since):
        return "made"
    if any(one.state == "waiting" and one.due_at == due.at for one in since):
        return "waiting"
    if any(one.state == "failed" for one in since):
        return "failed"
    lost = sum(one.state == "lost" for one in since)
    return "given up" if lost >= MOST_TRIES else "missing"


def too_long(run: Attempt, before: Iterable[Attempt], as_at: datetime) -> tuple[timedelta, timedelta] | None:
    """How long a run has taken and what was to be expected at most, if it hangs; None while it does not."""
    if run.state != "running" or run.began_at is None:
        return None
    past = [one.seconds for one in before if (one.flow, one.name, one.state) == (run.flow, run.name, "completed")]
    most = HANGS_WITHOUT_PAST
    if len(past) >= FEWEST_BEFORE:
        most = max(HANGS_AT_LEAST, timedelta(seconds=HANGS_AFTER * median(past)))
    taken = as_at - run.began_at
    return (taken, most) if taken > most else None


def due_outcomes(
    found: Sequence[tuple[Due, Standing]], attempts: Sequence[Attempt], as_at: datetime
) -> tuple[Outcome, ...]:
    """The checks `watched.run-overdue` and `watched.run-hanging`: one outcome for all, one more for each that fails."""
    overdue = [
        (due.name, f"{_due_words(due)}; {_BECAME[how]}")
        for due, how in found
        if how in _BECAME and as_at > due.at + GRACE
    ]
    hanging = []
    for one in attempts:
        if found_long := too_long(one, attempts, as_at):
            taken, most = (round(span.total_seconds() / 60) for span in found_long)
            hanging.append((one.name, f"it has run for {taken} minutes; at most {most} were to be expected"))
    running = sum(one.state == "running" for one in attempts)
    return (*_outcomes(RunOverdue, len(found), overdue), *_outcomes(RunHanging, running, hanging))


_BECAME: dict[Standing, str] = {
    "missing": "no run of it has ended",
    "waiting": "it is waiting: nothing takes it up",
    "failed": "it was begun and failed",
    "given up": f"it was killed {MOST_TRIES} times and is not begun again",
}


def _due_words(due: Due) -> str:
    return f"due {in_words(due.at)}" + (f" for {due.period.label}" if due.period else "")


def _outcomes(rule: type["Rule"], looked_at: int, failing: Sequence[tuple[str, str]]) -> list[Outcome]:
    whole = Outcome("watched", rule.id, rule.severity, "passed", looked_at, 0, rule.sentence, rule.remedy)
    return [whole] + [
        Outcome(
            "watched", rule.id, rule.severity, "failed", 1, 1, rule.sentence, rule.remedy,
            segment=f"deployment={name}", detail=detail,
        )
        for name, detail in failing
    ]  # fmt: skip
