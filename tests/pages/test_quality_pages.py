"""The pages of the quality report say what the state says: verdict first, in words, whole, safe and always alike."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html

from benchmarks.making.quality_state import issue, made_state
from pipelines.quality_contract import QualityState
from pipelines.quality_pages import PLACES_A_CHECK, build_report, page_of, pages

Said = Callable[[str], str]


def test_the_first_heading_of_the_first_page_is_the_verdict(files: dict[str, str]) -> None:
    page = html.document_fromstring(files["index.html"])
    assert [h.text for h in page.iter("h1", "h2", "h3")][:2] == ["Figures are held back", "What is wrong"]
    assert page.findtext(".//title").startswith("Figures are held back")


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (replace(made_state(failing=0), verdict="fine"), "All is well"),
        (replace(made_state(failing=1), verdict="warnings"), "There are warnings"),
        (replace(made_state(runs=0, failing=0), not_yet="There is no warehouse yet."), "Nothing to judge yet"),
    ],
)
def test_each_verdict_has_its_words(state: QualityState, verdict: str) -> None:
    assert f"<h1>{verdict}</h1>" in pages(state)["index.html"]


def test_a_failed_check_is_told_in_words(files: dict[str, str], said: Said) -> None:
    """Count, share, what is tolerated, since when, what it holds back, what to do, and the trend without the chart."""
    told = said(files["index.html"])
    for words in (
        "Critical",
        "Found 7 of 469 (1.5 %)",
        "Tolerated none",
        "Since 21 Nov 2026, 09:03 GMT; 2 measurements in a row",
        "Holds back protective-orders 2020-Q1; protective-orders 2020-Q2",
        "What to do Look at the landing of the source",
        "Trend The last 8, oldest first: 0, 0, 0, 0, 0, 0, 5, 7. More than at the time before. Failed 2 of 60 times.",
    ):
        assert words in told


def test_a_resolved_issue_is_told_once_and_is_no_longer_wrong(files: dict[str, str], said: Said) -> None:
    told = said(files["index.html"])
    assert told.count("(landed.made-check-30)") == 1
    assert told.index("Resolved in the last seven days") < told.index("(landed.made-check-30)")


def test_where_the_thresholds_of_today_judge_otherwise_both_are_said(said: Said) -> None:
    one = replace(issue(1, "landed.made-check-01", "warning"), judged_then=True)
    told = said(pages(replace(made_state(failing=0), issues=(one,)))["index.html"])
    assert "It passed by the thresholds of the time when it was measured; by those of today it does not." in told


def test_a_check_that_could_not_run_is_critical_and_has_no_numbers(said: Said) -> None:
    one = replace(issue(1, "landed.made-check-01", "info"), outcome="error", checked=None, unexpected=None)
    told = said(pages(replace(made_state(failing=0), issues=(one,)))["index.html"])
    assert "Open 1 critical issue " in told
    assert "Found The check could not run, so nothing is known" in told


def test_steps_stand_beside_what_is_usual(files: dict[str, str], said: Said) -> None:
    assert "3 On offences of this law 61 % 92 % 31 points less" in said(files["index.html"])
    assert "1 Results of the period - - where it starts" in said(files["index.html"])
    assert "Steps, protective-orders, 2020-Q4, in orders" in files["index.html"]


def test_runs_sources_volumes_and_quarantine_are_there(files: dict[str, str], said: Said) -> None:
    told = said(files["index.html"])
    for words in (
        "Run 60 restraining-orders 2021-Q1 defendant stopped held back",
        "nothing for 23 days; usually every 2 days (late)",
        "In quarantine 3",
        "Overdue runs 1",
        "2026-11 1,314 5,314 9,314",
        "warehouse schema 0004",
    ):
        assert words in told


def test_every_check_and_every_run_has_its_page_and_every_link_leads_somewhere(
    files: dict[str, str], state: QualityState
) -> None:
    assert {f"runs/{run.run_id}.html" for run in state.runs} <= set(files)
    assert {page_of(check.rule) for check in state.checks} <= set(files)
    there = {*files, "quality.txt"}
    for name, page in files.items():
        if not name.endswith(".html"):
            continue
        parsed = html.document_fromstring(page)
        ids = {e.get("id") for e in parsed.iter() if e.get("id")}
        for _, _, link, _ in parsed.iterlinks():
            target = link.partition("#")[0]
            beside = (Path(name).parent / target).as_posix()
            where = target and re.sub(r"^[a-z]+/\.\./", "", beside)
            assert (where in there) if target else link.removeprefix("#") in ids, (name, link)


def test_a_stopped_run_says_why(files: dict[str, str], said: Said) -> None:
    assert "Stopped landed.made-check-00: 7 results lie outside the years of the law." in said(files["runs/60.html"])


def test_what_a_state_says_is_never_markup() -> None:
    """Sentences, names of sources, places and steps may hold anything; none of it becomes part of a page."""
    bad = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\x07"
    state = made_state(failing=1)
    one = replace(
        state.issues[0], sentence=bad, detail=bad, remedy=bad, about=bad, owner=bad, segment=f"source={bad}",
        rule=f"../{bad}", holds_back=(bad,),
    )  # fmt: skip
    state = replace(
        state,
        headline=bad,
        issues=(one,),
        resolved=(replace(one, state="resolved", resolved_at=state.as_at),),
        checks=tuple(replace(c, sentence=bad, about=bad, remedy=bad) for c in state.checks),
        runs=tuple(replace(r, question=bad, stop_reason=bad, period=bad) for r in state.runs),
        sources=tuple(replace(s, name=bad, fresh=bad) for s in state.sources),
        volumes=tuple(replace(v, source=bad) for v in state.volumes),
        funnels=tuple(
            replace(f, question=bad, steps=tuple(replace(s, step=bad) for s in f.steps)) for f in state.funnels
        ),
        due=tuple(replace(d, deployment=bad, says=bad) for d in state.due),
    )
    for name, page in pages(state).items():
        assert re.fullmatch(r"(checks/|runs/)?[a-z0-9.-]+", name) and ".." not in name, name
        if name.endswith(".html"):
            tags = {e.tag for e in html.document_fromstring(page).iter() if isinstance(e.tag, str)}
            assert not tags & {"script", "img"}, name
            attributes = {a for e in html.document_fromstring(page).iter() for a in e.attrib}
            assert not {a for a in attributes if a.startswith("on")}, name


def test_no_page_asks_for_anything_but_its_style_sheet(files: dict[str, str]) -> None:
    for name, page in files.items():
        if name.endswith(".html"):
            parsed = html.document_fromstring(page)
            assert [e.get("href") for e in parsed.iter("link")] == ["../report.css" if "/" in name else "report.css"]
            assert not list(parsed.iter("script", "img", "iframe", "object", "embed", "style")), name
        assert "http" not in page.replace("http-equiv", ""), name
    assert not re.search(r"@import|url\(", files["report.css"])


def test_the_same_state_gives_the_same_bytes(state: QualityState, files: dict[str, str]) -> None:
    assert pages(state, [("quality.txt", "as plain text")]) == files


def test_sixty_runs_of_42_checks_take_at_most_300_kb_in_all(tmp_path: Path) -> None:
    """With six open issues of sixty measurements each, the text and the JSON beside."""
    written = build_report(made_state(checks=42, runs=60, failing=6), tmp_path / "report")
    assert sum(path.stat().st_size for path in written) <= 300_000


def test_a_check_that_fails_in_a_thousand_places_does_not_fill_the_first_page(said: Said) -> None:
    many = tuple(issue(n, "landed.made-check-01", "warning", segment=f"court=B{n:05}", total=3) for n in range(1000))
    files = pages(replace(made_state(failing=0), issues=many))
    assert f"And {1000 - PLACES_A_CHECK} more places." in said(files["index.html"])
    assert len(files["index.html"]) < 60_000
    named = re.findall(r"court (B\d{5})", files["checks/landed.made-check-01.html"])
    assert len(set(named)) == 1000


def test_the_report_holds_the_same_state_as_text_and_as_json(tmp_path: Path, state: QualityState) -> None:
    build_report(state, tmp_path / "report")
    whole = json.loads((tmp_path / "report" / "quality.json").read_text())
    assert (whole["schema"], whole["verdict"]) == ("courtstats/quality@1", "held back")
    assert [found["id"] for found in whole["issues"]] == [found.id for found in state.issues]
    assert max(map(len, (tmp_path / "report" / "quality.txt").read_text().splitlines())) <= 72
