"""What checks measured is kept for good, read back by rule, subject and segment, and reading it does not get slower."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from load import quality
from load.contract import LoadError
from load.measured import subject_of_run, subject_of_source
from load.quality import failing_since, measurements, record_inspection, runs_of
from load.warehouse import open_warehouse, record_batch, record_stopped_run, warehouse_status

HOUR = timedelta(hours=1)
LINE = subject_of_run("spo", "case", "2020Q1")
PASSED, FAILED = {"outcome": "passed", "unexpected": 0}, {"outcome": "failed", "unexpected": 4}


@pytest.fixture
def ticking(url, sample):
    """A warehouse whose clock goes on by an hour whenever it is looked at."""
    hours = iter(range(1, 100_000))
    with open_warehouse(url, who="a clerk", clock=lambda: sample.when + next(hours) * HOUR) as opened:
        yield opened


def stopped(warehouse, sample, *checks, **changes):
    """A run that stores these checks, each as changes of a made one."""
    rows = [sample.check(**{"rule": "counted.made"} | changed) for changed in checks]
    return record_stopped_run(warehouse, sample.version(), sample.run(**changes), "a check", rows)


def landed(warehouse, sample, number, *checks):
    batch = sample.batch(batch=number, landed_at=sample.when + number * HOUR)
    assert record_batch(warehouse, batch, [sample.check(**{"rule": "landed.made"} | changed) for changed in checks])


def keys(found):
    return [(one.owner_kind, one.owner_id, one.rule, one.segment) for one in found]


def test_a_measurement_is_read_back_as_it_was_made(ticking, sample):
    check = sample.check(
        gate="watched", rule="watched.made", severity="info", outcome="failed", checked=31, unexpected=2,
        sentence="fewer than usual", segment="court=B01CN;month=2020-03", limit_kind="share", limit=0.05,
        detail="because",
    )  # fmt: skip
    number = record_inspection(ticking, sample.when, 3, [check])
    (found,) = measurements(ticking)
    assert (found.owner_kind, found.owner_id, found.subject) == ("inspection", number, "all")
    assert found.recorded_at > sample.when
    for name in check.__slots__:
        assert getattr(found, name) == getattr(check, name)
    with ticking.engine.connect() as connection:
        assert connection.execute(text("SELECT newest_batch FROM inspection")).scalar_one() == 3
    assert warehouse_status(ticking).failed_checks[0].inspection_id == number


def test_runs_landings_and_inspections_measure_subjects_of_their_own(ticking, sample):
    landed(ticking, sample, 1, FAILED | {"segment": "source=spi"})
    stopped(ticking, sample, FAILED)
    stopped(ticking, sample, FAILED, period="2020Q2")
    stopped(ticking, sample, FAILED, unit="defendant")
    record_inspection(ticking, sample.when, 1, [sample.check(rule="watched.made", **FAILED)])
    assert {one.subject for one in measurements(ticking)} == {
        LINE,
        subject_of_run("spo", "case", "2020Q2"),
        subject_of_run("spo", "defendant", "2020Q1"),
        subject_of_source("spi"),
        "all",
    }


def test_of_each_key_the_newest_are_given_newest_first(ticking, sample):
    for number in range(5):
        segments = [{"segment": "court=A"}] if number < 2 else []
        stopped(ticking, sample, FAILED, *(FAILED | one for one in segments))
    made = "counted.made"
    assert keys(measurements(ticking, last=3)) == [
        ("run", 5, made, ""), ("run", 4, made, ""), ("run", 3, made, ""),
        ("run", 2, made, "court=A"), ("run", 1, made, "court=A"),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="at least the last"):
        measurements(ticking, last=0)


def test_what_found_nothing_is_given_once_unless_another_segment_of_its_rule_found_something(ticking, sample):
    """Without all of the whole's, nobody could tell in which run a segment was put right."""
    other = {"rule": "counted.other"}
    for number in range(1, 5):
        segment = [FAILED | {"segment": "court=A"}] if number == 2 else []
        stopped(ticking, sample, PASSED, PASSED | other, *segment)
    found = measurements(ticking, last=4)
    assert [one.owner_id for one in found if one.rule == "counted.made" and not one.segment] == [4, 3, 2, 1]
    assert [one.owner_id for one in found if one.rule == "counted.other"] == [4]


def test_what_passed_with_something_unexpected_is_given_whole_for_other_limits_would_fail_it(ticking, sample):
    for _ in range(3):
        stopped(ticking, sample, {"outcome": "passed", "unexpected": 1, "limit": 5.0})
    assert [one.owner_id for one in measurements(ticking)] == [3, 2, 1]


def test_what_a_key_found_before_its_newest_measurements_is_not_given_any_more(ticking, sample):
    for number in range(4):
        stopped(ticking, sample, PASSED if number else FAILED)
    assert [one.owner_id for one in measurements(ticking, last=3)] == [4]
    assert [one.owner_id for one in measurements(ticking, last=4)] == [4, 3, 2, 1]


def test_only_the_latest_periods_are_looked_at_and_one_question_if_asked(ticking, sample, monkeypatch):
    monkeypatch.setattr(quality, "PERIODS", 2)
    first = sample.run().period_from
    for number in (3, 1, 2):  # in which order they were run makes no difference
        days = timedelta(days=90 * number)
        stopped(
            ticking, sample, FAILED, period=f"P{number}", period_from=first + days, period_to=first + days + 80 * HOUR
        )
    version = replace(sample.version(), definition_hash="def-2", question="other")
    run = sample.run(question="other", definition_hash="def-2")
    record_stopped_run(ticking, version, run, "a check", [sample.check(**FAILED)])
    landed(ticking, sample, 1, FAILED)
    of = [subject_of_run("spo", "case", f"P{number}") for number in (2, 3)]
    other = subject_of_run("other", "case", "2020Q1")
    assert {one.subject for one in measurements(ticking)} == {*of, other, "source:spi"}
    assert {one.subject for one in measurements(ticking, question="spo")} == {*of, "source:spi"}
    assert {one.subject for one in measurements(ticking, question="nobody's")} == {"source:spi"}


def test_an_empty_warehouse_has_no_measurements(warehouse):
    assert measurements(warehouse) == []
    assert failing_since(warehouse, "counted.made", LINE, "") is None


def test_since_when_a_check_fails_is_told_however_long_ago(ticking, sample):
    stopped(ticking, sample, PASSED)
    for _ in range(70):
        stopped(ticking, sample, FAILED)
    newest = measurements(ticking, last=60)
    since = failing_since(ticking, "counted.made", LINE, "")
    assert len(newest) == 60
    assert {one.outcome for one in newest} == {"failed"}
    assert since == runs_of(ticking, last=70)[-1].finished_at < newest[-1].recorded_at
    stopped(ticking, sample, PASSED)
    assert failing_since(ticking, "counted.made", LINE, "") is None


def test_a_run_that_does_not_name_a_segment_has_passed_it(ticking, sample):
    """The fault of the first run is another one than that of the last two."""
    bad = FAILED | {"segment": "court=A"}
    numbers = [stopped(ticking, sample, PASSED, *([bad] if failing else [])) for failing in (1, 0, 1, 1)]
    by_run = {one.owner_id: one.recorded_at for one in measurements(ticking)}
    assert failing_since(ticking, "counted.made", LINE, "court=A") == by_run[numbers[2]]
    assert failing_since(ticking, "counted.made", LINE, "court=B") is None


def test_a_run_stopped_before_a_rule_was_measured_says_nothing_of_it(ticking, sample):
    first = stopped(ticking, sample, FAILED)
    stopped(ticking, sample)
    by_run = {one.owner_id: one.recorded_at for one in measurements(ticking)}
    assert failing_since(ticking, "counted.made", LINE, "") == by_run[first]


def test_since_when_can_be_judged_by_other_limits(ticking, sample):
    for unexpected in (9, 3, 4):
        stopped(ticking, sample, {"outcome": "passed", "unexpected": unexpected})
    by_run = {one.owner_id: one.recorded_at for one in measurements(ticking)}
    stricter = failing_since(ticking, "counted.made", LINE, "", lambda one: (one.unexpected or 0) > 3)
    assert stricter == by_run[3]


def test_an_inspection_is_stored_whole_or_not_at_all(ticking, sample):
    bad = sample.check(severity="nobody knows")
    with pytest.raises(LoadError, match="breaks a rule of the warehouse"):
        record_inspection(ticking, sample.when, 1, [sample.check(), bad])
    assert warehouse_status(ticking).rows["inspection"] == 0
    assert measurements(ticking) == []


@pytest.mark.parametrize("owners", ["run_id, batch", "run_id, inspection_id", "batch, inspection_id", ""])
def test_a_measurement_belongs_to_one_of_them_and_no_more(ticking, sample, owners):
    stopped(ticking, sample)
    landed(ticking, sample, 1)
    record_inspection(ticking, sample.when, 1, [])
    names = [name for name in owners.split(", ") if name]
    columns, values = "".join(f", {name}" for name in names), ", 1" * len(names)
    row = f"INSERT INTO check_result (subject, gate, rule, severity, outcome, sentence, recorded_at{columns}) "
    row += f"VALUES ('all', 'watched', 'r', 'info', 'passed', 's', '2020-05-20 00:00:00'{values})"
    with pytest.raises(DBAPIError, match="one_owner"), ticking.engine.begin() as connection:
        connection.execute(text(row))


@pytest.mark.parametrize("table", ["inspection", "check_result", "alert_sent"])
def test_nobody_changes_or_replaces_what_was_measured_or_sent(ticking, sample, table):
    record_inspection(ticking, sample.when, 1, [sample.check()])
    quality.record_alert(ticking, channel="mail", cause="c", state="opened", digest="d", issues=["1"])
    statements = [f"DELETE FROM {table}"]
    if ticking.engine.dialect.name == "sqlite":
        statements.append(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    for statement in statements:
        with pytest.raises(DBAPIError, match="never changed"), ticking.engine.begin() as connection:
            connection.execute(text(statement))


def test_reading_looks_at_as_much_in_a_long_history_as_in_a_short_one(ticking, sample):
    """Counted as rows that are read back, not in seconds: 5 rules of which one fails, in 20 runs and in 120."""
    rules = [{"rule": f"counted.{n}"} | (FAILED if n == 0 else PASSED) for n in range(5)]
    given = []
    for runs in (20, 100):
        for _ in range(runs):
            stopped(ticking, sample, *rules)
        given.append(len(measurements(ticking, last=10)))
    assert given == [14, 14]
