"""What a fault means today: judged by the limits of a day, what it holds back, and the verdict of them all."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from expectations.judging import judged
from expectations.rules import RULES
from expectations.thresholds import Threshold, load_thresholds, threshold_in_force
from load.measured import Measured, RunLogged, subject_of_run
from pipelines.quality_contract import (
    FINE,
    HELD_BACK,
    SEVERITY_ORDER,
    WARNINGS,
    CheckState,
    Issue,
    StateVerdict,
    TrendPoint,
)
from pipelines.quality_issues import Tracked, issue_id
from pipelines.times import london_day

if TYPE_CHECKING:
    from expectations.rule import Rule

STOPPED = "run.stopped"
"""Rule of the issue of a run that was stopped though no check of it fails today."""
OPS = "ops"
"""Owner of what no threshold names an owner for."""
_STOPPED_REMEDY = "Mend what it was stopped for, then run it again: courtstats run"
_STOPPED_ABOUT = (
    "A run that is stopped states no figure. What was current before stays current, so a figure that should be new is "
    "not. This stays open until the same question and period is completed."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The catalogue and the limits as they are on a day. Each measurement is judged once."""

    day: date
    thresholds: Mapping[str, Threshold]
    rules: "Mapping[str, type[Rule]]"
    _known: dict[int, bool] = field(default_factory=dict, repr=False)

    def passes(self, one: Measured) -> bool:
        """Whether a measurement passes. Of a rule that counts nothing, as it was judged then."""
        if one.check_id not in self._known:
            if one.checked is None or one.unexpected is None:
                self._known[one.check_id] = one.outcome == "passed"
            else:
                verdict = judged(one.rule, one.checked, one.unexpected, one.outcome, self.day, self.thresholds)
                self._known[one.check_id] = verdict == "passed"
        return self._known[one.check_id]

    def severity(self, one: Measured) -> str:
        """Severity of its check in the catalogue; of a check that is in it no longer, that of then."""
        return self.rules[one.rule].severity if one.rule in self.rules else one.severity

    def limit(self, rule: str) -> Threshold:
        """What is tolerated of a rule on this day."""
        return threshold_in_force(rule, self.thresholds, self.day)


def limits_at(as_at: datetime) -> Limits:
    """The limits of a day in London. Raises ExceptionGroup of GateError where thresholds.csv cannot be used."""
    return Limits(london_day(as_at), load_thresholds(), {rule.id: rule for rule in RULES})


def issue_of(one: Tracked, limits: Limits, first_seen: datetime, trend: tuple[TrendPoint, ...]) -> Issue:
    """A tracked fault with everything that people need of it."""
    newest, rule = one.newest, limits.rules.get(one.newest.rule)
    limit = limits.limit(newest.rule)
    made = Issue(
        id=issue_id(*one.key),
        rule=newest.rule,
        gate=newest.gate,
        subject=newest.subject,
        segment=newest.segment,
        severity=limits.severity(newest),
        outcome="error" if newest.outcome == "error" else "failed",
        sentence=rule.sentence if rule else newest.sentence,
        detail=newest.detail,
        remedy=rule.remedy if rule else "",
        about=rule.about if rule else "",
        checked=newest.checked,
        unexpected=newest.unexpected,
        limit_kind=limit.kind,
        limit=limit.limit,
        first_seen=first_seen,
        last_seen=newest.recorded_at,
        runs_failing=one.failing,
        trend=trend,
        holds_back=(),
        judged_then=newest.outcome == "passed",
        owner=limit.owner or OPS,
        state="open" if one.resolved_at is None else "resolved",
        resolved_at=one.resolved_at,
        more_failing=one.cut,
        by_limits=one.by_limits,
    )
    if not made.critical or made.state == "resolved":
        return made
    return replace(made, holds_back=held_by(newest))


def held_by(one: Measured) -> tuple[str, ...]:
    """What a critical fault holds back, in words.

    A run: its question and period. A landing: the gate before counting looks at its records again wherever they
    count, so every figure of its hearings. An inspection: the question that its segment names, or everything.
    """
    if one.owner_kind == "run":
        passed = "; it passed when it was checked: what was loaded of it may not go out"
        return (period_words(one.subject) + (passed if one.outcome == "passed" else ""),)
    if one.owner_kind == "landing":
        source = parts_of(one.segment).get("source") or one.subject.removeprefix("source:")
        return (f"every figure of hearings landed in batch {one.owner_id} ({source})",)
    named = parts_of(one.segment).get("question")
    return (f"{named}, every period" if named else "every figure",)


def parts_of(text: str) -> dict[str, str]:
    """The pairs of a segment by name."""
    return dict(part.split("=", 1) for part in text.split(";") if "=" in part)


def period_words(subject: str) -> str:
    """`stalking-protection-orders 2020Q1 (case)` from the subject of a run."""
    parts = parts_of(f"question={subject.removeprefix('question:')}")
    return f"{parts.get('question', '')} {parts.get('period', '')} ({parts.get('unit', '')})"


def question_of(subject: str) -> str | None:
    """The question that a run's subject is about; None of a landing or an inspection."""
    return subject.removeprefix("question:").split(";")[0] if subject.startswith("question:") else None


def is_about(one: Measured, question: str | None, limits: Limits) -> bool:
    """Whether a measurement says something of a question: its own runs, and what was landed and looked at for all."""
    if question is None:
        return True
    own = question_of(one.subject) or parts_of(one.segment).get("question")
    only = limits.rules[one.rule].questions if one.rule in limits.rules else ()
    return own in (None, question) and (not only or question in only)


def stopped_issues(runs: Sequence[RunLogged], issues: Sequence[Issue]) -> list[Issue]:
    """An issue of each period whose newest runs were stopped, unless a critical check of them says why.

    `runs` are those that were stopped and not completed since, oldest first.
    """
    explained = {i.subject for i in issues if i.critical}
    by_subject: dict[str, list[RunLogged]] = defaultdict(list)
    for run in runs:
        by_subject[subject_of_run(run.question, run.unit, run.period)].append(run)
    return [_stopped(subject, row) for subject, row in by_subject.items() if subject not in explained]


def _stopped(subject: str, row: Sequence[RunLogged]) -> Issue:
    reason = row[-1].stop_reason or "no reason was recorded"
    return Issue(
        id=issue_id(STOPPED, subject, ""),
        rule=STOPPED,
        gate="run",
        subject=subject,
        segment="",
        severity="critical",
        outcome="failed",
        sentence="Every run that is begun is completed.",
        detail=f"Stopped: {reason}. No check of it fails by the limits of today.",
        remedy=_STOPPED_REMEDY,
        about=_STOPPED_ABOUT,
        checked=None,
        unexpected=None,
        limit_kind="count",
        limit=0,
        first_seen=row[0].finished_at,
        last_seen=row[-1].finished_at,
        runs_failing=len(row),
        trend=(),
        holds_back=(period_words(subject),),
        judged_then=False,
        owner=OPS,
        state="open",
    )


def is_warning(issue: Issue) -> bool:
    """Whether it goes with the figures as a note: a warning, or a watch that could not run."""
    return not issue.critical and (issue.severity == "warning" or issue.outcome == "error")


def verdict_of(issues: Sequence[Issue]) -> StateVerdict:
    """Held back by an open critical issue, else warnings where there are any; what is only recorded makes none."""
    if any(i.critical for i in issues):
        return HELD_BACK
    return WARNINGS if any(is_warning(i) for i in issues) else FINE


def headline_of(
    verdict: StateVerdict, issues: Sequence[Issue], checks: Sequence[CheckState], question: str | None
) -> str:
    """The verdict as one sentence: how many, and since when."""
    of = f" of {question}" if question else ""
    critical, warnings = [i for i in issues if i.critical], [i for i in issues if is_warning(i)]
    if verdict == HELD_BACK:
        since = london_day(min(i.first_seen for i in critical))
        besides = f"; {_open(len(warnings), 'warning')} besides" if warnings else ""
        return (
            f"Figures{of} are held back: {_open(len(critical), 'critical issue')}, the oldest since "
            f"{since:%-d %B %Y}{besides}."
        )
    if verdict == WARNINGS:
        return f"No figure{of} is held back; {_open(len(warnings), 'warning')}."
    made = sum(c.measured > 0 for c in checks)
    return f"Nothing is wrong: {made} checks were made, and none that matters fails."


def _open(number: int, what: str) -> str:
    return f"{number} {what} is open" if number == 1 else f"{number} {what}s are open"


def order_of(issue: Issue) -> tuple[bool, int, datetime, str]:
    """The most severe first, then the oldest."""
    return (not issue.critical, SEVERITY_ORDER.index(issue.severity), issue.first_seen, issue.id)
