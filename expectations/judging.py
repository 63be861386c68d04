"""Judging what was measured, counts against limits: at once, or years later by the limits of that day.

Nothing here runs a rule or reads a record: what is stored of a measurement is enough.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from expectations.contract import Outcome, Verdict
from expectations.rule import Rule
from expectations.thresholds import Threshold, load_thresholds, threshold_in_force

_NOTHING = (("", 0, 0),)


def judged(
    rule: str,
    checked: int | None,
    unexpected: int | None,
    outcome: str,
    as_at: date | None,
    thresholds: Mapping[str, Threshold] | None = None,
) -> Verdict:
    """What a stored measurement is by the limits of a day.

    Args:
        rule: the rule's id; one that is in the catalogue no longer tolerates nothing.
        checked, unexpected: as measured.
        outcome: as judged then. `error` stays one: what could not run was not measured.
        as_at: the day; a limit that has expired by then tolerates nothing. None: no limit has expired.
        thresholds: as `load_thresholds` gives them (None: those of the project, read again at each call).

    Raises:
        ExceptionGroup: of GateError, where thresholds.csv cannot be used.
    """
    if outcome == "error" or checked is None or unexpected is None:
        return "error"
    known = load_thresholds() if thresholds is None else thresholds
    return "passed" if threshold_in_force(rule, known, as_at).tolerates(checked, unexpected) else "failed"


def rejudged(outcomes: Iterable[Outcome], as_at: date | None) -> list[Outcome]:
    """Outcomes as they are by the limits of a day: the same counts, which were measured once. Raises as `judged`."""
    known, found = load_thresholds(), []
    for one in outcomes:
        limit = threshold_in_force(one.rule, known, as_at)
        verdict = judged(one.rule, one.checked, one.unexpected, one.outcome, as_at, known)
        found.append(replace(one, outcome=verdict, limit_kind=limit.kind, limit=limit.limit))
    return found


def measured(rule: type[Rule], parts: Iterable[Sequence[Any]], limit: Threshold) -> list[Outcome]:
    """The outcomes of a rule: one for each part (segment, checked, unexpected); without parts, one of nothing."""
    return [
        Outcome(
            gate=rule.gate,
            rule=rule.id,
            severity=rule.severity,
            outcome="passed" if limit.tolerates(checked, unexpected) else "failed",
            checked=checked,
            unexpected=unexpected,
            sentence=rule.sentence,
            remedy=rule.remedy,
            segment=segment,
            limit_kind=limit.kind,
            limit=limit.limit,
        )
        for segment, checked, unexpected in (tuple(parts) or _NOTHING)
    ]
