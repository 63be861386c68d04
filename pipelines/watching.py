"""A run's answer beside those of earlier periods, from what the warehouse holds of them."""

import json
from typing import TYPE_CHECKING

from expectations.contract import Outcome
from expectations.rules_watched import ANSWERED
from expectations.usual_answers import Counted, Step, alike, steps_kept, watch_figures, watch_steps
from expectations.watching import check_watched
from pipelines.runs import Order
from pipelines.settings import Settings
from transform.contract import COUNTED, Answer

if TYPE_CHECKING:
    from load.connecting import Warehouse

_FORCE = "police_force"


def watch_answer(
    settings: Settings,  # noqa: ARG001 - as every step of a run takes them
    warehouse: "Warehouse",
    order: Order,
    answer: Answer,
) -> tuple[Outcome, ...]:
    """The rules on what is usual for a question: what its steps keep, and in which direction a figure lies.

    Only earlier periods of the same length are looked at, as they stand in the warehouse; only figures that were
    counted, so a held one is never used. An answer without a value is not judged.

    Raises:
        LoadError: the warehouse cannot be read. ExceptionGroup: of GateError, where thresholds.csv cannot be used.
    """
    day = order.as_known_at.date()
    if answer.value is None:
        return tuple(check_watched([], ANSWERED, day))
    steps = steps_kept([(step.step, step.rows) for step in answer.attrition])
    rows = watch_steps(steps, past_steps(warehouse, order))
    rows += watch_figures(_figures(order, answer), past_figures(warehouse, order, answer))
    return tuple(check_watched(rows, ANSWERED, day))


def past_steps(warehouse: "Warehouse", order: Order) -> list[list[Step]]:
    """The steps of the standing runs of earlier periods of the same length, oldest first."""
    from load.quality import attrition_shares

    first, last = order.period.first, order.period.last
    runs: dict[tuple[object, int], list[tuple[int, str, int]]] = {}
    for one in attrition_shares(warehouse, order.question.id, order.unit):
        if one.period_to < first and alike(one.period_from, one.period_to, first, last):
            runs.setdefault((one.period_from, one.run_id), []).append((one.position, one.step, one.rows))
    return [steps_kept([(step, rows) for _, step, rows in sorted(runs[key])]) for key in sorted(runs, key=str)]


def past_figures(warehouse: "Warehouse", order: Order, answer: Answer) -> list[Counted]:
    """The standing figures of earlier periods of the same length: of the whole and, where it is asked, by force."""
    from load.quality import past_counts

    first, last = order.period.first, order.period.last
    found: list[Counted] = []
    for breakdown in ("", _FORCE) if (_FORCE,) in answer.by else ("",):
        for one in past_counts(warehouse, order.question.id, order.unit, breakdown):
            if one.period_to < first and alike(one.period_from, one.period_to, first, last):
                segment = _segment(order, json.loads(one.cell))
                found.append(Counted(segment, one.period_from, one.period_to, one.value))
    return found


def _figures(order: Order, answer: Answer) -> list[Counted]:
    told = [(f, dict(f.cell)) for f in answer.figures if f.status == COUNTED and f.value is not None]
    return [
        Counted(_segment(order, cell), order.period.first, order.period.last, figure.value or 0)
        for figure, cell in told
        if not cell or cell.keys() == {_FORCE}
    ]


def _segment(order: Order, cell: dict[str, str]) -> str:
    return f"{_FORCE}={cell[_FORCE]}" if cell else f"question={order.question.id}"
