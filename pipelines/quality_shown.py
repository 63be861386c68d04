"""The state of quality in words: for the terminal, as plain text for e-mail, and as JSON. The verdict comes first."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from pipelines.quality_contract import (
    FINE,
    HELD_BACK,
    SCHEMA,
    WARNINGS,
    Funnel,
    Issue,
    QualityState,
    RunState,
    SourceState,
)
from pipelines.quality_page_words import found, per_cent, tolerated, where
from pipelines.times import in_words, london_day

MAIL_WIDTH = 72
VERDICTS = {HELD_BACK: "HELD BACK", WARNINGS: "WARNINGS", FINE: "FINE"}
PLACES_SHOWN, RUNS_SHOWN, RESOLVED_SHOWN, TREND_SHOWN = 5, 10, 10, 3
SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

Line = tuple[int, str]
"""Depth of indentation (0 is a heading) and text."""


def to_terminal(state: QualityState) -> None:
    """Print the state; headings are bold where the terminal can."""
    from rich.text import Text

    from pipelines import show

    out = show.console()
    for depth, text in lines(state):
        for one in _wrapped(depth, text, min(out.width, 110) - 1):
            out.print(Text(one, style="bold" if text and depth == 0 else ""))


def as_text(state: QualityState, width: int = MAIL_WIDTH) -> str:
    """The same as plain text of so many columns, ending with a line end. A word that is longer is not broken."""
    return "\n".join(one for depth, text in lines(state) for one in _wrapped(depth, text, width)) + "\n"


def as_json(state: QualityState) -> dict[str, Any]:
    """The whole state for machines. Times are in UTC; an issue says too whether it holds back and where its page is."""
    whole = asdict(state)
    for name, issues in (("issues", state.issues), ("resolved", state.resolved)):
        for made, issue in zip(whole[name], issues, strict=True):
            made |= {"critical": issue.critical, "docs": issue.docs}
    return {"schema": SCHEMA} | whole | {"schemas": dict(state.schemas)}


def lines(state: QualityState) -> Iterator[Line]:
    """Every line of the state, before it is wrapped."""
    yield 0, f"{VERDICTS[state.verdict]}: {state.headline}"
    yield 1, f"As at {in_words(state.as_at)}."
    if state.not_yet:
        yield 1, state.not_yet
        return
    if state.inspected_at:
        yield 1, f"The whole was looked at last on {in_words(state.inspected_at)}."
    else:
        yield 1, "The whole was not looked at yet: courtstats quality --inspect"
    yield from _issues(state.issues)
    if state.due:
        yield from _section("Runs that were due", [f"{d.deployment}: {d.says}" for d in state.due])
    if state.resolved:
        said = [_resolved(i) for i in state.resolved[:RESOLVED_SHOWN]]
        yield from _section("Resolved in the last seven days", [*said, *_more(len(state.resolved), RESOLVED_SHOWN)])
    if state.sources:
        said = [_source(s) for s in state.sources]
        held = state.held_in_quarantine
        waiting = [f"Held in quarantine now: {held:,}. courtstats quarantine"] if held else []
        yield from _section("Sources", [*said, *waiting])
    if state.runs:
        said = [_run(r) for r in state.runs[:RUNS_SHOWN]]
        yield from _section("Newest runs", [*said, *_more(len(state.runs), RUNS_SHOWN)])
    if state.question:
        for funnel in state.funnels:
            yield from _funnel(funnel)


def _section(title: str, said: Sequence[str]) -> Iterator[Line]:
    yield 0, ""
    yield 0, title
    for one in said:
        yield 1, one


def _issues(issues: Sequence[Issue]) -> Iterator[Line]:
    """Issues of one check together: a fault of ten periods is told once, with where it is."""
    groups: dict[tuple[bool, str, str], list[Issue]] = {}
    for issue in issues:
        groups.setdefault((not issue.critical, issue.severity, issue.rule), []).append(issue)
    for (_, severity, rule), group in groups.items():
        first = group[0]
        title = "Critical" if first.critical else {"info": "For information"}.get(severity, severity.capitalize())
        runs = "could not run" if first.outcome == "error" else "not so"
        yield 0, ""
        yield 0, f"{title}, {runs}: {first.sentence} [{rule}]"
        for issue in group[:PLACES_SHOWN]:
            yield from _place(issue)
        for more in _more(len(group), PLACES_SHOWN):
            yield 1, more
        if first.about:
            yield 1, f"Why it matters: {first.about}"
        if first.remedy:
            yield 1, f"What to do: {first.remedy}"
        yield 1, f"Owner: {first.owner}. More: {first.docs}"


def _place(issue: Issue) -> Iterator[Line]:
    counts = "" if issue.gate == "run" else f": {found(issue)}, tolerated {tolerated(issue)}"
    yield 1, f"{where(issue)}{counts} (issue {issue.id})"
    if issue.detail:
        yield 2, issue.detail
    yield 2, since_words(issue) + (f" {trend}" if (trend := trend_words(issue)) else "")
    if issue.judged_then:
        yield 2, "It passed by the limits of when it was measured; it fails by those of today."
    for held in issue.holds_back:
        yield 2, f"Holds back: {held}"


def since_words(issue: Issue) -> str:
    """`Since 3 April 2020, in 3 measurements.`"""
    often = f", in {'at least ' if issue.more_failing else ''}{issue.runs_failing:,} measurements in a row"
    return f"Since {london_day(issue.first_seen):%-d %B %Y}{often if issue.runs_failing > 1 else ''}."


def trend_words(issue: Issue) -> str:
    """`3, 3, 7 of 410 in the last three.`; of different numbers checked each is told; nothing for one alone."""
    points = issue.trend[-TREND_SHOWN:]
    if len(points) < 2:
        return ""
    last = points[-1].checked
    alike = all(p.checked in (last, None) for p in points)
    said = ", ".join(
        "not run" if p.unexpected is None else f"{p.unexpected:,}" if alike or p.checked is None
        else f"{p.unexpected:,} of {p.checked:,}"
        for p in points
    )  # fmt: skip
    return f"{said}{f' of {last:,}' if alike and last else ''} in the last {SMALL[len(points)]}."


def _resolved(issue: Issue) -> str:
    said = f"{issue.sentence} [{issue.rule}] {where(issue)}: "
    if issue.by_limits:
        return said + "it failed by the limits of when it was measured; it passes by those of today."
    day = "" if issue.resolved_at is None else f" {london_day(issue.resolved_at):%-d %B %Y}"
    return said + f"resolved{day}, open since {london_day(issue.first_seen):%-d %B %Y}."


def _run(run: RunState) -> str:
    stopped = f" ({run.stop_reason})" if run.stop_reason else ""
    asked = f"{run.question} {run.period} ({run.unit})"
    return f"{run.run_id}: {asked}, {in_words(run.finished_at)}: {run.state}{stopped}, {run.verdict}"


def _source(source: SourceState) -> str:
    landings = f"{source.landings:,} landing{'' if source.landings == 1 else 's'}"
    return f"{source.name} ({source.format}): {source.fresh}; {landings}, {source.refused:,} set aside"


def _funnel(funnel: Funnel) -> Iterator[Line]:
    before = f"usual: the middle of {funnel.periods_before} earlier periods" if funnel.periods_before else "no past"
    yield from _section(
        f"How {funnel.period} was reached ({funnel.unit}; {before})",
        [
            f"{s.step}: " + ("the beginning" if s.kept is None else f"keeps {per_cent(s.kept)}")
            + ("" if s.usual is None else f", usually {per_cent(s.usual)}")
            for s in funnel.steps
        ],
    )  # fmt: skip


def _more(there: int, shown: int) -> list[str]:
    return [f"and {there - shown:,} more: --json has them all"] if there > shown else []


def _wrapped(depth: int, text: str, width: int) -> list[str]:
    before = "  " * depth
    return textwrap.wrap(
        text, width, initial_indent=before, subsequent_indent=before + "  " * bool(depth),
        break_long_words=False, break_on_hyphens=False,
    ) or [""]  # fmt: skip
