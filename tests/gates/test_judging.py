"""What was measured once can be judged again by other limits, without the records and without running a rule."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from expectations.contract import Outcome, Verdict
from expectations.judging import judged, measured, rejudged
from expectations.rules import RULES
from expectations.thresholds import Threshold, load_thresholds

ROOT = Path(__file__).resolve().parents[2]
WEAK = "landed.case-key-weak"
UNTIL = date(2027, 6, 30)
LIMITS = {
    WEAK: Threshold(WEAK, "share", 0.1, "made", "courts-mi", UNTIL),
    "landed.court-known": Threshold("landed.court-known", "count", 3, "made", "courts-mi"),
}


@pytest.mark.parametrize(
    ("rule", "checked", "unexpected", "as_at", "verdict"),
    [
        (WEAK, 100, 10, UNTIL, "passed"),
        (WEAK, 100, 11, UNTIL, "failed"),
        (WEAK, 100, 1, date(2027, 7, 1), "failed"),
        (WEAK, 100, 0, date(2027, 7, 1), "passed"),
        (WEAK, 100, 10, None, "passed"),
        ("landed.court-known", 5, 3, UNTIL, "passed"),
        ("landed.court-known", 5000, 4, UNTIL, "failed"),
        ("landed.result-code-digits", 5000, 1, UNTIL, "failed"),
        ("landed.gone-long-ago", 5000, 1, UNTIL, "failed"),
        ("landed.gone-long-ago", 0, 0, UNTIL, "passed"),
    ],
)
def test_a_measurement_is_judged_by_the_limits_of_a_day(
    rule: str, checked: int, unexpected: int, as_at: date | None, verdict: Verdict
) -> None:
    """An expired limit, no limit and a rule that is gone tolerate nothing; what was judged then is no matter."""
    for then in ("passed", "failed"):
        assert judged(rule, checked, unexpected, then, as_at, LIMITS) == verdict


def test_what_could_not_run_stays_an_error() -> None:
    """It was not measured, so no limit can make it pass."""
    assert judged(WEAK, None, None, "error", UNTIL, LIMITS) == "error"
    assert judged(WEAK, 100, 0, "error", UNTIL, LIMITS) == "error"
    assert judged(WEAK, None, None, "passed", UNTIL, LIMITS) == "error"


def test_outcomes_are_judged_again_with_the_limits_of_the_project() -> None:
    """Judging twice is the same as judging once, and the counts stay as they were measured."""
    rule = next(r for r in RULES if r.id == WEAK)
    strict = measured(rule, [("source=spi", 100, 5), ("source=mi", 100, 50)], Threshold(WEAK, "count", 0))
    assert [o.outcome for o in strict] == ["failed", "failed"]
    again = rejudged(strict, UNTIL)
    limit = load_thresholds()[WEAK]
    assert [(o.segment, o.outcome, o.limit_kind, o.limit) for o in again] == [
        ("source=spi", "passed", limit.kind, limit.limit),
        ("source=mi", "failed", limit.kind, limit.limit),
    ]
    assert [(o.checked, o.unexpected) for o in again] == [(o.checked, o.unexpected) for o in strict]
    assert rejudged(again, UNTIL) == again


def test_a_rule_that_measured_nothing_has_one_outcome() -> None:
    rule = next(r for r in RULES if r.id == WEAK)
    (one,) = measured(rule, [], LIMITS[WEAK])
    assert isinstance(one, Outcome) and (one.segment, one.outcome, one.checked) == ("", "passed", 0)


def test_judging_needs_no_heavy_library() -> None:
    code = (
        "import sys; from expectations.judging import judged; judged('landed.court-known', 1, 1, 'failed', None);"
        "print(sorted({'great_expectations', 'pandas', 'sqlalchemy', 'duckdb', 'pyarrow', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "'duckdb'" not in done.stdout and "great_expectations" not in done.stdout and "scipy" not in done.stdout
    assert "'pandas'" not in done.stdout and "sqlalchemy" not in done.stdout
