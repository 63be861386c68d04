"""An answer against those of earlier periods: the share that each step keeps, and in which direction a figure lies.

What is said of a question holds shares, directions and periods, never a figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from expectations.limits import Limits, count_limits, share_limits
from expectations.watching import Watched

MATERIAL = 0.01
"""A share that moved by less is not told, however surely it moved."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one answer: how many results it kept, of how many that the step before it left."""

    step: str
    kept: int
    of: int


@dataclass(frozen=True, slots=True)
class Counted:
    """One figure that was counted: of the whole (segment as `question=ID`) or of a force (`police_force=CODE`)."""

    segment: str
    first: date
    last: date
    value: int


def steps_kept(rows: Sequence[tuple[str, int]]) -> list[Step]:
    """What each step after the first kept, from the rows of results that are left after each.

    A step that leaves more rows than there were before it makes them anew, and keeps no share.
    """
    return [Step(step, kept, of) for (_, of), (step, kept) in pairwise(rows) if kept <= of]


def watch_steps(now: Sequence[Step], past: Sequence[Sequence[Step]]) -> list[Watched]:
    """The share that each step keeps, against earlier periods (the newest last) of the same definition's steps."""
    series = []
    for step in now:
        before = [one for of in past for one in of if one.step == step.step]
        if share_limits([(one.kept, one.of) for one in before], step.of):
            series.append((step, before))
    found: list[Watched] = []
    for step, before in series:
        limits = share_limits([(one.kept, one.of) for one in before], step.of, among=len(series))
        assert limits is not None
        slack = int(MATERIAL * step.of)
        usual = limits.expected / step.of
        low = min(limits.low, int(limits.expected) - slack)
        high = max(limits.high, int(limits.expected) + slack)
        detail = (
            f"The step {step.step!r} keeps {step.kept / step.of:.0%} of the results instead of {usual:.0%}; "
            f"{low / step.of:.0%} to {high / step.of:.0%} were to be expected from the {limits.periods} periods before "
            f"({limits.distribution})."
        )
        found.append(Watched("watched.attrition-shift", f"step={step.step}", step.kept, max(low, 0), high, detail))
    return found


def watch_figures(now: Sequence[Counted], past: Sequence[Counted]) -> list[Watched]:
    """Each figure against those of earlier periods of the same length; only figures that were counted, none held.

    A force without a figure in an earlier period of which the whole has one had none to count: 0.
    """
    series = [(one, *_before(one, past)) for one in now]
    told = [(one, values, days) for one, values, days in series if count_limits(values, exposures=days)]
    found: list[Watched] = []
    for one, values, days in told:
        limits = count_limits(values, exposures=days, exposure=_days(one.first, one.last), among=len(told))
        assert limits is not None
        detail = _level_detail(one, limits)
        found.append(Watched("watched.figure-level", one.segment, one.value, limits.low, limits.high, detail))
    return found


def alike(first: date, last: date, other_first: date, other_last: date) -> bool:
    """Whether two periods are of the same length: the same number of whole months, or of days."""
    return _length(first, last) == _length(other_first, other_last)


def _length(first: date, last: date) -> tuple[str, int]:
    after = last + timedelta(days=1)
    if first.day == 1 and after.day == 1:
        return "months", (after.year - first.year) * 12 + after.month - first.month
    return "days", (after - first).days


def _before(one: Counted, past: Sequence[Counted]) -> tuple[list[int], list[float]]:
    """The earlier values of a figure, oldest first, and the working days of their periods."""
    earlier = [p for p in past if p.last < one.first and alike(p.first, p.last, one.first, one.last)]
    whole = sorted({(p.first, p.last) for p in earlier if not p.segment.startswith("police_force=")})
    own = {(p.first, p.last): p.value for p in earlier if p.segment == one.segment}
    told = whole if own else []
    return [own.get(period, 0) for period in told], [_days(*period) for period in told]


def _level_detail(one: Counted, limits: Limits) -> str:
    side = "above" if one.value > limits.expected else "below"
    what = f"of police force {one.segment.split('=')[1]}" if one.segment.startswith("police_force=") else "of the whole"
    return f"The figure {what} lies {side} what the {limits.periods} periods before let expect ({limits.distribution})."


def _days(first: date, last: date) -> float:
    """Mondays to Fridays of a period; at least one."""
    weeks, rest = divmod((last - first).days + 1, 7)
    return float(max(1, weeks * 5 + sum((first + timedelta(days=n)).weekday() < 5 for n in range(rest))))
