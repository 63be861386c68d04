"""From measurements to issues: what fails now, since when, and what has been put right. No clock, no database.

A key is (rule, subject, segment). Its measurements are judged again by the limits of a day, so that a changed limit
opens or resolves an issue without any run. An owner (run, landing, inspection) that measured a rule of a subject
without naming a segment passed for it: only segments that fail, or failed before, are stored.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from load.measured import Measured
from pipelines.quality_contract import TrendPoint

WINDOW = 60
"""Newest measurements of each key that are looked at."""

Passes = Callable[[Measured], bool]
"""Whether a measurement passes by the limits of the day that is asked about."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """One key that fails, or did. `newest` is its newest failing measurement.

    failing: how many in a row fail, up to the newest owner (0 where it is resolved). first_seen: when the last row of
    failing measurements began. cut: the window begins within that row, so it may have begun before. resolved_at:
    when it passed first after that (None: open). cut_after: the first owner that is known after the fault is where the
    window begins, so it may have been resolved before. by_limits: it failed when it was measured and passes by the
    limits of the day; then `newest` is that measurement.
    """

    newest: Measured
    first_seen: datetime
    failing: int
    cut: bool
    resolved_at: datetime | None
    cut_after: bool = False
    by_limits: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """Rule, subject and segment."""
        return self.newest.rule, self.newest.subject, self.newest.segment


def issue_id(rule: str, subject: str, segment: str) -> str:
    """8 hex digits that stay the same as long as the key does."""
    return sha256("\0".join((rule, subject, segment)).encode()).hexdigest()[:8]


def told(measured: Iterable[Measured], empty_landings: Collection[int]) -> list[Measured]:
    """Without what an empty landing passed: a landing of nothing does not show that a fault of its source is gone."""
    return [
        m
        for m in measured
        if not (m.owner_kind == "landing" and m.owner_id in empty_landings and m.outcome == "passed" and not m.checked)
    ]


def track(measured: Iterable[Measured], passes: Passes, *, window: int = WINDOW) -> list[Tracked]:
    """Every key of which a measurement fails, with where it stands.

    Args:
        measured: of each key the newest `window`, in any order.
        passes: how they are judged; called once for each.
        window: how many of a key there are at most: of one that has so many, nothing is known of before.
    """
    by_line: dict[tuple[str, str], dict[int, dict[str, Measured]]] = defaultdict(lambda: defaultdict(dict))
    for one in measured:
        by_line[one.rule, one.subject][one.owner_id][one.segment] = one
    found: list[Tracked] = []
    for owners in by_line.values():
        verdicts = {m.check_id: passes(m) for parts in owners.values() for m in parts.values()}
        failing = {m.segment for parts in owners.values() for m in parts.values() if not verdicts[m.check_id]}
        sizes: dict[str, int] = defaultdict(int)
        for parts in owners.values():
            for segment in parts:
                sizes[segment] += 1
        edge = min((min(o for o in owners if s in owners[o]) for s, n in sizes.items() if n >= window), default=None)
        for segment in sorted(failing):
            full = sizes[segment] >= window
            start = min(o for o in owners if segment in owners[o]) if full else min(owners)
            line = sorted(owner for owner in owners if owner >= start)
            found.append(_tracked(segment, line, owners, verdicts, full=full, edge=edge))
        for one in owners[max(owners)].values():
            if one.outcome == "failed" and one.segment not in failing:
                at = one.recorded_at
                found.append(Tracked(one, at, failing=0, cut=False, resolved_at=at, by_limits=True))
    return found


def _tracked(
    segment: str,
    line: Sequence[int],
    owners: dict[int, dict[str, Measured]],
    verdicts: dict[int, bool],
    *,
    full: bool,
    edge: int | None,
) -> Tracked:
    fails = [segment in owners[o] and not verdicts[owners[o][segment].check_id] for o in line]
    last = max(place for place, failed in enumerate(fails) if failed)
    first = last
    while first and fails[first - 1]:
        first -= 1
    still = last == len(line) - 1
    after = None if still else line[last + 1]
    return Tracked(
        newest=owners[line[last]][segment],
        first_seen=owners[line[first]][segment].recorded_at,
        failing=last - first + 1 if still else 0,
        cut=full and first == 0,
        resolved_at=None if after is None else min(m.recorded_at for m in owners[after].values()),
        cut_after=after is not None and after == edge,
    )


def trend_of(
    issue: Measured, measured: Iterable[Measured], passes: Passes, *, last: int = WINDOW
) -> tuple[TrendPoint, ...]:
    """How the check went over time up to the issue's newest failing measurement, oldest first.

    `measured` are those of the same rule: for a landing or an inspection of the same subject, for a run of the same
    question and unit whatever its period, since each period is seldom counted twice.
    """
    owners: dict[int, dict[str, Measured]] = defaultdict(dict)
    for one in measured:
        if one.owner_id <= issue.owner_id:
            owners[one.owner_id][one.segment] = one
    points: list[TrendPoint] = []
    for owner in sorted(owners)[-last:]:
        if issue.segment in owners[owner]:
            one = owners[owner][issue.segment]
            points.append(TrendPoint(one.recorded_at, one.checked, one.unexpected, passes(one)))
        else:
            at = min(m.recorded_at for m in owners[owner].values())
            points.append(TrendPoint(at, None, 0, True))
    return tuple(points)


def line_of(one: Measured) -> tuple[str, str]:
    """What a trend is drawn over: the rule, and the subject without the period of a run."""
    return one.rule, one.subject.rpartition(";period=")[0] or one.subject
