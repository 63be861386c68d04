"""What is kept of checks and alerts, as it is read back: measurements, runs, shares, past counts, alerts.

A measurement is of a rule, a subject (what is measured again and again) and a segment (which part of it).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

LIMIT_KINDS = ("count", "share")
ALERT_STATES = ("opened", "reminded", "resolved")
EVERYTHING = "all"
"""Subject of an inspection: what it is about is in the segments."""

OwnerKind = Literal["run", "landing", "inspection"]


def subject_of_run(question: str, unit: str, period: str) -> str:
    """What a run measures, and the next run of the same question, unit and period measures again."""
    return f"question:{question};unit={unit};period={period}"


def subject_of_source(name: str) -> str:
    """What a landing measures, and the next landing of the same source measures again."""
    return f"source:{name}"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a check found one time: as judged then (`outcome`), with what was tolerated then.

    `owner_id` is the number of the run, landing or inspection (`owner_kind`) that it belongs to.
    """

    check_id: int
    owner_kind: OwnerKind
    owner_id: int
    subject: str
    segment: str
    gate: str
    rule: str
    severity: str
    outcome: str
    checked: int | None
    unexpected: int | None
    limit_kind: str
    limit: float
    sentence: str
    detail: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class RunLogged:
    """A run without its figures. `vintage` is `None` where it did not become current."""

    run_id: int
    question: str
    unit: str
    period: str
    state: str
    stop_reason: str | None
    started_at: datetime
    finished_at: datetime
    vintage: int | None
    newest_batch: int
    as_known_at: datetime


@dataclass(frozen=True, slots=True)
class StepKept:
    """A step of the definition in the current vintage of a period: which share of the units it left over (0 to 1).

    `position` from 1; `kept` is `None` for the first step, before which nothing was counted, and where nothing was left
    before it. `rows` are rows of results after the step, never units.
    """

    period: str
    period_from: date
    period_to: date
    run_id: int
    position: int
    step: str
    rows: int
    kept: float | None


@dataclass(frozen=True, slots=True)
class PastCount:
    """A current counted figure: of `cell` (canonical JSON) in a period, both ends included."""

    period: str
    period_from: date
    period_to: date
    cell: str
    value: int


@dataclass(frozen=True, slots=True)
class AlertSent:
    """An alert that was sent through a channel. `issues` are ids; `digest` is of what it said."""

    sent_at: datetime
    channel: str
    cause: str
    state: str
    digest: str
    issues: Sequence[str]
