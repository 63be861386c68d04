"""A made state of quality: so many checks, runs and open issues, each with its measurements; nothing real in it."""

from datetime import UTC, date, datetime, timedelta

from pipelines.quality_contract import (
    CheckState,
    Due,
    Funnel,
    Issue,
    QualityState,
    RunState,
    SourceState,
    StepShare,
    TrendPoint,
    Volume,
)

AS_AT = datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
STEPS = ("Results of the period", "Of the question's codes", "On offences of this law", "Final results", "Cases")
REMEDY = "Look at the landing of the source, ask the supplier for the file anew, and land it again."
ABOUT = "Dates before the Act cannot be right. The usual cause is a template date in the supplier's system."


def trend(failing: int, total: int, checked: int = 410, *, last: int = 7) -> tuple[TrendPoint, ...]:
    """`total` measurements, one a day, of which the newest `failing` fail."""
    points = []
    for number in range(total):
        at = AS_AT - timedelta(days=total - number, minutes=number % 7)
        bad = number >= total - failing
        unexpected = (last if number == total - 1 else 3 + number % 4) if bad else 0
        points.append(TrendPoint(at, checked + number, unexpected, not bad))
    return tuple(points)


def issue(number: int, rule: str, severity: str, *, segment: str = "source=spi", total: int = 60) -> Issue:
    """An open issue with `total` measurements, the last few of which fail."""
    failing = min(total, 2 + number % 9)
    points = trend(failing, total)
    critical = severity == "critical"
    return Issue(
        id=f"{number:08x}",
        rule=rule,
        gate=rule.partition(".")[0],
        subject="source:spi",
        segment=segment,
        severity=severity,
        outcome="failed",
        sentence=f"Hearing dates lie within the years that the law covers ({rule})",
        detail="Usually none of about 400 results; expected at most 2 from 12 earlier landings (Poisson).",
        remedy=REMEDY,
        about=ABOUT,
        checked=points[-1].checked,
        unexpected=points[-1].unexpected,
        limit_kind="share" if number % 2 else "count",
        limit=0.01 if number % 2 else 0.0,
        first_seen=points[-failing].recorded_at,
        last_seen=points[-1].recorded_at,
        runs_failing=failing,
        trend=points,
        holds_back=("protective-orders 2020-Q1", "protective-orders 2020-Q2") if critical else (),
        judged_then=number % 5 == 4,
        owner="data team",
        state="open",
    )


def made_state(checks: int = 42, runs: int = 60, failing: int = 6) -> QualityState:
    """A state of `runs` runs and `checks` checks, `failing` of which have an open issue."""
    rules = [f"{('landed', 'counted', 'loaded', 'watched')[n % 4]}.made-check-{n:02}" for n in range(checks)]
    severities = ["critical" if n == 0 else "info" if n % 7 == 6 else "warning" for n in range(checks)]
    issues = tuple(issue(n, rules[n], severities[n], total=runs) for n in range(failing))
    return QualityState(
        as_at=AS_AT,
        question=None,
        verdict="held back" if failing else "fine",
        headline="One critical issue holds back protective-orders 2020-Q1 and 2020-Q2." if failing else "All is well.",
        issues=issues,
        checks=tuple(
            CheckState(
                rule,
                rule.partition(".")[0],
                severities[n],
                f"Hearing dates lie within the years that the law covers ({rule})",
                3,
                int(n < failing),
                AS_AT - timedelta(hours=2),
                REMEDY,
                ABOUT,
            )
            for n, rule in enumerate(rules)
        ),
        runs=tuple(_run(n) for n in range(runs, 0, -1)),
        sources=tuple(
            SourceState(
                name,
                "spi",
                AS_AT - timedelta(days=n),
                AS_AT - timedelta(days=n, hours=3),
                date(2026, 11, 20 - n),
                61,
                2 + n,
                n,
                "landed a day ago, as usual" if n < 2 else "nothing for 23 days; usually every 2 days",
                0.93 if n else None,
                n == 2,
            )
            for n, name in enumerate(("common-platform", "libra", "spi"))
        ),
        funnels=(
            Funnel("protective-orders", "order", "2020-Q4", runs, _steps(runs), 12),
            Funnel("restraining-orders", "defendant", "2020-Q4", runs, _steps(1), 1),
        )
        if runs
        else (),
        volumes=tuple(
            Volume(f"{2025 + m // 12}-{m % 12 + 1:02}", name, 1000 + 137 * m % 900 + 4000 * n, 4)
            for m in range(23)
            for n, name in enumerate(("common-platform", "libra", "spi"))
        ),
        due=(Due("protective-orders/monthly", AS_AT - timedelta(hours=5), "did not start; is the worker up?"),)
        if failing
        else (),
        held_in_quarantine=3,
        inspected_at=AS_AT - timedelta(minutes=5),
        schemas=(("records store schema", "3"), ("warehouse schema", "0004")),
    )


def _steps(number: int) -> tuple[StepShare, ...]:
    usual = None if number < 2 else 0.92
    return tuple(
        StepShare(step, 0.61 if n == 2 and number % 2 == 0 else 0.92 - n / 100, usual) if n else StepShare(step, None)
        for n, step in enumerate(STEPS)
    )


def _run(number: int) -> RunState:
    stopped = number % 17 == 9
    return RunState(
        run_id=number,
        question="protective-orders" if number % 2 else "restraining-orders",
        unit="order" if number % 2 else "defendant",
        period=f"{2006 + number // 4}-Q{number % 4 + 1}",
        state="stopped" if stopped else "completed",
        stop_reason="landed.made-check-00: 7 results lie outside the years of the law." if stopped else None,
        started_at=AS_AT - timedelta(days=60 - number, seconds=95 + number),
        finished_at=AS_AT - timedelta(days=60 - number),
        verdict="held back" if stopped else "fine",
        attrition=() if stopped else _steps(number),
    )
