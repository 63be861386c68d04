"""A warehouse of an earlier schema is raised with everything that is in it."""

from alembic import command
from sqlalchemy import MetaData, insert

from load.connecting import connect, use_write_ahead_log, writing
from load.contract import FigureRow
from load.migrating import configuration
from load.warehouse import current_figures, open_warehouse, run_details


def of_schema_1(url, sample):
    """A warehouse as the first schema had it, with one run of two figures, written without today's code."""
    with connect(url) as old:
        if old.engine.dialect.name == "sqlite":
            use_write_ahead_log(old)
        with writing(old, "schema") as connection:
            command.upgrade(configuration(connection), "0001")
        tables = MetaData()
        tables.reflect(old.engine)
        at = sample.when.replace(tzinfo=None) if old.engine.dialect.name == "sqlite" else sample.when
        run = sample.run()
        with writing(old, "a run") as connection:
            connection.execute(
                insert(tables.tables["question_version"]),
                {
                    "definition_hash": "def-1", "question": "spo", "title": "SPO", "definition": "id = 1",
                    "lists": "{}" if old.engine.dialect.name == "sqlite" else {}, "recorded_at": at,
                },
            )  # fmt: skip
            connection.execute(
                insert(tables.tables["run"]),
                {
                    "run_key": run.run_key, "question": "spo", "definition_hash": "def-1", "unit": "case",
                    "period": "2020Q1", "period_from": run.period_from, "period_to": run.period_to,
                    "breakdowns": '[["month"]]' if old.engine.dialect.name == "sqlite" else [["month"]],
                    "as_known_at": at, "newest_batch": 1, "code_version": "0.1.0", "thresholds_hash": "t",
                    "started_at": at, "finished_at": at, "state": "completed", "value": 27, "status": "counted",
                },
            )  # fmt: skip
            for cell, value in (("{}", 27), ('{"month":"2020-01"}', 0)):
                connection.execute(
                    insert(tables.tables["figure"]),
                    {
                        "run_id": 1, "question": "spo", "period": "2020Q1", "cell": cell, "value": value,
                        "breakdown": "month" if value == 0 else "", "status": "counted", "known_from": at,
                    },
                )  # fmt: skip


def test_figures_of_the_first_schema_are_kept_without_marks_and_new_ones_carry_theirs(url, sample):
    of_schema_1(url, sample)
    with open_warehouse(url) as raised:
        kept = run_details(raised, 1)
        assert [(f.cell, f.value, f.marks, f.notes) for f in kept.figures] == [
            ("{}", 27, "", ()),
            ('{"month":"2020-01"}', 0, "", ()),
        ]
        figures = (FigureRow("2020Q1", "{}", 28, "counted", "p", (2,)),)
        loaded = sample.load(raised, sample.run(newest_batch=2, value=28), figures=figures)
        assert loaded.run.figures == figures
        assert [(f.value, f.marks) for f in current_figures(raised, "spo")] == [(28, "p")]


def test_figures_in_two_units_stand_side_by_side(warehouse, sample):
    sample.load(warehouse)
    defendants = (FigureRow("2020Q1", "{}", 29, "counted"),)
    sample.load(warehouse, sample.run(unit="defendant", value=29), figures=defendants)
    totals = {f.unit: f.value for f in current_figures(warehouse, "spo") if f.cell == "{}"}
    assert totals == {"case": 27, "defendant": 29}
