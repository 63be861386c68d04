"""What the gates promise: the outcome of every rule as counts and plain words, and what stops a run."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from extract.contract import StageError

Gate = Literal["landed", "counted", "loaded", "watched"]
"""Where a check stands: after landing, after counting, after loading, or beside them: what is watched over time."""

Severity = Literal["critical", "warning", "info"]
"""critical holds the figure back; warning goes with it as a note; info is recorded."""

Verdict = Literal["passed", "failed", "error"]


class GateError(StageError):
    """A rule that stops a run, or a file of thresholds that cannot be used."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule of one gate found: counts and the rule's own words, never a value or a message.

    `outcome` is `error` where the rule could not run, which is not a rule that failed; then `checked` and
    `unexpected` are `None`. Both count what the rule is about: rows, statements, cells or steps.

    `segment` says of which part of what was checked this is the outcome, as `name=value` pairs joined by `;`
    (`source=spi`, `court=B01CN;month=2020-03`); empty for the whole. `limit_kind` (`count` or `share`) and `limit` are
    what was tolerated. `detail` explains a fault beyond the rule's sentence (what was expected and why); it too never
    holds a value from a record, and where the check is about a question never a figure: shares and directions only.
    """

    gate: str
    rule: str
    severity: Severity
    outcome: Verdict
    checked: int | None
    unexpected: int | None
    sentence: str
    remedy: str
    segment: str = ""
    limit_kind: str = "count"
    limit: float = 0.0
    detail: str = ""


def stops(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Those outcomes that stop a run: a critical rule that failed, and any rule that could not run."""
    return [o for o in outcomes if o.outcome == "error" or (o.outcome == "failed" and o.severity == "critical")]
