"""Holds: which periods may not be given yet, and what remains open of a period."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from transform.definition import Hold, Question
from transform.periods import Period, overlap


def holds_in_force(question: Question, period: Period, now: datetime | None) -> tuple[Hold, ...]:
    """The holds that cover a part of the period and have not ended at `now` (without it, none has ended)."""
    return tuple(h for h in question.holds if overlap(h.period, period) and (now is None or now < h.until))


def open_days(period: Period, holds: Sequence[Hold]) -> bool:
    """Whether any day of the period is outside every hold."""
    day = period.first
    while covering := next((h for h in holds if h.period.first <= day <= h.period.last), None):
        if covering.period.last >= period.last:
            return False
        day = covering.period.last + timedelta(days=1)
    return True
