"""The state of quality in words, and the parts of it that are no issues: trends, sources, runs, funnels, grouping."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from expectations.rule import Rule
from load.measured import Measured, RunLogged, StepKept
from pipelines.quality_contract import Issue, QualityState, TrendPoint
from pipelines.quality_issues import issue_id
from pipelines.quality_judged import Limits, is_about, limits_at, parts_of, period_words, question_of
from pipelines.quality_parts import fresh_words, funnels_of, run_states
from pipelines.quality_shown import as_json, as_text, since_words, trend_words
from pipelines.show import to_json

DAY_1 = datetime(2020, 3, 1, 9, tzinfo=UTC)
RULE = "landed.offence-code-well-formed"


def issue(**changed: object) -> Issue:
    made = Issue(
        id="0a1b2c3d", rule=RULE, gate="landed", subject="source:spi", segment="source=spi", severity="critical",
        outcome="failed", sentence="Every code is well formed", detail="", remedy="Ask the source.", about="Why.",
        checked=410, unexpected=7, limit_kind="count", limit=0, first_seen=DAY_1, last_seen=DAY_1, runs_failing=1,
        trend=(), holds_back=("every figure of hearings landed in batch 1 (spi)",), judged_then=False, owner="ops",
        state="open",
    )  # fmt: skip
    return replace(made, **changed)  # type: ignore[arg-type]


def trend(*counts: tuple[int | None, int | None]) -> tuple[TrendPoint, ...]:
    return tuple(TrendPoint(DAY_1, checked, unexpected, not unexpected) for unexpected, checked in counts)


def state(*issues: Issue, **changed: object) -> QualityState:
    return replace(QualityState(DAY_1, None, "held back", "Made.", tuple(issues)), **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (trend((3, 410), (3, 410), (7, 410)), "3, 3, 7 of 410 in the last three."),
        (trend((9, 410), (3, 410), (3, 410), (7, 410)), "3, 3, 7 of 410 in the last three."),
        (trend((3, 400), (7, 410)), "3 of 400, 7 of 410 in the last two."),
        (trend((0, None), (7, 410)), "0, 7 of 410 in the last two."),
        (trend((None, None), (7, 410)), "not run, 7 of 410 in the last two."),
        (trend((7, 410)), ""),
        ((), ""),
    ],
)
def test_a_trend_is_told_in_words_with_what_was_checked(points: tuple[TrendPoint, ...], said: str) -> None:
    assert trend_words(issue(trend=points)) == said


def test_since_when_is_a_day_in_london_and_says_where_more_is_not_looked_at() -> None:
    late = datetime(2020, 3, 31, 23, 30, tzinfo=UTC)  # the clock has gone forward
    assert since_words(issue(first_seen=late)) == "Since 1 April 2020."
    assert since_words(issue(runs_failing=60, more_failing=True)).endswith(", in at least 60 measurements in a row.")


def test_ten_places_of_one_check_are_told_once() -> None:
    ten = [issue(segment=f"source=s{n}", id=f"{n:08x}") for n in range(10)]
    text = as_text(state(*ten))
    assert text.count(f"[{RULE}]") == 1
    assert text.count("What to do: Ask the source.") == 1
    assert "and 5 more" in text


def test_a_check_that_fails_here_and_cannot_run_there_is_told_as_both() -> None:
    text = as_text(state(issue(severity="warning", outcome="error"), issue(severity="warning", segment="source=b")))
    assert "Critical, could not run: " in text
    assert "Warning, not so: " in text


def test_text_wraps_at_72_columns_and_breaks_no_name() -> None:
    long = "a-name-that-is-longer-than-any-line-" * 3
    lines = as_text(state(issue(detail="word " * 60, remedy=long))).splitlines()
    assert all(len(line) <= 72 for line in lines if long not in line)
    assert any(long in line for line in lines)


def test_json_holds_the_whole_state_and_no_figure_of_a_question() -> None:
    told = json.loads(to_json(as_json(state(issue(trend=trend((7, 410)))))))
    assert told["issues"][0]["critical"] is True
    assert told["issues"][0]["docs"] == f"docs/checks/{RULE}.md"
    assert told["as_at"].endswith("+00:00")
    assert "value" not in json.dumps(told)


def test_the_id_of_an_issue_stays_and_differs_for_every_key() -> None:
    assert issue_id("a", "b", "c") == issue_id("a", "b", "c")
    assert len({issue_id(*key) for key in (("a", "b", "c"), ("a", "bc", ""), ("ab", "c", ""), ("a", "c", "b"))}) == 4
    assert all(len(issue_id("a", str(n), "")) == 8 for n in range(50))


@pytest.mark.parametrize(
    ("days", "said"), [(0, "landed today"), (1, "landed yesterday"), (21, "landed 21 days ago"), (-1, "landed today")]
)
def test_how_fresh_a_source_is(days: int, said: str) -> None:
    assert fresh_words(DAY_1, DAY_1 + timedelta(days=days)) == said


def test_yesterday_is_a_day_on_the_clock_of_london() -> None:
    """In summer 22:30 and 23:30 UTC are two days there."""
    assert fresh_words(datetime(2020, 7, 1, 22, 30, tzinfo=UTC), datetime(2020, 7, 1, 23, 30, tzinfo=UTC)) == (
        "landed yesterday"
    )


def test_subjects_and_segments_are_read_back() -> None:
    assert parts_of("court=B01CN;month=2020-03") == {"court": "B01CN", "month": "2020-03"}
    assert parts_of("") == {}
    assert period_words("question:q;unit=case;period=2019/20") == "q 2019/20 (case)"
    assert (question_of("question:q;unit=case;period=2020"), question_of("source:question")) == ("q", None)


def step(period: str, first: date, last: date, run: int, name: str, kept: float | None, position: int = 2) -> StepKept:
    return StepKept(period, first, last, run, position, name, 100, kept)


def quarter(number: int, kept: float | None, *, run: int | None = None) -> StepKept:
    first = date(2019 + (number - 1) // 4, 3 * ((number - 1) % 4) + 1, 1)
    last = (first + timedelta(days=95)).replace(day=1) - timedelta(days=1)
    return step(f"quarter {number}", first, last, run or number, "Order granted", kept)


def test_a_funnel_shows_the_newest_period_beside_the_middle_of_the_earlier_ones() -> None:
    past = [quarter(1, 0.90), quarter(2, 0.93), quarter(3, 0.92), quarter(4, 0.61)]
    (found,) = funnels_of({("q", "case"): past})
    assert (found.period, found.run_id, found.periods_before) == ("quarter 4", 4, 3)
    assert [(s.kept, s.usual) for s in found.steps] == [(0.61, 0.92)]


def test_a_year_is_not_compared_with_quarters_nor_a_period_with_later_ones() -> None:
    year = step("2020", date(2020, 1, 1), date(2020, 12, 31), 9, "Order granted", 0.5)
    (found,) = funnels_of({("q", "case"): [quarter(1, 0.9), year]})
    assert (found.periods_before, found.steps[0].usual) == (0, None)
    logged = RunLogged(1, "q", "case", "quarter 1", "completed", None, DAY_1, DAY_1, 1, 1, DAY_1)
    (run,) = run_states([logged], [], [], limits_at(DAY_1), {("q", "case"): [quarter(1, 0.9), quarter(2, 0.1)]})
    assert [(s.kept, s.usual) for s in run.attrition] == [(0.9, None)]


def test_a_check_of_one_question_says_nothing_of_another() -> None:
    class Own(Rule):
        """Made for a test."""

        id, gate, severity, over, sentence, remedy = "landed.own", "landed", "warning", "records", "Made", "None"
        questions = ("restraining-orders-for-stalking",)

    limits = Limits(DAY_1.date(), {}, {Own.id: Own})
    one = Measured(
        1, "landing", 1, "source:spi", "source=spi", "landed", Own.id, "warning", "failed", 9, 1, "count", 0, "", "",
        DAY_1,
    )  # fmt: skip
    assert is_about(one, Own.questions[0], limits)
    assert not is_about(one, "another-question", limits)
