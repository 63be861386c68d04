"""What the gates promise: the outcome of every rule as counts and plain words, and what stops a run."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from extract.contract import StageError

Gate = Literal["landed", "counted", "loaded"]
Severity = Literal["critical", "warning"]
Verdict = Literal["passed", "failed", "error"]


class GateError(StageError):
    """A rule that stops a run, or a file of thresholds that cannot be used."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule of one gate found: counts and the rule's own words, never a value or a message.

    `outcome` is `error` where the rule could not run, which is not a rule that failed; then `checked` and
    `unexpected` are `None`. Both count what the rule is about: rows, statements, cells or steps.
    """

    gate: str
    rule: str
    severity: Severity
    outcome: Verdict
    checked: int | None
    unexpected: int | None
    sentence: str
    remedy: str


def stops(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Those outcomes that stop a run: a critical rule that failed, and any rule that could not run."""
    return [o for o in outcomes if o.outcome == "error" or (o.outcome == "failed" and o.severity == "critical")]
