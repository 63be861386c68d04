"""What may not be shown now: a hold set after a figure was loaded hides it too, wherever it would be shown."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from transform.contract import HELD

if TYPE_CHECKING:
    from load.contract import StoredFigure
    from transform.definition import Question

IsHeld = Callable[[str, str], bool]
"""Whether the figure of a period (its label) and cell (canonical) is held."""


def held_now(question: "Question", now: datetime) -> IsHeld:
    """Which figures of a question are held at a time."""
    from transform.answers import days_of
    from transform.holds import holds_in_force
    from transform.periods import parse_period

    if not any(now < hold.until for hold in question.holds):
        return lambda _period, _cell: False

    @cache
    def is_held(period: str, cell: str) -> bool:
        days = days_of(parse_period(period), list(json.loads(cell).items()))
        return bool(holds_in_force(question, days, now))

    return is_held


def any_held(question: "Question", now: datetime, period: str | None = None) -> bool:
    """Whether a hold is in force at a time, on days of a period where one is given: told by the definition alone."""
    from transform.holds import holds_in_force
    from transform.periods import parse_period

    if period is not None:
        return bool(holds_in_force(question, parse_period(period), now))
    return any(now < hold.until for hold in question.holds)


def hide_held(figure: "StoredFigure", is_held: IsHeld) -> "StoredFigure":
    """A stored figure as it may be shown: where it is held without its value, and without what it was published as.

    `without_traces` takes more out of what is written to a file or for machines.
    """
    if not is_held(figure.period, figure.cell):
        return figure
    return replace(figure, value=None, status=HELD, marks="", published_value=None, published_at=None)


def without_traces(values: dict[str, Any]) -> dict[str, Any]:
    """A held figure's fields without those that tell whether and when it last moved (the others are of its run)."""
    return values | dict.fromkeys(MOVED) if values["status"] == HELD else values


MOVED = ("figure_id", "vintage", "known_from")
