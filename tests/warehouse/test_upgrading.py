"""A warehouse of an earlier schema is raised with everything that is in it, and says then what it said before."""

from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import MetaData, insert, text

from load import audit
from load.connecting import connect, use_write_ahead_log, writing
from load.contract import FigureRow
from load.migrating import configuration
from load.quality import failing_since, measurements
from load.reading import figures_of
from load.vintages import line_of
from load.warehouse import current_figures, open_warehouse, run_details

DAY = timedelta(days=1)
SCHEMAS = ("0001", "0002", "0003")
MONTH = '{"month":"2020-01"}'
FORCE = '{"police_force":"44"}'
RUNS = (
    # as known how many days later, newest landing, breakdowns, figures as (cell, value), stopped
    (0, 1, [["month"], ["police_force"]], [("{}", 27), (MONTH, 0), (FORCE, 3)]),
    (0, 2, [["month"]], [("{}", 28), (MONTH, 1)]),
    (-9, 2, [["month"]], [("{}", 25), (MONTH, 0)]),  # known earlier: it never stood
    (1, 3, [["police_force"]], [("{}", 28)]),  # the force has no figure any more
    (1, 3, [["month"]], [("{}", 28), (MONTH, 1)]),
)
"""What was loaded, in its order; by the rule of then and of now the last two stand."""
WHOLE = {1: 1, 2: 2, 3: None, 4: 3, 5: 4}
"""Number of the vintage of each, as schema 0003 stored it."""
CHECKS = (
    ({"batch": 1}, "landed.a", "failed", 2),
    ({"run_id": 1}, "counted.a", "passed", 0),
    ({"run_id": 2}, "counted.a", "failed", 3),
    ({"run_id": 6}, "counted.a", "error", None),
)
"""Results of checks: the landing's, and those of three runs of one question, unit and period."""


def of_schema(url, schema, sample):
    """A warehouse as an earlier schema had it, written without today's code."""
    with connect(url) as old:
        if old.engine.dialect.name == "sqlite":
            use_write_ahead_log(old)
        with writing(old, "schema") as connection:
            command.upgrade(configuration(connection), schema)
        metadata = MetaData()
        metadata.reflect(old.engine)
        tables = metadata.tables
        zone = (lambda at: at.replace(tzinfo=None)) if old.engine.dialect.name == "sqlite" else lambda at: at
        at = zone(sample.when)
        asked = sample.run()
        with writing(old, "runs") as connection:
            version = {"definition_hash": "def-1", "question": "spo", "title": "SPO", "definition": "id = 1"}
            connection.execute(insert(tables["question_version"]), version | {"lists": {}, "recorded_at": at})
            for number, (days, batch, breakdowns, figures) in enumerate(RUNS, 1):
                run = {
                    "run_key": f"key {number}", "question": "spo", "definition_hash": "def-1",
                    "unit": "case", "period": "2020Q1", "period_from": asked.period_from,
                    "period_to": asked.period_to, "breakdowns": breakdowns,
                    "as_known_at": zone(sample.when + days * DAY), "newest_batch": batch, "code_version": "0.1.0",
                    "thresholds_hash": "t", "started_at": at, "finished_at": zone(sample.when + number * DAY),
                    "state": "completed", "value": figures[0][1], "status": "counted",
                }  # fmt: skip
                if schema == "0003":
                    run |= {"vintage": WHOLE[number]}
                connection.execute(insert(tables["run"]), run)
                if schema == "0003":
                    counted = [{"run_id": number, "breakdown": of[0] if of else ""} for of in ([], *breakdowns)]
                    connection.execute(insert(tables["tabulation"]), counted)
                for place, (cell, value) in enumerate(figures, 1):
                    name = cell.split('"')[1] if '"' in cell else ""
                    row = {
                        "run_id": number, "question": "spo", "period": "2020Q1", "cell": cell, "value": value,
                        "breakdown": name, "status": "counted", "known_from": zone(sample.when + number * DAY),
                    }  # fmt: skip
                    if schema >= "0002":
                        row |= {"marks": "p" if cell == "{}" else "", "notes": [2] if cell == MONTH else []}
                    if schema == "0003":
                        row |= {"unit": "case", "place": place, "vintage": WHOLE[number]}
                    connection.execute(insert(tables["figure"]), row)
            if schema == "0003":
                buried = {
                    "run_id": 4, "question": "spo", "unit": "case", "period": "2020Q1", "cell": FORCE, "place": 2,
                    "vintage": 3, "breakdown": "police_force", "status": "gone", "marks": "", "notes": [],
                    "known_from": zone(sample.when + 4 * DAY),
                }  # fmt: skip
                connection.execute(insert(tables["figure"]), buried)
            stopped = {
                "question": "spo", "definition_hash": "def-1", "unit": "case", "period": "2020Q1",
                "period_from": asked.period_from, "period_to": asked.period_to, "breakdowns": [], "as_known_at": at,
                "newest_batch": 3, "code_version": "0.1.0", "thresholds_hash": "t", "started_at": at,
                "finished_at": at, "state": "stopped", "stop_reason": "a check",
            }  # fmt: skip
            connection.execute(insert(tables["run"]), stopped)
            batch = sample.batch()
            landed = {name: getattr(batch, name) for name in batch.__slots__}
            landed |= {"landed_at": at, "received_at": at, "refusals": dict(batch.refusals)}
            connection.execute(insert(tables["landed_batch"]), landed)
            for owner, rule, outcome, unexpected in CHECKS:
                found = {
                    "gate": "landed", "rule": rule, "severity": "warning", "outcome": outcome, "checked": 9,
                    "unexpected": unexpected, "sentence": "made", "recorded_at": at,
                }  # fmt: skip
                connection.execute(insert(tables["check_result"]), found | owner)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_run_of_an_earlier_schema_states_what_it_stated(url, schema, sample):
    of_schema(url, schema, sample)
    with open_warehouse(url) as raised, raised.engine.connect() as connection:
        for number, (_, _, _, figures) in enumerate(RUNS, 1):
            assert [(f.cell, f.value) for f in figures_of(connection, number)] == figures
        first = run_details(raised, 1).figures
        if schema >= "0002":
            assert [(f.marks, f.notes) for f in first] == [("p", ()), ("", (2,)), ("", ())]
        else:
            assert [(f.marks, f.notes) for f in first] == [("", ())] * 3


@pytest.mark.parametrize("schema", SCHEMAS)
def test_what_stood_in_an_earlier_schema_stands_and_vintages_are_numbered(url, schema, sample):
    of_schema(url, schema, sample)
    with open_warehouse(url) as raised:
        with raised.engine.connect() as connection:
            numbers = connection.execute(text("select run_id, vintage from run order by run_id")).all()
        assert [tuple(row) for row in numbers] == [(1, 1), (2, 2), (3, None), (4, 3), (5, 4), (6, None)]
        assert {f.cell: (f.value, f.vintage) for f in current_figures(raised, "spo")} == {"{}": (28, 4), MONTH: (1, 4)}
        then = current_figures(raised, "spo", as_stored_at=sample.when + 1.5 * DAY)
        assert {f.cell: f.value for f in then} == {"{}": 27, MONTH: 0, FORCE: 3}
        assert line_of(raised, "spo", "case", "2020Q1").stated["police_force"].figures == {}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_what_checks_found_in_an_earlier_schema_is_kept_and_tells_since_when_it_fails(url, schema, sample):
    of_schema(url, schema, sample)
    with open_warehouse(url) as raised:
        found = measurements(raised)
        line = "question:spo;unit=case;period=2020Q1"
        assert [(m.owner_kind, m.owner_id, m.subject, m.outcome, m.unexpected) for m in found] == [
            ("run", 6, line, "error", None),
            ("run", 2, line, "failed", 3),
            ("run", 1, line, "passed", 0),
            ("landing", 1, "source:spi", "failed", 2),
        ]
        assert {(m.segment, m.limit_kind, m.limit, m.detail) for m in found} == {("", "count", 0.0, "")}
        assert failing_since(raised, "counted.a", line, "") == sample.when
        sample.load(raised, sample.run(newest_batch=4), checks=[sample.check(rule="counted.a", severity="info")])
        assert failing_since(raised, "counted.a", line, "") is None
        for change in ("UPDATE check_result SET outcome = 'passed'", "DELETE FROM check_result"):
            with pytest.raises(Exception, match="never changed"), raised.engine.begin() as connection:
                connection.execute(text(change))


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_warehouse_that_was_raised_takes_the_next_vintage_and_lets_nothing_be_changed(url, schema, sample):
    of_schema(url, schema, sample)
    with open_warehouse(url) as raised:
        figures = (FigureRow("2020Q1", "{}", 29, "counted", "p", (2,)), FigureRow("2020Q1", MONTH, 1, "counted"))
        run = sample.run(newest_batch=4, as_known_at=sample.when + 2 * DAY, value=29, breakdowns=(("month",),))
        loaded = sample.load(raised, run, figures=figures)
        assert (loaded.run.vintage, loaded.run.figures) == (5, figures)
        assert [(f.cell, f.value, f.marks) for f in current_figures(raised, "spo")] == [
            ("{}", 29, "p"),
            (MONTH, 1, ""),
        ]
        assert audit.verify(raised).faults == ()  # runs of before the log have no entry, and need none
        for change in ("UPDATE figure SET value = 1", "DELETE FROM run", "DELETE FROM audit_entry"):
            with pytest.raises(Exception, match="never changed"), raised.engine.begin() as connection:
                connection.execute(text(change))


def test_figures_in_two_units_stand_side_by_side(warehouse, sample):
    sample.load(warehouse)
    defendants = (FigureRow("2020Q1", "{}", 29, "counted"),)
    sample.load(warehouse, sample.run(unit="defendant", value=29), figures=defendants)
    totals = {f.unit: f.value for f in current_figures(warehouse, "spo") if f.cell == "{}"}
    assert totals == {"case": 27, "defendant": 29}
