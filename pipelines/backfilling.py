"""`courtstats backfill`: a question for each period of a range that is not there yet, one run after another.

What a period's run has loaded stays, whatever becomes of the next: the same command goes on with what is missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal

from load.reading import standing_run
from pipelines import progress, recording, runs
from pipelines.settings import Settings, prepare_prefect
from transform.contract import TransformError
from transform.definition import Question
from transform.periods import Period, series

PARTS = {
    "last complete month": "month",
    "last complete quarter": "quarter",
    "last complete half-year": "half-year",
    "last complete year": "year",
    "last complete financial year": "financial-year",
}
"""What a range is cut into where the question's schedule says so."""

State = Literal["there", "missing", "loaded", "failed", "not begun"]


@dataclass(frozen=True, slots=True)
class Filled:
    """One period: what has become of it, and the numbers of its runs in the warehouse, by unit."""

    period: Period
    state: State
    runs: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Backfill:
    """A question's periods in order. `fault` is what ended the filling before its end."""

    question: str
    every: str
    periods: tuple[Filled, ...]
    fault: Exception | None = None

    def count(self, *states: State) -> int:
        """How many periods are in one of these states."""
        return sum(one.state in states for one in self.periods)


def plan(
    settings: Settings, question: str, first: date, last: date, every: str | None, units: Sequence[str]
) -> Backfill:
    """Which periods of the range are there already, with the records and the definition of now, and which are not.

    Raises:
        TransformError: no such question or unit, one that a published table answers, days that are not whole periods.
        ExtractError: nothing to count.
    """
    found = runs.question(settings, question)
    if found.published:
        raise runs.published_elsewhere(found)
    part = every or _part(found)
    periods = series(part, first, last)
    orders = runs.prepare_all(settings, found, periods, [], None, datetime.now(UTC), units=units)
    there: dict[Period, list[tuple[str, int]]] = {period: [] for period in periods}
    if recording.there_is_one(settings):
        with recording.opened(settings) as warehouse:
            for order in orders:
                if stored := standing_run(warehouse, recording.key_of(order)):
                    there[order.period].append((order.unit, stored.run_id))
    wanted = {order.unit for order in orders}
    return Backfill(
        question,
        part,
        tuple(
            Filled(period, "there" if {unit for unit, _ in known} == wanted else "missing", tuple(known))
            for period, known in there.items()
        ),
    )


def _part(question: Question) -> str:
    if question.schedule is None:
        raise TransformError(
            "has no schedule that says what its periods are", where=question.id, remedy="Give --every quarter, say"
        )
    return PARTS[question.schedule.period]


def backfill(settings: Settings, planned: Backfill, units: Sequence[str]) -> Backfill:
    """Run what is missing, the earliest period first; stops at the first fault, which is in the answer."""
    if not planned.count("missing"):
        return planned
    progress.show()
    progress.say("Starting Prefect")
    prepare_prefect(settings)
    from pipelines.count_orders import count_orders

    done: list[Filled] = []
    fault: Exception | None = None
    for position, one in enumerate(planned.periods, 1):
        if one.state == "there" or fault:
            done.append(one if one.state == "there" else replace(one, state="not begun"))
            continue
        progress.say(f"{one.period.label}: period {position} of {len(planned.periods)}")
        try:
            ran = count_orders(planned.question, one.period.first, one.period.last, units=list(units))
        except Exception as error:
            fault = error
            done.append(replace(one, state="failed"))
            continue
        numbers = tuple((each.answer.unit, each.run_id) for each in (ran, *ran.beside) if each.run_id is not None)
        done.append(Filled(one.period, "loaded", numbers))
    return replace(planned, periods=tuple(done), fault=fault)
