"""A run is stored whole, once, and only after what was stored has been checked."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType

import pytest

from load.contract import FigureRow, LoadError
from load.schema import run as run_table
from load.warehouse import (
    current_figures,
    find_run,
    load_run,
    open_warehouse,
    record_batch,
    record_stopped_run,
    run_details,
    warehouse_status,
)


def everything(warehouse):
    """Rows of each table: equal before and after means that nothing changed."""
    return dict(warehouse_status(warehouse).rows)


def test_a_loaded_run_is_read_back_as_it_was_given(warehouse, sample):
    run = sample.run()
    loaded = sample.load(warehouse, run, checks=[sample.check(gate="after-counting", severity="warning")])
    assert not loaded.already_there
    details = run_details(warehouse, loaded.run.run_id)
    assert details == loaded.run == find_run(warehouse, run.run_key)
    assert (details.run, details.state, details.stop_reason) == (run, "completed", None)
    assert details.figures == sample.figures
    assert [(step.step, step.rows, step.units) for step in details.attrition] == [("Result is SPO or Granted", 40, 27)]
    assert [(kind.name, kind.units) for kind in details.evidence] == [("spo", 20)]
    assert details.notes == ("Figures can change over time.", "Management information.")
    assert [check.gate for check in details.checks] == ["after-counting", "after-loading"]


def test_the_same_run_again_changes_nothing_and_says_so(warehouse, sample):
    first = sample.load(warehouse)
    before = everything(warehouse)
    later = replace(sample.run(), finished_at=sample.when + timedelta(days=1))
    again = sample.load(warehouse, later, verify=lambda rows: pytest.fail("checked again"))
    assert again.already_there
    assert again.run == first.run
    assert everything(warehouse) == before


def test_a_figure_that_was_held_is_a_new_run_when_the_hold_has_ended(warehouse, sample):
    held = sample.load(
        warehouse,
        sample.run(holds=["2020Q1 until 2020-05-21"], value=None, status="held"),
        figures=[FigureRow("2020Q1", "{}", None, "held")],
    )
    free = sample.load(warehouse, sample.run(finished_at=sample.when + timedelta(days=2)))
    assert not free.already_there
    assert free.run.run_id != held.run.run_id
    assert current_figures(warehouse, "spo")[0].value == 27


def test_verify_sees_the_figures_as_the_database_has_them(warehouse, sample):
    seen = []
    sample.load(warehouse, verify=lambda rows: seen.extend(rows) or [])
    assert tuple(seen) == sample.figures


def raises(rows):
    raise RuntimeError("a name in a value")


@pytest.mark.parametrize(
    ("outcome", "severity"), [("failed", "critical"), ("error", "critical"), ("error", "warning"), ("raises", "")]
)
def test_nothing_stays_of_a_run_that_does_not_pass(warehouse, sample, outcome, severity):
    """A critical failure, a rule that could not run, and a check that breaks off all leave the old state."""
    before = everything(warehouse)
    bad = sample.check(outcome=outcome, severity=severity)
    verify = raises if outcome == "raises" else lambda rows: [sample.check(), bad]
    with pytest.raises(LoadError) as caught:
        sample.load(warehouse, verify=verify)
    assert everything(warehouse) == before
    assert caught.value.exit_code == 6
    assert "name" not in str(caught.value)
    assert caught.value.checks == (() if outcome == "raises" else (sample.check(), bad))
    assert not sample.load(warehouse).already_there


def test_a_warning_is_recorded_and_does_not_stop(warehouse, sample):
    loaded = sample.load(warehouse, verify=lambda rows: [sample.check(severity="warning", outcome="failed")])
    assert [check.outcome for check in loaded.run.checks] == ["failed"]
    assert [failed.run_id for failed in warehouse_status(warehouse).failed_checks] == [loaded.run.run_id]


def test_a_stopped_run_has_no_figure_and_does_not_claim_its_key(warehouse, sample):
    run = sample.run()
    failed = sample.check(outcome="failed", checked=5, unexpected=1)
    number = record_stopped_run(warehouse, sample.version(), run, "a critical rule failed", [failed])
    stopped = run_details(warehouse, number)
    assert (stopped.state, stopped.stop_reason) == ("stopped", "a critical rule failed")
    assert (stopped.run.run_key, stopped.run.value, stopped.run.status, stopped.figures) == (None, None, None, ())
    assert stopped.checks == (failed,)
    assert find_run(warehouse, run.run_key) is None
    assert record_stopped_run(warehouse, sample.version(), run, "again", []) != number
    assert not sample.load(warehouse, run).already_there


@pytest.mark.parametrize(("value", "status"), [(None, "counted"), (0, "no data"), (5, "held"), (5, "guessed")])
def test_a_value_is_missing_exactly_where_its_status_says_why(warehouse, sample, value, status):
    before = everything(warehouse)
    with pytest.raises(LoadError, match=r"breaks a rule of the warehouse .*figure"):
        sample.load(warehouse, figures=[FigureRow("2020Q1", "{}", value, status)])
    with pytest.raises(LoadError, match=r"breaks a rule of the warehouse .*run"):
        sample.load(warehouse, sample.run(value=value, status=status))
    assert everything(warehouse) == before


def test_one_run_gives_one_figure_per_period_and_cell(warehouse, sample):
    with pytest.raises(LoadError, match="figure"):
        sample.load(warehouse, figures=[sample.figures[0], sample.figures[0]])


def test_a_time_in_any_zone_comes_back_as_the_same_moment_in_utc(warehouse, sample):
    summer = datetime(2020, 3, 29, 2, 0, 0, 7, tzinfo=timezone(timedelta(hours=1)))
    stored = sample.load(warehouse, sample.run(as_known_at=summer)).run.run
    assert stored.as_known_at == summer
    assert stored.as_known_at.tzinfo is UTC
    assert (stored.as_known_at.hour, stored.as_known_at.microsecond) == (1, 7)
    assert current_figures(warehouse, "spo")[0].as_known_at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused_on_either_database(warehouse, sample):
    with pytest.raises(Exception, match="a time needs its zone"):
        sample.load(warehouse, sample.run(started_at=datetime(2020, 1, 1)))  # noqa: DTZ001
    assert everything(warehouse)["run"] == 0


def test_eight_loaders_of_one_run_at_once_make_one_run(url, sample):
    """They also open the warehouse for the first time at once."""
    start = threading.Barrier(8)

    def load(_):
        start.wait()
        with open_warehouse(url) as warehouse:
            return sample.load(warehouse)

    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(load, range(8)))
    assert sorted(one.already_there for one in loaded) == [False] + [True] * 7
    assert len({one.run.run_id for one in loaded}) == 1
    with open_warehouse(url) as warehouse:
        rows = everything(warehouse)
    assert (rows["run"], rows["figure"], rows["question_version"]) == (1, 2, 1)


def test_eight_different_runs_at_once_all_land(warehouse, sample):
    start = threading.Barrier(8)

    def load(batch):
        start.wait()
        question = f"q{batch % 2}"
        version = sample.version(definition_hash=question, question=question)
        run = sample.run(newest_batch=batch, question=question, definition_hash=question)
        return sample.load(warehouse, run, version=version)

    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(load, range(8)))
    assert not any(one.already_there for one in loaded)
    assert everything(warehouse) | {"run": 8, "question_version": 2} == everything(warehouse)
    assert [run_details(warehouse, one.run.run_id).figures for one in loaded] == [sample.figures] * 8


def test_a_key_taken_meanwhile_under_another_question_is_not_taken_twice(warehouse, sample):
    """Writers of different questions do not wait for each other, so the database has the last word."""
    inside, go_on = threading.Event(), threading.Event()

    def slow(rows):
        inside.set()
        go_on.wait(20)
        return []

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(sample.load, warehouse, sample.run(run_key="k"), verify=slow)
        assert inside.wait(20)
        other = sample.version(definition_hash="def-2", question="other")
        run = sample.run(run_key="k", question="other", definition_hash="def-2")
        second = pool.submit(sample.load, warehouse, run, version=other)
        threading.Timer(0.3, go_on.set).start()
        assert not first.result().already_there
        assert second.result().already_there
    rows = everything(warehouse)
    assert (rows["run"], rows["figure"], rows["question_version"]) == (1, 2, 1)


def test_readers_go_on_and_see_the_old_state_while_a_run_is_loaded(warehouse, sample):
    seen = []
    sample.load(warehouse, verify=lambda rows: seen.append(current_figures(warehouse, "spo")) or [])
    assert seen == [[]]
    assert len(current_figures(warehouse, "spo")) == 2


def test_the_full_text_of_a_question_is_stored_once_per_version(warehouse, sample):
    version = sample.version(lists=MappingProxyType({"granted": "code\n0401\n"}))
    sample.load(warehouse, version=version)
    sample.load(warehouse, sample.run(newest_batch=2), version=version)
    with warehouse.engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT definition, lists FROM question_version").all()
    assert len(stored) == 1
    assert stored[0][0] == 'id = "spo"'
    assert "0401" in str(stored[0][1])


def test_a_landing_is_noted_once(warehouse, sample):
    check = sample.check(gate="after-landing", outcome="failed", severity="warning")
    assert record_batch(warehouse, sample.batch(), [check])
    assert not record_batch(warehouse, sample.batch(), [check])
    status = warehouse_status(warehouse)
    assert status.newest_batch == sample.batch()
    assert (status.rows["landed_batch"], status.rows["check_result"]) == (1, 1)
    assert [(failed.batch, failed.run_id) for failed in status.failed_checks] == [(1, None)]
    assert status.failed_checks[0].check == check


def test_a_landing_of_another_store_is_refused(warehouse, sample):
    record_batch(warehouse, sample.batch(), [])
    with pytest.raises(LoadError, match="another landing as batch 1"):
        record_batch(warehouse, sample.batch(landed_at=sample.when + timedelta(seconds=1)), [])


def test_the_status_names_the_last_run_of_each_question(warehouse, sample):
    sample.load(warehouse)
    number = record_stopped_run(warehouse, sample.version(), sample.run(newest_batch=2), "no", [])
    other = sample.version(definition_hash="def-2", question="other")
    loaded = sample.load(warehouse, sample.run(question="other", definition_hash="def-2"), version=other)
    last = warehouse_status(warehouse).last_runs
    assert [(run.run.question, run.run_id) for run in last] == [("other", loaded.run.run_id), ("spo", number)]


def test_an_unknown_run_is_an_error_with_advice(warehouse):
    with pytest.raises(LoadError, match=r"there is no run 99.*courtstats status"):
        run_details(warehouse, 99)


def test_a_run_without_data_has_no_dates_and_no_value(warehouse, sample):
    run = sample.run(value=None, status="no data", data_from=None, data_to=None, weak_units=None)
    figures = [FigureRow("2020Q1", "{}", None, "no data")]
    stored = load_run(warehouse, sample.version(), run, figures, [], [], [], [], lambda rows: []).run
    assert (stored.run, stored.figures, stored.attrition, stored.notes) == (run, tuple(figures), (), ())
    assert run_table.c.value.nullable


def test_hearing_days_come_back_as_days(warehouse, sample):
    stored = sample.load(warehouse).run.run
    assert (stored.period_from, stored.period_to) == (date(2020, 1, 1), date(2020, 3, 31))
    assert type(stored.data_from) is date


def test_a_definition_that_is_changed_back_makes_its_figures_current_again(warehouse, sample):
    """The same run as before the change is a new vintage: the warehouse must not go on saying what the change said."""
    first = sample.load(warehouse)
    changed = sample.version(definition_hash="def-2")
    other = (replace(sample.figures[0], value=31), sample.figures[1])
    sample.load(warehouse, sample.run(definition_hash="def-2", value=31), version=changed, figures=other)
    back = sample.load(warehouse)
    assert not back.already_there
    assert (back.run.vintage, back.run.figures) == (3, first.run.figures)
    assert [(f.value, f.definition_hash) for f in current_figures(warehouse, "spo")] == [(27, "def-1"), (0, "def-1")]
    again = sample.load(warehouse)
    assert (again.already_there, again.run) == (True, back.run)
    forth = sample.load(warehouse, sample.run(definition_hash="def-2", value=31), version=changed, figures=other)
    assert (forth.already_there, forth.run.vintage) == (False, 4)


def test_another_breakdown_of_the_same_records_leaves_the_first_run_standing(warehouse, sample):
    sample.load(warehouse)
    force = (sample.figures[0], FigureRow("2020Q1", '{"police_force":"44"}', 3, "counted"))
    sample.load(warehouse, sample.run(breakdowns=(("police_force",),)), figures=force)
    assert sample.load(warehouse).already_there
    assert len(current_figures(warehouse, "spo")) == 3
