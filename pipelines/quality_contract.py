"""The state of quality at one time, as data: what the command, the report, the alerts and the JSON all show.

Times are aware and in UTC, months are `2020-03`, shares are 0 to 1. There is no figure of a question in it and no value
from a record: of a question only shares, directions and periods; of sources only how much was landed.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

SCHEMA = "courtstats/quality@1"
StateVerdict = Literal["held back", "warnings", "fine"]
HELD_BACK: Final = "held back"
WARNINGS: Final = "warnings"
FINE: Final = "fine"
SEVERITY_ORDER = ("critical", "warning", "info")
"""Most severe first."""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One measurement of a check as it was recorded; `passed` is the judgement by the thresholds of today."""

    recorded_at: datetime
    checked: int | None
    unexpected: int | None
    passed: bool


@dataclass(frozen=True, slots=True)
class Issue:
    """A check that does not pass for one subject and segment, from its first failing measurement on.

    id: 8 hex digits of rule, subject and segment: the same as long as these are. gate: of the check; `run` of a run
    that was stopped though no check of it fails. severity: today's of the check; one of a gate that could not run
    (`outcome` error) holds back like a critical one. limit_kind, limit: what is tolerated today. first_seen: the first
    failing measurement after the last that passed; last_seen: the newest failing one. runs_failing: how many
    measurements in a row fail, the newest included. more_failing: there are more of them than are looked at. trend: up
    to the newest failing measurement, oldest first; of a run over every period of its question and unit. holds_back:
    questions and periods, in words; empty where nothing is held back. judged_then: whether the measurement that is
    shown passed when it was made. resolved_at: the first measurement that passes, or the inspection or landing in which
    it is gone. by_limits: the newest measurement failed when it was made, and passes by the limits of today: no new
    measurement resolved it.
    """

    id: str
    rule: str
    gate: str
    subject: str
    segment: str
    severity: str
    outcome: str
    sentence: str
    detail: str
    remedy: str
    about: str
    checked: int | None
    unexpected: int | None
    limit_kind: str
    limit: float
    first_seen: datetime
    last_seen: datetime
    runs_failing: int
    trend: tuple[TrendPoint, ...]
    holds_back: tuple[str, ...]
    judged_then: bool
    owner: str
    state: Literal["open", "resolved"]
    resolved_at: datetime | None = None
    more_failing: bool = False
    by_limits: bool = False

    @property
    def critical(self) -> bool:
        """Whether it holds figures back: a critical check that failed, or a check of a gate that could not run."""
        return self.severity == "critical" or (self.outcome == "error" and self.gate != "watched")

    @property
    def docs(self) -> str:
        """The page about its check, from the root of the project; a stopped run without a failing check has none."""
        return f"docs/checks/{self.rule}.md" if self.gate != "run" else "docs/quality.md"


@dataclass(frozen=True, slots=True)
class CheckState:
    """One check of the catalogue: how often it was measured in the stored window, and what fails now.

    `measured` counts the newest measurements of each subject and segment, `failing` those of them that fail today.
    """

    rule: str
    gate: str
    severity: str
    sentence: str
    measured: int
    failing: int
    last_at: datetime | None
    remedy: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class StepShare:
    """One step of the attrition: the share of units that it keeps, and what it usually keeps in earlier periods."""

    step: str
    kept: float | None
    usual: float | None = None


@dataclass(frozen=True, slots=True)
class RunState:
    """One run without its figures. `stop_reason` only where it was stopped; `verdict` is that of its own checks."""

    run_id: int
    question: str
    unit: str
    period: str
    state: str
    stop_reason: str | None
    started_at: datetime
    finished_at: datetime
    verdict: StateVerdict
    attrition: tuple[StepShare, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source: when it was last heard of and how much of it was set aside.

    landings, refused: over all landings; quarantined: set aside in the landings of this source and held now (None:
    not known here). fresh: in words. complete: share of last month's hearings that has usually come by now (None: not
    known). late: whether a check says that it is overdue.
    """

    name: str
    format: str
    last_landed_at: datetime
    last_received_at: datetime
    newest_hearing: date | None
    landings: int
    refused: int
    quarantined: int | None
    fresh: str
    complete: float | None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Funnel:
    """How the newest period of a question was reached, step by step, beside what the steps usually keep."""

    question: str
    unit: str
    period: str
    run_id: int
    steps: tuple[StepShare, ...]
    periods_before: int


@dataclass(frozen=True, slots=True)
class Volume:
    """Results that one source landed in one month of receipt."""

    month: str
    source: str
    results: int
    landings: int


@dataclass(frozen=True, slots=True)
class Due:
    """A run that was due and did not come, or hangs."""

    deployment: str
    since: datetime
    says: str


@dataclass(frozen=True, slots=True)
class QualityState:
    """Everything that operations want to know at `as_at`, of one question or (None) of all.

    issues: open ones, the most severe and then the oldest first. resolved: within the last seven days, newest first.
    runs, and sources by name; newest runs first. inspected_at: when the whole was last looked at (None: never).
    not_yet: what there is none of yet, in words, with what to do; then the rest is empty.
    """

    as_at: datetime
    question: str | None
    verdict: StateVerdict
    headline: str
    issues: tuple[Issue, ...] = ()
    resolved: tuple[Issue, ...] = ()
    checks: tuple[CheckState, ...] = ()
    runs: tuple[RunState, ...] = ()
    sources: tuple[SourceState, ...] = ()
    funnels: tuple[Funnel, ...] = ()
    volumes: tuple[Volume, ...] = ()
    due: tuple[Due, ...] = ()
    held_in_quarantine: int | None = None
    inspected_at: datetime | None = None
    schemas: tuple[tuple[str, str], ...] = ()
    not_yet: str = ""
