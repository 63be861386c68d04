"""What the pages of the quality report say: shares, times, places and trends in plain words. Pure text, no markup."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pipelines.quality_contract import FINE, HELD_BACK, WARNINGS, CheckState, Issue, QualityState, RunState, StepShare
from pipelines.show import plural
from pipelines.times import LONDON

VERDICTS: Mapping[str, str] = {HELD_BACK: "Figures are held back", WARNINGS: "There are warnings", FINE: "All is well"}
SEVERITIES: Mapping[str, str] = {"critical": "Critical", "warning": "Warning", "info": "For information"}
MEANS: Mapping[str, str] = {
    "critical": "Where it fails, the figure is held back: nothing new becomes current until it is mended or released.",
    "warning": "Where it fails, the figure is made and goes out with a note.",
    "info": "It is recorded and changes nothing.",
}
GATES: Mapping[str, str] = {
    "landed": "after records are landed",
    "counted": "after a question is counted",
    "loaded": "after an answer is stored",
    "watched": "over time",
}
NAMES = {"police_force": "police force", "month": "month of hearing"}
DRAWN = 30
"""As many of the newest measurements are bars of a chart; quality.json has all of them."""
SHOWN_LAST = 8
"""As many of the last measurements are written out in a sentence."""


def moment(at: datetime) -> str:
    """`23 Nov 2026, 09:05 GMT`, London time."""
    return f"{at.astimezone(LONDON):%-d %b %Y, %H:%M %Z}"


def minute(at: datetime) -> str:
    """`23 Nov 2026, 09:05`, London time, where the zone stands at the head of the column."""
    return f"{at.astimezone(LONDON):%-d %b %Y, %H:%M}"


def per_cent(share: float | None, *, none: str = "not known") -> str:
    """A share (0 to 1) in per cent; a small one is never written as nothing, and nearly all never as all."""
    if share is None:
        return none
    if 0 < share < 0.0001:
        return "less than 0.01 %"
    if 0.999 < share < 1:
        return "99.9 %"
    return f"{100 * share:.2f} %" if 0 < share < 0.01 else f"{100 * share:.1f} %".replace(".0 %", " %")


def share_of(unexpected: int | None, checked: int | None) -> float | None:
    """Which part of what was checked is not as it should be; `None` where nothing was checked."""
    return None if not checked or unexpected is None else unexpected / checked


def found(issue: Issue) -> str:
    """`3 of 410 (0.73 %)`, or that the check could not run."""
    if issue.outcome == "error" or issue.unexpected is None:
        return "The check could not run, so nothing is known"
    if not issue.checked:
        return f"{issue.unexpected:,}; there was nothing to check"
    return f"{issue.unexpected:,} of {issue.checked:,} ({per_cent(share_of(issue.unexpected, issue.checked))})"


def tolerated(issue: Issue) -> str:
    """What passes today: `none`, `at most 5`, `at most 1 %`."""
    if not issue.limit:
        return "none"
    return f"at most {per_cent(issue.limit) if issue.limit_kind == 'share' else f'{issue.limit:,.0f}'}"


def pairs(text: str) -> dict[str, str]:
    """`court=B01CN;month=2020-03` as a mapping; a subject (`question:..;unit=..;period=..`, `source:..`) likewise."""
    parts = (part.replace(":", "=", 1) if "=" not in part else part for part in text.split(";") if part)
    return {name: value for name, _, value in (part.partition("=") for part in parts)}


def subject_in_words(subject: str) -> str:
    """`protective-orders, 2020-Q1, in orders`; `source spi`; nothing for a look at everything."""
    named = pairs(subject)
    if "question" in named:
        more = [named.get("period", ""), f"in {plural(named['unit'], None)}" if "unit" in named else ""]
        return ", ".join([named["question"], *(part for part in more if part)])
    return f"source {named['source']}" if "source" in named else ""


def where(issue: Issue) -> str:
    """What the issue is about: its subject, then its segment; a source is not said twice."""
    subject = pairs(issue.subject)
    segment = {name: value for name, value in pairs(issue.segment).items() if subject.get(name) != value}
    named = [f"{NAMES.get(name, name.replace('_', ' '))} {value}" for name, value in segment.items()]
    said = ", ".join(part for part in (subject_in_words(issue.subject), *named) if part)
    return said or "everything that is landed and stored"


def since(issue: Issue) -> str:
    """From when on, and how often in a row."""
    times = f"{issue.runs_failing} measurement{'' if issue.runs_failing == 1 else 's'} in a row"
    times = f"at least {times}" if issue.more_failing else times
    return f"{moment(issue.first_seen)}; " + ("measured once" if times.startswith("1 ") else times)


def holds_back(issue: Issue) -> str:
    """The questions and periods that wait for it."""
    if issue.holds_back:
        return "; ".join(issue.holds_back)
    return "No figure is named yet, but the next one would be" if issue.critical else "Nothing"


def judged(issue: Issue) -> str:
    """Where today's thresholds judge otherwise than those of the measurement: both, else nothing."""
    if issue.state == "open" and issue.judged_then:
        return "It passed by the thresholds of the time when it was measured; by those of today it does not."
    if issue.by_limits:
        return "It failed by the thresholds of the time when it was measured; by those of today it passes."
    return ""


def trend_in_words(issue: Issue) -> str:
    """The last measurements, oldest first, and how the newest compares with the one before."""
    points = issue.trend
    if len(points) < 2:
        return "There is only one measurement so far."
    last = points[-SHOWN_LAST:]
    counts = ", ".join("not run" if point.unexpected is None else f"{point.unexpected:,}" for point in last)
    failed = sum(not point.passed for point in points)
    return f"The last {len(last)}, oldest first: {counts}. {_turn(issue)}Failed {failed} of {len(points)} times."


def _turn(issue: Issue) -> str:
    """Whether it gets worse; by share where the amount checked differs, because a bigger landing has more of all."""
    before, now = issue.trend[-2], issue.trend[-1]
    if before.unexpected is None or now.unexpected is None:
        return ""
    shares = share_of(before.unexpected, before.checked), share_of(now.unexpected, now.checked)
    older, newer = (before.unexpected, now.unexpected) if None in shares else shares
    if older == newer:
        return "As at the time before. "
    assert older is not None and newer is not None
    return "More than at the time before. " if newer > older else "Less than at the time before. "


def trend_chart_words(issue: Issue) -> str:
    """The description of the chart of an issue's newest measurements."""
    counts = [point.unexpected or 0 for point in issue.trend[-DRAWN:]]
    bars = f"The last {len(counts)} measurements, oldest first: {'share' if issue.limit_kind == 'share' else 'number'}"
    return f"{bars} that fails, at most {max(counts):,}. Filled: failed; hollow: passed."


def change(step: StepShare) -> str:
    """How a step differs from what is usual, in percentage points."""
    if step.kept is None or step.usual is None:
        return "where it starts" if step.kept is None else "nothing to compare with"
    points = round(100 * (step.kept - step.usual), 1)
    if not points:
        return "as usual"
    return f"{abs(points):g} point{'' if abs(points) == 1 else 's'} {'more' if points > 0 else 'less'}"


def took(run: RunState) -> str:
    """How long a run was: `2 min 5 s`."""
    whole = max(run.finished_at - run.started_at, timedelta(0)).total_seconds()
    minutes, seconds = divmod(round(whole), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "less than 1 s"


def check_now(check: CheckState) -> str:
    """What a check says now."""
    if not check.measured:
        return "not measured yet"
    return f"fails, {check.failing} of {check.measured}" if check.failing else "passes"


def how_many(state: QualityState) -> str:
    """`1 critical issue and 2 warnings are open.`"""
    critical = sum(issue.critical for issue in state.issues)
    infos = sum(issue.severity == "info" and not issue.critical for issue in state.issues)
    warnings = len(state.issues) - critical - infos
    counted = ((critical, "critical issue"), (warnings, "warning"), (infos, "note"))
    parts = [f"{number} {name}{'' if number == 1 else 's'}" for number, name in counted if number]
    if not parts:
        return "none"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
