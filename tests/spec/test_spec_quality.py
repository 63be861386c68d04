"""Issues, as operations read them: a line of measurements, one landing or run each, and what is said of it.

`0 0 3 3` are the faults of a check among 100 records, one landing a day from 1 March 2020; `-` is a landing that
measured the check but does not name the place, `x` one in which the check could not run. What is tolerated is `limit`
(a count; none unless a test says so).
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from expectations.rules import RULES
from expectations.thresholds import Threshold
from load.measured import Measured, RunLogged, subject_of_run, subject_of_source
from pipelines.quality_contract import CheckState, Issue
from pipelines.quality_issues import Tracked, told, track, trend_of
from pipelines.quality_judged import Limits, headline_of, issue_of, order_of, stopped_issues, verdict_of

CRITICAL, WARNING = "landed.offence-code-well-formed", "landed.case-key-weak"
DAY_1 = datetime(2020, 3, 1, 9, tzinfo=UTC)
RUN = subject_of_run("stalking-protection-orders", "case", "2020Q1")
SPI = subject_of_source("spi")


def day(number: int) -> datetime:
    return DAY_1 + timedelta(days=number - 1)


def measured(
    line: str, *, rule: str = CRITICAL, subject: str = SPI, segment: str = "source=spi", limit: float = 0
) -> list[Measured]:
    """The measurements of a line, judged then by the limit that is given."""
    kind = "run" if subject.startswith("question:") else "landing"
    found = []
    for number, said in enumerate(line.split(), 1):
        count = None if said == "x" else 0 if said == "-" else int(said)
        outcome = "error" if count is None else "passed" if count <= limit else "failed"
        found.append(
            Measured(
                check_id=1000 * number + len(segment) + 100 * (said == "-"),
                owner_kind=kind,
                owner_id=number,
                subject=subject,
                segment="" if said == "-" else segment,
                gate=rule.split(".")[0],
                rule=rule,
                severity="critical" if rule == CRITICAL else "warning",
                outcome=outcome,
                checked=None if count is None else 100,
                unexpected=count,
                limit_kind="count",
                limit=limit,
                sentence="as then",
                detail="",
                recorded_at=day(number),
            )
        )
    return found


def limits(**tolerated: float) -> Limits:
    """Limits of today: counts by the last word of a rule's id, none for the others."""
    known = {r.id: Threshold(r.id, "count", tolerated.get(r.id.replace(".", "_").replace("-", "_"), 0)) for r in RULES}
    return Limits(day(60).date(), known, {r.id: r for r in RULES})


def only(line: str, by: Limits | None = None, **about: object) -> Tracked | None:
    found = track(measured(line, **about), (by or limits()).passes)  # type: ignore[arg-type]
    assert len(found) < 2
    return found[0] if found else None


def issue(line: str, by: Limits | None = None, **about: object) -> Issue:
    by = by or limits()
    of = measured(line, **about)  # type: ignore[arg-type]
    (one,) = track(of, by.passes)
    return issue_of(one, by, one.first_seen, trend_of(one.newest, of, by.passes))


@pytest.mark.parametrize(
    ("line", "since", "often"),
    [
        ("1", 1, 1),
        ("0 0 3", 3, 1),
        ("0 3 3 7", 2, 3),
        ("5 0 3 3", 3, 2),
        ("0 2 x 2", 2, 3),
        ("- - 4 -  4", 5, 1),
    ],
)
def test_a_fault_is_open_since_the_first_of_its_last_row_of_failures(line: str, since: int, often: int) -> None:
    found = only(line)
    assert found is not None
    assert (found.resolved_at, found.first_seen, found.failing) == (None, day(since), often)


@pytest.mark.parametrize(
    ("line", "resolved"),
    [("1 0", 2), ("0 3 3 0 0 0", 4), ("3 0 3 0", 4), ("0 3 -", 3), ("x 0", 2)],
)
def test_a_fault_is_resolved_by_the_first_measurement_after_it_that_passes(line: str, resolved: int) -> None:
    """A landing that no longer names the place passed for it: only places that fail, or failed, are stored."""
    found = only(line)
    assert found is not None
    assert (found.resolved_at, found.failing) == (day(resolved), 0)


@pytest.mark.parametrize("line", ["0", "0 0 0 0", "- - -"])
def test_what_never_failed_is_no_issue(line: str) -> None:
    assert only(line) is None


def test_a_landing_of_nothing_resolves_nothing() -> None:
    """Its checks pass because there was nothing to check; the fault of the landing before it is still in the store."""
    nothing = replace(measured("0 0")[1], checked=0, segment="")
    found = track(told([*measured("3"), nothing], {2}), limits().passes)
    assert [f.resolved_at for f in found] == [None]
    assert [f.resolved_at for f in track(told([*measured("3"), nothing], set()), limits().passes)] == [day(2)]
    looked_at = replace(nothing, checked=1)  # a check of the landing itself: that it is not empty, say
    assert [f.resolved_at for f in track(told([*measured("3"), looked_at], {2}), limits().passes)] == [day(2)]


def test_each_source_is_an_issue_of_its_own() -> None:
    """A source that sends clean records does not hide another one that does not."""
    found = track([*measured("3 3"), *measured("3 0", segment="source=feed")], limits().passes)
    assert {f.newest.segment: f.resolved_at for f in found} == {"source=spi": None, "source=feed": day(2)}


def test_a_stricter_limit_of_today_opens_an_issue_and_it_is_said_that_it_passed_then() -> None:
    found = issue("0 3 3", limit=5)
    assert (found.state, found.first_seen, found.judged_then) == ("open", day(2), True)
    assert (found.limit_kind, found.limit) == ("count", 0)
    assert "passed when it was checked" in found.holds_back[0] or found.holds_back[0].startswith("every figure")


def test_a_looser_limit_of_today_resolves_it_without_a_run_and_that_is_said() -> None:
    found = issue("3 3", limits(landed_offence_code_well_formed=5))
    assert (found.state, found.by_limits, found.holds_back) == ("resolved", True, ())


def test_an_expired_limit_tolerates_nothing() -> None:
    until = Threshold(WARNING, "count", 5, "made for a test", "courts-mi", expires=day(10).date())
    before = Limits(day(10).date(), {WARNING: until}, {})
    after = Limits(day(11).date(), {WARNING: until}, {})
    assert only("3", before, rule=WARNING, limit=5) is None
    assert only("3", after, rule=WARNING, limit=5) is not None


def test_a_critical_fault_of_a_run_holds_back_its_question_and_period() -> None:
    found = issue("3", subject=RUN)
    assert found.holds_back == ("stalking-protection-orders 2020Q1 (case)",)


def test_a_critical_fault_of_a_landing_holds_back_every_figure_of_its_hearings() -> None:
    assert issue("0 3").holds_back == ("every figure of hearings landed in batch 2 (spi)",)


def test_a_warning_holds_nothing_back() -> None:
    found = issue("3", rule=WARNING)
    assert (found.holds_back, verdict_of([found])) == ((), "warnings")


def test_a_check_that_could_not_run_holds_back_even_where_it_only_warns() -> None:
    """What was not measured may be anything; the flow stops for it too."""
    found = issue("x", rule=WARNING, subject=RUN)
    assert (found.outcome, found.critical, verdict_of([found])) == ("error", True, "held back")


def run(number: int, state: str = "stopped", *, period: str = "2020Q1") -> RunLogged:
    reason = "the engine ended early" if state == "stopped" else None
    known = day(number)
    return RunLogged(number, "stalking-protection-orders", "case", period, state, reason, known, known, None, 1, known)


def test_a_stopped_run_is_an_issue_until_its_period_is_completed() -> None:
    """Also where no check of it fails: an example that is not answered stops a run before any check."""
    (found,) = stopped_issues([run(1), run(2)], [])
    assert (found.first_seen, found.last_seen, found.runs_failing) == (day(1), day(2), 2)
    assert found.holds_back == ("stalking-protection-orders 2020Q1 (case)",)
    assert "the engine ended early" in found.detail


def test_a_stopped_run_is_told_once_where_a_check_says_why() -> None:
    assert stopped_issues([run(1)], [issue("3", subject=RUN)]) == []
    assert len(stopped_issues([run(1), run(2, period="2020Q2")], [issue("3", subject=RUN)])) == 1
    assert len(stopped_issues([run(1)], [issue("3", subject=RUN, rule=WARNING)])) == 1


def test_the_trend_of_a_run_goes_over_the_periods_before() -> None:
    """Each period is seldom counted twice: the runs of the same question and unit show how a check goes."""
    quarters = [
        replace(m, subject=subject_of_run("stalking-protection-orders", "case", f"2020Q{m.owner_id}"))
        for m in measured("3 0 7", subject=RUN)
    ]
    found = trend_of(quarters[2], quarters, limits().passes)
    assert [(p.unexpected, p.passed) for p in found] == [(3, False), (0, True), (7, False)]
    assert [p.unexpected for p in trend_of(quarters[0], quarters, limits().passes)] == [3]  # and no later one


def test_the_verdict_names_the_worst_and_the_order_is_by_severity_then_age() -> None:
    old_warning, young = issue("3 3 3", rule=WARNING), issue("0 0 0 3", subject=RUN)
    ordered = sorted([old_warning, young], key=order_of)
    assert [i.severity for i in ordered] == ["critical", "warning"]
    not_run = issue(
        "0 0 0 0 x", rule=WARNING, subject=RUN
    )  # a warning by name, but it holds back: before older warnings
    assert [i.outcome for i in sorted([old_warning, not_run], key=order_of)] == ["error", "failed"]
    said = headline_of(verdict_of(ordered), ordered, [], None)
    assert said == (
        "Figures are held back: 1 critical issue is open, the oldest since 4 March 2020; 1 warning is open besides."
    )
    assert verdict_of([]) == "fine"
    made = CheckState(CRITICAL, "landed", "critical", "", 3, 0, DAY_1)
    assert headline_of("fine", [], [made], None).startswith("Nothing is wrong: 1 check")
