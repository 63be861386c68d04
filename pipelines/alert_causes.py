"""Which alerts are due: open issues grouped by cause, compared with what each channel was told before.

A cause is one check and the one question, source or deployment that it is about: ten courts or ten periods of it are
one cause. It is told when it opens, when it becomes more severe or begins to hold figures back, and when it is
resolved; never because a count changed. Pure: no clock, no database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pipelines.alert_file import Channel
from pipelines.quality_contract import SEVERITY_ORDER, Issue, QualityState

AlertState = Literal["opened", "reminded", "resolved"]
_NAMED = ("question", "deployment", "source")
"""What a cause can be about, as subjects and segments name it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One check failing for one thing. `kind` is `question`, `deployment`, `source` or `all` (then `name` is empty).

    `issues` are the open ones, the most severe first; none where it is resolved.
    """

    rule: str
    kind: str
    name: str
    issues: tuple[Issue, ...] = ()

    @property
    def key(self) -> str:
        """How it is remembered: `landed.case-key-not-dummy|source:libra`."""
        return f"{self.rule}|{self.kind}:{self.name}"

    @property
    def severity(self) -> str:
        """The worst of its issues."""
        return min(map(severity_of, self.issues), key=SEVERITY_ORDER.index, default="info")

    @property
    def holds_back(self) -> tuple[str, ...]:
        """What it holds back, in words, each once."""
        return tuple(dict.fromkeys(one for issue in self.issues for one in issue.holds_back))

    @property
    def holds(self) -> bool:
        """Whether any figure waits for it."""
        return bool(self.holds_back) or self.severity == "critical"

    @property
    def owners(self) -> tuple[str, ...]:
        """Who answers for it."""
        return tuple(dict.fromkeys(issue.owner for issue in self.issues))


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel was told last of a cause; `as_at` is when one looked, not when it was sent."""

    state: str
    as_at: datetime
    severity: str
    holds: bool

    @property
    def digest(self) -> str:
        """What decides whether there is anything new to tell, as one text: `warning; goes on; as at 2026-...`."""
        return f"{self.severity}; {'held back' if self.holds else 'goes on'}; as at {self.as_at.isoformat()}"


def told_of(state: str, digest: str, sent_at: datetime) -> Told:
    """What was told, of what is remembered. What cannot be read counts as the worst: nothing is told twice for it."""
    severity, _, rest = digest.partition("; ")
    holds, _, at = rest.partition("; as at ")
    if severity not in SEVERITY_ORDER or not at:
        return Told(state, sent_at, "critical", True)
    return Told(state, datetime.fromisoformat(at), severity, holds == "held back")


@dataclass(frozen=True, slots=True)
class DueAlert:
    """An alert that is due to a channel. `worse`: the cause was told before, and is worse than it was then."""

    channel: Channel
    cause: Cause
    state: AlertState
    worse: bool = False


def cause_of(key: str) -> Cause:
    """The cause of a key, without issues."""
    rule, _, about = key.partition("|")
    kind, _, name = about.partition(":")
    return Cause(rule, kind, name)


def causes_of(issues: Iterable[Issue]) -> dict[str, Cause]:
    """Open issues by cause, by key; the most severe cause first."""
    found: dict[tuple[str, str, str], list[Issue]] = {}
    for issue in issues:
        found.setdefault((issue.rule, *about(issue)), []).append(issue)
    causes = [
        Cause(*named, tuple(sorted(of, key=lambda i: (SEVERITY_ORDER.index(severity_of(i)), i.first_seen))))
        for named, of in found.items()
    ]
    causes.sort(key=lambda one: (not one.holds, SEVERITY_ORDER.index(one.severity), one.key))
    return {one.key: one for one in causes}


def severity_of(issue: Issue) -> str:
    """How severe an issue is for those who are told: a check that could not run is a warning at least."""
    if issue.critical:
        return "critical"
    return "warning" if issue.outcome == "error" else issue.severity


def about(issue: Issue) -> tuple[str, str]:
    """What an issue is about: its subject, or what the segment of an inspection names."""
    kind, _, rest = issue.subject.partition(":")
    if kind in _NAMED:
        return kind, rest.partition(";")[0]
    named = pairs(issue.segment)
    return next(((kind, named[kind]) for kind in _NAMED if named.get(kind)), ("all", ""))


def pairs(segment: str) -> dict[str, str]:
    """`court=B01CN;month=2020-03` as a mapping."""
    return {name: value for name, _, value in (part.partition("=") for part in segment.split(";")) if name}


def due_alerts(
    channel: Channel, causes: Mapping[str, Cause], told: Mapping[str, Told], as_at: datetime
) -> Sequence[DueAlert]:
    """What a channel is to be told of a look at `as_at`, the worst first and what is resolved last.

    Args:
        channel: whose turn it is.
        causes: every open cause, by key.
        told: what this channel was told last, by the key of the cause.
        as_at: when one looked. A look from before the last message about a cause says nothing new about it.
    """
    opened = [
        due for cause in causes.values() if goes_to(channel, cause) and (due := _open(channel, cause, told, as_at))
    ]
    resolved = [
        DueAlert(channel, cause_of(key), "resolved")
        for key, last in sorted(told.items())
        if key not in causes and last.state != "resolved" and last.as_at <= as_at
    ]
    return [*opened, *resolved]


def goes_to(channel: Channel, cause: Cause) -> bool:
    """Whether a channel takes a cause: by severity, owner, and what it is about.

    What holds figures back without being about one question goes to those who take only some questions too.
    """
    if cause.severity not in channel.severities or (channel.owners and not set(channel.owners) & set(cause.owners)):
        return False
    if not channel.questions and not channel.sources:
        return True
    if channel.questions and cause.kind != "question" and cause.holds:
        return True
    return cause.name in {"question": channel.questions, "source": channel.sources}.get(cause.kind, ())


def _open(channel: Channel, cause: Cause, told: Mapping[str, Told], as_at: datetime) -> DueAlert | None:
    last = told.get(cause.key)
    if last is None:
        return DueAlert(channel, cause, "opened")
    if last.as_at > as_at:
        return None
    if last.state == "resolved":
        return DueAlert(channel, cause, "opened")
    more_severe = SEVERITY_ORDER.index(cause.severity) < SEVERITY_ORDER.index(last.severity)
    if more_severe or (cause.holds and not last.holds):
        return DueAlert(channel, cause, "opened", worse=True)
    days = channel.remind_after
    if days is not None and as_at - last.as_at >= timedelta(days=days):
        return DueAlert(channel, cause, "reminded")
    return None


def nobody_is_told(channels: Sequence[Channel], causes: Mapping[str, Cause]) -> list[Cause]:
    """Causes that no channel takes, though they are more than a note."""
    return [
        cause
        for cause in causes.values()
        if cause.severity != "info" and not any(goes_to(one, cause) for one in channels)
    ]


def whole(state: QualityState) -> bool:
    """Whether a state speaks of everything there is, so that what is not in it is resolved."""
    return state.question is None and not state.not_yet
