"""The parts of the state beside the issues: checks, runs, funnels, sources, volumes, what is due."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from statistics import median

from load.connecting import NotAllowedError, Warehouse
from load.landings_logged import sources_logged, volumes_logged
from load.measured import Measured, RunLogged, StepKept, subject_of_run
from load.quality import attrition_shares
from pipelines.quality_contract import (
    FINE,
    HELD_BACK,
    WARNINGS,
    CheckState,
    Due,
    Funnel,
    Issue,
    RunState,
    SourceState,
    StateVerdict,
    StepShare,
    Volume,
)
from pipelines.quality_judged import Limits, parts_of
from pipelines.quality_store import OfStore
from pipelines.times import london_day

VOLUMES_SHOWN = timedelta(days=400)
LATE = "watched.source-late"
DUE = ("watched.run-overdue", "watched.run-hanging")
DAY = timedelta(days=1)
_SAME_LENGTH = 0.1
"""Periods are of one length where their days differ by no more than this share: a quarter has 90 to 92."""

Shares = Mapping[tuple[str, str], Sequence[StepKept]]
"""Of each question and unit, what every step kept in every period that stands."""


def check_states(measured: Sequence[Measured], limits: Limits) -> tuple[CheckState, ...]:
    """Every check of the catalogue with how its newest measurements stand, in the order of the catalogue."""
    newest: dict[tuple[str, str], int] = {}
    for one in measured:
        newest[one.rule, one.subject] = max(one.owner_id, newest.get((one.rule, one.subject), one.owner_id))
    last: dict[str, list[Measured]] = defaultdict(list)
    for one in measured:
        if newest[one.rule, one.subject] == one.owner_id:
            last[one.rule].append(one)
    return tuple(
        CheckState(
            rule=rule.id,
            gate=rule.gate,
            severity=rule.severity,
            sentence=rule.sentence,
            measured=len(last[rule.id]),
            failing=sum(not limits.passes(m) for m in last[rule.id]),
            last_at=max((m.recorded_at for m in last[rule.id]), default=None),
            remedy=rule.remedy,
            about=rule.about,
        )
        for rule in limits.rules.values()
    )


def shares_of(warehouse: Warehouse, runs: Sequence[RunLogged]) -> Shares:
    """The shares of every question and unit that was completed; none where this account may not read them."""
    wanted = sorted({(r.question, r.unit) for r in runs if r.state == "completed"})
    with suppress(NotAllowedError):
        return {key: attrition_shares(warehouse, *key) for key in wanted}
    return {}


def run_states(
    runs: Sequence[RunLogged], measured: Sequence[Measured], issues: Sequence[Issue], limits: Limits, shares: Shares
) -> tuple[RunState, ...]:
    """The newest runs, newest first: the verdict is that of a run's own checks by the limits of today."""
    worst: dict[int, StateVerdict] = {}
    for one in measured:
        if one.owner_kind != "run" or limits.passes(one):
            continue
        severity = limits.severity(one)
        if severity == "critical" or one.outcome == "error":
            worst[one.owner_id] = HELD_BACK
        elif severity == "warning" and worst.get(one.owner_id) != HELD_BACK:
            worst[one.owner_id] = WARNINGS
    open_subjects = {i.subject for i in issues if i.critical}
    return tuple(
        RunState(
            run_id=run.run_id,
            question=run.question,
            unit=run.unit,
            period=run.period,
            state=run.state,
            stop_reason=run.stop_reason,
            started_at=run.started_at,
            finished_at=run.finished_at,
            verdict=_verdict(run, worst, open_subjects),
            attrition=_steps(shares.get((run.question, run.unit), ()), run.run_id)[0],
        )
        for run in runs
    )


def _verdict(run: RunLogged, worst: Mapping[int, StateVerdict], open_subjects: set[str]) -> StateVerdict:
    if run.state == "stopped" and subject_of_run(run.question, run.unit, run.period) in open_subjects:
        return HELD_BACK
    return worst.get(run.run_id, FINE)


def funnels_of(shares: Shares) -> tuple[Funnel, ...]:
    """The newest period of each question and unit, step by step, beside what is usual."""
    found = []
    for (question, unit), steps in shares.items():
        if not steps:
            continue
        newest = max(steps, key=lambda s: (s.period_to, s.period_from))
        kept, before = _steps(steps, newest.run_id, newest.period)
        found.append(Funnel(question, unit, newest.period, newest.run_id, kept, before))
    return tuple(found)


def _steps(steps: Sequence[StepKept], run_id: int, period: str | None = None) -> tuple[tuple[StepShare, ...], int]:
    """What each step of a run kept beside the median of the earlier periods of its length, and how many those are."""
    own = [s for s in steps if s.run_id == run_id and period in (None, s.period)]
    if not own:
        return (), 0
    before = [s for s in steps if s.period_to < own[0].period_from and _is_as_long(s, own[0])]
    past: dict[str, list[float]] = defaultdict(list)
    for one in before:
        if one.kept is not None:
            past[one.step].append(one.kept)
    made = tuple(
        StepShare(s.step, s.kept, median(past[s.step]) if past[s.step] else None)
        for s in sorted(own, key=lambda s: s.position)
    )
    return made, len({s.period for s in before})


def _is_as_long(one: StepKept, other: StepKept) -> bool:
    days, others = _days(one.period_from, one.period_to), _days(other.period_from, other.period_to)
    return abs(days - others) <= _SAME_LENGTH * others


def _days(first: date, last: date) -> int:
    return (last - first).days + 1


def source_states(
    warehouse: Warehouse, known: OfStore, issues: Sequence[Issue], as_at: datetime
) -> tuple[SourceState, ...]:
    """Every source that something was landed of, with how long ago, and whether a check says that it is late."""
    late = {parts_of(i.segment).get("source", ""): i for i in issues if i.rule == LATE}
    return tuple(
        SourceState(
            name=one.name,
            format=one.format,
            last_landed_at=one.last_landed_at,
            last_received_at=one.last_received_at,
            newest_hearing=known.newest_hearing.get(one.name),
            landings=one.landings,
            refused=one.refused,
            quarantined=None if known.held is None else known.held.get(one.name, 0),
            fresh=fresh_words(one.last_landed_at, as_at)
            + (f"; late: {late[one.name].detail}" if one.name in late else ""),
            complete=known.complete.get(one.name),
            late=one.name in late,
        )
        for one in sources_logged(warehouse)
    )


def fresh_words(last: datetime, as_at: datetime) -> str:
    """How many days of London ago something was landed."""
    days = (london_day(as_at) - london_day(last)).days
    if days <= 0:
        return "landed today"
    return "landed yesterday" if days == 1 else f"landed {days:,} days ago"


def volumes_of(warehouse: Warehouse, as_at: datetime) -> tuple[Volume, ...]:
    """What each source landed in each of the last months."""
    return tuple(Volume(*row) for row in volumes_logged(warehouse, as_at - VOLUMES_SHOWN))


def due_of(issues: Sequence[Issue]) -> tuple[Due, ...]:
    """Runs that were due and did not come, or hang, as the last inspection found them."""
    return tuple(
        Due(parts_of(i.segment).get("deployment", ""), i.first_seen, i.detail or i.sentence)
        for i in issues
        if i.rule in DUE
    )
