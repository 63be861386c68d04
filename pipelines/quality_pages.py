"""The quality report as static pages: one for the morning, one a check, one a run. No network and no script in them.

The same state gives the same bytes. What a page says is in `quality_page_words`, its markup in `pages/*.html`, its
charts in `quality_charts`; how the folder is replaced in `report_folder`. Build time and size follow what the state
holds, which is bounded, so they are flat in the number of past runs; the limits below bound the pages where one check
fails in very many places.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import quality_page_words as words
from pipelines.quality_contract import HELD_BACK, WARNINGS, CheckState, Funnel, Issue, QualityState, RunState
from pipelines.report_folder import place
from pipelines.show import plural

if TYPE_CHECKING:
    from jinja2 import Environment

PAGES = Path(__file__).parent / "pages"
PLACES_A_CHECK = 4
"""Places where a check fails that the first page writes out; its own page has the others."""
PLACES_A_PAGE = 24
"""Places that the page of a check writes out; a line of a table each for the others."""
WITH_TABLES = 6
"""Places of a page whose measurements are a table too."""
POINTS = 12
"""Newest measurements in such a table; the chart and quality.json have all of them."""
RESOLVED, RUNS = 12, 15
"""Resolved issues and runs that the first page lists; all of them are on the pages of the checks, and of the runs."""
MONTHS = 24
SOURCES_DRAWN = 8


def build_report(state: QualityState, folder: Path, beside: Mapping[str, tuple[str, str]] | None = None) -> list[Path]:
    """Write the report into `folder`, in place of an older report; the files written, index.html first.

    `beside` is more to put there: file name -> (its text, how it is called in a link), as quality.txt and quality.json.
    Raises `OutputError` where the folder holds something that is not a report, or cannot be written; the older report
    then stays as it is.
    """
    more = dict(beside) if beside is not None else _forms(state)
    files = pages(state, [(name, called) for name, (_, called) in more.items()])
    place(folder, files | {name: text for name, (text, _) in more.items()})
    return [folder / name for name in [*files, *more]]


def pages(state: QualityState, beside: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
    """The text of every page by its path in the folder; `beside` are names and titles of files to link to."""
    made = _environment()
    trends = _trends(state)
    made.globals.update(state=state, trends=trends)
    listed = {check.rule: check for check in state.checks}
    for issue in (*state.issues, *state.resolved):
        listed.setdefault(issue.rule, _check_of(issue))
    files = {"index.html": _index(made, state, beside), "report.css": (PAGES / "report.css").read_text("utf-8")}
    check_page = made.get_template("check.html")
    for check in listed.values():
        files[page_of(check.rule)] = _lean(check_page.render(up="../", check=check, **_about(state, check)))
    run_page = made.get_template("run.html")
    for run in state.runs:
        funnel = {"region": "Steps", "label": f"What each step of run {run.run_id} keeps", "steps": run.attrition}
        about = {"run": run, "units": plural(run.unit, None), "funnel": funnel, "issues": _issues_of(state, run)}
        files[f"runs/{run.run_id}.html"] = _lean(run_page.render(up="../", **about))
    if len(state.runs) > RUNS:
        files["runs/index.html"] = _lean(made.get_template("runs.html").render(up="../"))
    return files


def page_of(rule: str) -> str:
    """The path of the page about a check. A name that is no plain word would be a path of its own; it gets a digest."""
    plain = re.fullmatch(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*", rule)
    return f"checks/{rule if plain else blake2b(rule.encode(), digest_size=8).hexdigest()}.html"


_NOT_NEEDED = re.compile(r"</(?:td|th|tr|thead|tbody|dt|dd|li)>\n?")


@dataclass(frozen=True, slots=True)
class Group:
    """The open issues of one check, as the first page shows them."""

    rule: str
    page: str
    kind: str
    severity: str
    sentence: str
    shown: Sequence[Issue]
    more: int
    several: bool


def _index(made: "Environment", state: QualityState, beside: Sequence[tuple[str, str]]) -> str:
    held = dict.fromkeys(what for issue in state.issues if issue.critical for what in issue.holds_back)
    about = {
        "verdict": "Nothing to judge yet" if state.not_yet else words.VERDICTS[state.verdict],
        "mood": {HELD_BACK: "held", WARNINGS: "warned"}.get(state.verdict, ""),
        "how_many": words.how_many(state),
        "held": list(held),
        "groups": _groups(state.issues),
        "resolved": state.resolved[:RESOLVED],
        "funnels": [_funnel(funnel, key) for key, funnel in enumerate(state.funnels)],
        "volumes": _volumes(state),
        "extra": beside,
        "runs_shown": RUNS,
    }
    return _lean(made.get_template("index.html").render(up="", **about))


def _groups(issues: Sequence[Issue]) -> list[Group]:
    """Open issues by check and kind, in the order of the state: the most severe first."""
    by_check: dict[tuple[str, str], list[Issue]] = {}
    for issue in issues:
        by_check.setdefault((issue.rule, _kind(issue)), []).append(issue)
    return [
        Group(
            rule=rule,
            page=page_of(rule),
            kind=kind,
            severity=words.SEVERITIES.get(kind, kind),
            sentence=of[0].sentence,
            shown=of[:PLACES_A_CHECK],
            more=len(of[PLACES_A_CHECK:]),
            several=len(of) > 1,
        )
        for (rule, kind), of in by_check.items()
    ]


def _kind(issue: Issue) -> str:
    """The severity that an issue has in effect: a check that could not run is a critical one."""
    return "critical" if issue.critical else issue.severity


def _trends(state: QualityState) -> dict[str, Any]:
    """The chart of each issue that is written out somewhere; drawn once, for the first page and the check's own."""
    from markupsafe import Markup

    from pipelines.quality_charts import Words, trend

    drawn: dict[str, Any] = {}
    count: dict[str, int] = {}
    for issue in (*state.issues, *state.resolved):
        count[issue.rule] = count.get(issue.rule, 0) + 1
        if len(issue.trend) < 2 or count[issue.rule] > PLACES_A_PAGE:
            continue
        newest = issue.trend[-words.DRAWN :]
        by_share = issue.limit_kind == "share"
        values = [words.share_of(p.unexpected, p.checked) if by_share else p.unexpected for p in newest]
        said = Words(f"c{issue.id}", f"Trend, {words.where(issue)}", words.trend_chart_words(issue))
        drawn[issue.id] = Markup(trend(values, [p.passed for p in newest], said))  # noqa: S704 lxml escapes it
    return {key: svg for key, svg in drawn.items() if svg}


def _funnel(funnel: Funnel, key: int) -> dict[str, Any]:
    from markupsafe import Markup

    from pipelines.quality_charts import Words
    from pipelines.quality_charts import funnel as drawn

    units = plural(funnel.unit, None)
    named = f"{funnel.question}, {funnel.period}, in {units}"
    said = Words(
        f"f{key}", f"Steps, {named}", "What each step keeps, in per cent. The table below has the same shares."
    )
    compared = any(step.usual is not None for step in funnel.steps)
    chart = drawn([(step.kept, step.usual) for step in funnel.steps], said)
    before = f"{funnel.periods_before} earlier period{'' if funnel.periods_before == 1 else 's'}"
    return {
        "of": funnel,
        "units": units,
        "region": said.title,
        "chart": Markup(chart),  # noqa: S704 lxml escapes it
        "caption": f"Filled: kept in this period. {'Hollow: usual. ' if compared else ''}Numbered as in the table.",
        "label": f"What each step keeps, beside {before}" if compared else "What each step keeps",
        "steps": funnel.steps,
    }


def _volumes(state: QualityState) -> dict[str, Any]:
    """Results by month (newest first) and source, and a chart a source (oldest first), of the newest months."""
    from markupsafe import Markup

    from pipelines.quality_charts import Words, volumes

    found: dict[tuple[str, str], int] = {}
    for volume in state.volumes:
        key = (volume.month, volume.source)
        found[key] = found.get(key, 0) + volume.results
    sources = sorted({source for _, source in found})
    every = _months([month for month, _ in found])
    shown = every[-MONTHS:]
    charts = []
    for number, source in enumerate(sources[:SOURCES_DRAWN]):
        bars = [(month, found.get((month, source), 0)) for month in shown]
        most, when = max((value, month) for month, value in bars)
        about = f"Bars by month, {shown[0]} to {shown[-1]}. Most in {when}: {most:,}. The table below has every number."
        drawn = volumes(bars, Words(f"v{number}", f"Results landed from {source}", about))
        charts.append((source, Markup(drawn)))  # noqa: S704 lxml escapes it
    rows = [(month, [found.get((month, source), 0) for source in sources]) for month in reversed(shown)]
    return {"months": rows, "sources": sources, "charts": charts, "earlier": len(every) > len(shown)}


def _months(named: Sequence[str]) -> list[str]:
    """Every month from the first to the last named: one without a landing is a bar of nothing, not a gap closed."""
    if not named:
        return []
    first, last = (int(m[:4]) * 12 + int(m[5:7]) - 1 for m in (min(named), max(named)))
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(first, last + 1)]


def _about(state: QualityState, check: CheckState) -> dict[str, Any]:
    """What the page of a check shows beside it: its open and its resolved issues."""
    split = (("Open", state.issues), ("Resolved in the last seven days", state.resolved))
    of = [(title, [issue for issue in issues if issue.rule == check.rule]) for title, issues in split]
    return {
        "states": [(title, found[:PLACES_A_PAGE], found[PLACES_A_PAGE:]) for title, found in of if found],
        "severity": words.SEVERITIES.get(check.severity, check.severity),
        "means": words.MEANS.get(check.severity, ""),
        "gate": words.GATES.get(check.gate, check.gate),
        "points": POINTS,
        "with_tables": WITH_TABLES,
    }


def _check_of(issue: Issue) -> CheckState:
    """A check that the catalogue does not have any more, as far as its issue tells."""
    about = {"remedy": issue.remedy, "about": issue.about}
    failing = int(issue.state == "open")
    return CheckState(issue.rule, issue.gate, issue.severity, issue.sentence, 1, failing, issue.last_seen, **about)


def _issues_of(state: QualityState, run: RunState) -> list[Issue]:
    """Open issues about the question, unit and period of a run."""
    mine = {"question": run.question, "unit": run.unit, "period": run.period}
    return [issue for issue in state.issues if words.pairs(issue.subject) == mine]


def _forms(state: QualityState) -> dict[str, tuple[str, str]]:
    """The state as text for e-mail and as JSON, to stand beside the pages."""
    from pipelines.quality_shown import as_json, as_text

    whole = json.dumps(as_json(state), ensure_ascii=False, separators=(",", ":"), default=_short_time)
    return {"quality.txt": (as_text(state), "as plain text"), "quality.json": (whole + "\n", "as JSON")}


def _lean(page: str) -> str:
    """A page without the end tags and quotation marks that HTML does not ask for: a fifth of its size.

    Text from elsewhere holds no tag and no quotation mark any more at this point: both have been escaped.
    """
    return re.sub(r' ([a-z-]+)="([\w.-]+)"(?=[ >])', r" \1=\2", re.sub(_NOT_NEEDED, "", page))


def _short_time(at: Any) -> str:
    """ISO 8601, with `Z` for UTC."""
    said: str = at.isoformat()
    return said.removesuffix("+00:00") + "Z" if said.endswith("+00:00") else said


def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    for name in (
        "moment", "minute", "found", "tolerated", "where", "since", "holds_back", "judged", "per_cent",
        "trend_in_words", "trend_chart_words", "change", "took", "check_now",
    ):  # fmt: skip
        made.filters[name] = getattr(words, name)
    made.filters |= {"day": _day, "count": _count, "share": _share, "kept": _kept, "kind": _kind, "check_page": page_of}
    return made


def _day(day: date | None) -> str:
    return f"{day:%-d %b %Y}" if day else "none"


def _count(number: int | None) -> str:
    return "not run" if number is None else f"{number:,}"


def _kept(share: float | None) -> str:
    """What a step keeps; the first has nothing before it, and the first period nothing to compare with."""
    return words.per_cent(share, none="-")


def _share(point: Any) -> str:
    return words.per_cent(words.share_of(point.unexpected, point.checked), none="")
