"""Which runs are due, what became of them, and when one is overdue or hangs: rules over times alone, no server."""

import asyncio
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipelines.due import (
    COUNT,
    GRACE,
    HANGS_AT_LEAST,
    LAND,
    MOST_TRIES,
    Attempt,
    Due,
    due_outcomes,
    dues,
    last_time,
    next_time,
    standing,
)
from pipelines.passing_over import passed_over
from pipelines.source_definition import NamedSource
from pipelines.times import LONDON
from transform.periods import Period
from transform.questions import Definitions

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
DUE = Due(COUNT, "q", MONDAY, Period(date(2026, 7, 1), date(2026, 9, 30)), ("case",))
RUN = Attempt("1", COUNT, "q", MONDAY, "completed", MONDAY, MONDAY + timedelta(seconds=60), 60.0)


@pytest.mark.parametrize(
    ("cron", "as_at", "last", "following"),
    [
        ("0 6 * * 1", "2026-11-23T05:59:59", "2026-11-16T06:00", "2026-11-23T06:00"),
        ("0 6 * * 1", "2026-11-23T06:00:00", "2026-11-23T06:00", "2026-11-30T06:00"),
        ("0 6 * * 1", "2026-07-06T05:00:00", "2026-07-06T05:00", "2026-07-13T05:00"),  # six in London's summer
        ("0 2 8 1,4,7,10 *", "2026-01-01T00:00:00", "2025-10-08T01:00", "2026-01-08T02:00"),
        ("0 7 1 6 *", "2026-11-23T00:00:00", "2026-06-01T06:00", "2027-06-01T06:00"),
        ("* * * * *", "2026-11-23T00:00:30", "2026-11-23T00:00", "2026-11-23T00:01"),
    ],
)
def test_the_latest_and_the_next_time_of_a_schedule(cron: str, as_at: str, last: str, following: str) -> None:
    at = datetime.fromisoformat(as_at).replace(tzinfo=UTC)
    assert last_time(cron, at) == datetime.fromisoformat(last).replace(tzinfo=UTC)
    assert next_time(cron, at) == datetime.fromisoformat(following).replace(tzinfo=UTC)


CRONS = (
    "0 5 3 * *", "0 6 * * 1", "*/15 * * * *", "0 6 */2 * 1", "0 2 8 1,4,7,10 *", "0 6 1-7 * 1", "* * * * *",
    "30 6 * * 1", "59 23 31 12 *", "0 6 * * 7", "0 */6 * * *", "0 6 1-7,15 */3 *",
)  # fmt: skip


def test_times_are_those_that_prefect_schedules() -> None:
    """On London's clock, through both changes of it; the hour that is skipped and the second of the two that have one
    name are left out: there Prefect's own answer depends on when it is asked."""
    from prefect.server.schemas.schedules import CronSchedule

    rng = random.Random(20200120)
    for cron in CRONS:
        schedule = CronSchedule(cron=cron, timezone="Europe/London")
        for _ in range(25):
            start = datetime(2019, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(86_400 * 1000))
            if rng.random() < 0.3:
                start = datetime(2020, 10, 24, 22, tzinfo=UTC) + timedelta(minutes=rng.randrange(400))
            if start.astimezone(LONDON).fold:
                continue
            (theirs,) = asyncio.run(schedule.get_dates(n=1, start=cast(Any, start + timedelta(seconds=1))))
            ours = next_time(cron, start)
            assert ours.timestamp() == theirs.timestamp(), (cron, start)
            assert last_time(cron, ours) == ours
            assert last_time(cron, ours - timedelta(seconds=1)) <= start


def test_what_is_due_is_the_latest_time_alone_and_sources_come_before_questions() -> None:
    """A machine that was off for a year owes one run of each, not fifty."""
    schedule = SimpleNamespace(cron="0 6 * * 1", period="last complete quarter")
    question = SimpleNamespace(id="q", schedule=schedule, published=None, units=("case", "defendant"))
    answered_by_a_table = SimpleNamespace(id="t", schedule=schedule, published=object(), units=("case",))
    by_hand = SimpleNamespace(id="h", schedule=None, published=None, units=("case",))
    found = Definitions(cast(Any, {"q": question, "t": answered_by_a_table, "h": by_hand}), {})
    sources = [NamedSource("libra", "spi", Path("f"), schedule="0 5 * * *"), NamedSource("mis", "table", Path("f"))]
    landing, count = dues(found, sources, MONDAY + timedelta(days=3))
    assert landing == Due(LAND, "libra", datetime(2026, 11, 26, 5, tzinfo=UTC), None)
    assert count == replace(DUE, units=("case", "defendant"))


@pytest.mark.parametrize(
    ("state", "due_at", "expected"),
    [
        ("completed", MONDAY, "made"),
        ("completed", MONDAY - timedelta(days=7), "missing"),  # it answered for last week
        ("completed", MONDAY + timedelta(hours=1), "made"),  # by hand, later
        ("failed", MONDAY, "failed"),
        ("running", MONDAY, "running"),
        ("running", MONDAY - timedelta(days=7), "running"),  # a late one is under way: wait for it
        ("waiting", MONDAY, "waiting"),
        ("waiting", MONDAY - timedelta(days=7), "missing"),
        ("waiting", MONDAY + timedelta(days=7), "missing"),
        ("lost", MONDAY, "missing"),  # killed: begun again
        ("lost", MONDAY - timedelta(days=7), "missing"),
    ],
)
def test_what_has_become_of_a_due_run(state: Any, due_at: datetime, expected: str) -> None:
    assert standing(DUE, [replace(RUN, state=state, due_at=due_at)], is_answered=False) == expected


def test_a_run_of_another_deployment_says_nothing() -> None:
    assert standing(DUE, [replace(RUN, name="other"), replace(RUN, flow=LAND)], is_answered=False) == "missing"


def test_what_the_warehouse_has_is_not_made_again() -> None:
    assert standing(DUE, [], is_answered=True) == "made"
    assert standing(DUE, [replace(RUN, state="failed")], is_answered=True) == "made"


def test_a_run_that_is_killed_again_and_again_is_given_up() -> None:
    lost = [replace(RUN, id=str(n), state="lost") for n in range(MOST_TRIES)]
    assert standing(DUE, lost[:-1], is_answered=False) == "missing"
    assert standing(DUE, lost, is_answered=False) == "given up"
    assert standing(DUE, [*lost, replace(RUN, state="failed")], is_answered=False) == "failed"


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("missing", "no run of it has ended"),
        ("waiting", "nothing takes it up"),
        ("failed", "it was begun and failed"),
        ("given up", "killed 3 times"),
    ],
)
def test_a_run_is_overdue_after_its_grace_and_the_message_says_for_what(how: Any, words: str) -> None:
    in_time = due_outcomes([(DUE, how)], [], MONDAY + GRACE)
    assert [(o.rule, o.outcome, o.checked) for o in in_time] == [
        ("watched.run-overdue", "passed", 1),
        ("watched.run-hanging", "passed", 0),
    ]
    whole, late, _ = due_outcomes([(DUE, how)], [], MONDAY + GRACE + timedelta(seconds=1))
    assert (whole.segment, whole.outcome) == ("", "passed")
    assert (late.rule, late.outcome, late.severity) == ("watched.run-overdue", "failed", "warning")
    assert late.segment == "deployment=q"
    assert late.detail.startswith("due 23 November 2026 06:00:00 GMT for 2026Q3; ")
    assert words in late.detail


@pytest.mark.parametrize("how", ["made", "running"])
def test_a_run_that_was_made_or_is_under_way_is_not_overdue(how: Any) -> None:
    assert all(o.outcome == "passed" for o in due_outcomes([(DUE, how)], [], MONDAY + timedelta(days=6)))


def test_a_run_hangs_when_it_takes_four_times_the_usual_and_at_least_an_hour() -> None:
    past = [replace(RUN, id=str(n), seconds=seconds) for n, seconds in enumerate((1000.0, 1200.0, 9000.0))]
    running = replace(RUN, id="now", state="running", began_at=MONDAY)
    for minutes, hangs in ((80, False), (81, True)):  # four times the median of 20 minutes
        found = due_outcomes([], [*past, running], MONDAY + timedelta(minutes=minutes))
        assert [o.segment for o in found if o.outcome == "failed"] == ["deployment=q"] * hangs
    quick = [replace(one, seconds=5.0) for one in past]
    assert not _hanging([*quick, running], MONDAY + HANGS_AT_LEAST)
    assert _hanging([*quick, running], MONDAY + HANGS_AT_LEAST + timedelta(seconds=1))


def test_without_enough_runs_before_six_hours_are_too_long() -> None:
    running = replace(RUN, id="now", state="running", began_at=MONDAY)
    assert not _hanging([RUN, RUN, running], MONDAY + timedelta(hours=6))
    assert _hanging([RUN, RUN, running], MONDAY + timedelta(hours=6, seconds=1))


def _hanging(attempts: list[Attempt], at: datetime) -> bool:
    return any(o.outcome == "failed" for o in due_outcomes([], attempts, at))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (MONDAY + timedelta(days=6), False),  # late, but nothing later is due
        (MONDAY + timedelta(days=7, minutes=5), False),
        (MONDAY + timedelta(days=7, minutes=6), True),
        (MONDAY + timedelta(days=21), True),
    ],
)
def test_a_late_run_is_passed_over_once_the_next_is_due(now: datetime, expected: bool) -> None:
    cron = "0 6 * * 1"
    assert passed_over(cron, MONDAY, ["auto-scheduled"], now) is expected
    assert not passed_over(cron, MONDAY, ["caught-up"], now)  # made to catch up, or by a person
    assert not passed_over(None, MONDAY, ["auto-scheduled"], now)


def test_a_schedule_of_every_minute_may_take_a_minute_to_start() -> None:
    for seconds, expected in ((59, False), (119, False), (121, True)):
        assert passed_over("* * * * *", MONDAY, ["auto-scheduled"], MONDAY + timedelta(seconds=seconds)) is expected
