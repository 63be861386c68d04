"""The current figure is the one known latest; figures are never changed, new vintages stand beside old ones."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from load.contract import FigureRow, breakdown_of, canonical_cell, run_key
from load.schema import figure, publication, published_figure
from load.warehouse import current_figures, run_details

DAY = timedelta(days=1)


def total(value, period="2020Q1", status="counted"):
    return [FigureRow(period, "{}", value, status)]


def values(warehouse, period=None):
    return {(f.period, f.cell): f.value for f in current_figures(warehouse, "spo", period)}


def test_what_was_known_latest_holds_not_what_was_written_last(warehouse, sample):
    sample.load(warehouse, sample.run(), figures=total(27))
    earlier = sample.run(as_known_at=sample.when - 9 * DAY, finished_at=sample.when + DAY)
    sample.load(warehouse, earlier, figures=total(25))
    assert values(warehouse) == {("2020Q1", "{}"): 27}


def test_among_the_same_knowledge_the_newer_landing_holds(warehouse, sample):
    sample.load(warehouse, sample.run(newest_batch=3), figures=total(28))
    sample.load(warehouse, sample.run(newest_batch=2, finished_at=sample.when + DAY), figures=total(27))
    assert values(warehouse) == {("2020Q1", "{}"): 28}


def test_among_the_same_landing_the_later_run_holds(warehouse, sample):
    sample.load(warehouse, sample.run(code_version="2"), figures=total(28))
    sample.load(warehouse, sample.run(code_version="1"), figures=total(27))
    assert values(warehouse) == {("2020Q1", "{}"): 27}


def test_every_vintage_is_kept_with_its_run(warehouse, sample):
    old = sample.load(warehouse, figures=total(27)).run.run_id
    sample.load(warehouse, sample.run(as_known_at=sample.when + DAY), figures=total(28))
    assert run_details(warehouse, old).figures == tuple(total(27))


def test_a_held_figure_can_be_the_current_one(warehouse, sample):
    sample.load(warehouse, figures=total(27))
    later = sample.run(as_known_at=sample.when + DAY, value=None, status="held")
    sample.load(warehouse, later, figures=total(None, status="held"))
    current = current_figures(warehouse, "spo")
    assert [(f.value, f.status, f.as_known_at) for f in current] == [(None, "held", sample.when + DAY)]


def test_a_category_that_is_gone_does_not_linger(warehouse, sample):
    """A force with a case in February and none since: the older vintage must not stay the current one."""
    force = [FigureRow("2020Q1", canonical_cell({"police_force": f}), 1, "counted") for f in ("13", "44")]
    sample.load(warehouse, figures=[*total(2), *force])
    sample.load(warehouse, sample.run(as_known_at=sample.when + DAY), figures=[*total(1), force[1]])
    assert values(warehouse) == {("2020Q1", "{}"): 1, ("2020Q1", '{"police_force":"44"}'): 1}


def test_a_breakdown_stays_while_the_total_is_counted_from_the_same_records_and_no_longer(warehouse, sample):
    """Figures of one period shown side by side add up: they are of one knowledge and one definition."""
    month = FigureRow("2020Q1", '{"month":"2020-01"}', 4, "counted")
    sample.load(warehouse, figures=[*total(27), month])
    sample.load(warehouse, sample.run(breakdowns=()), figures=total(27))
    assert values(warehouse) == {("2020Q1", "{}"): 27, ("2020Q1", '{"month":"2020-01"}'): 4}
    sample.load(warehouse, sample.run(as_known_at=sample.when + DAY, breakdowns=()), figures=total(28))
    assert values(warehouse) == {("2020Q1", "{}"): 28}


def test_periods_and_questions_are_kept_apart(warehouse, sample):
    sample.load(warehouse, figures=total(27))
    sample.load(warehouse, sample.run(period="2020Q2", newest_batch=2), figures=total(30, "2020Q2"))
    other = sample.version(definition_hash="def-2", question="other")
    sample.load(warehouse, sample.run(question="other", definition_hash="def-2"), version=other, figures=total(99))
    assert values(warehouse) == {("2020Q1", "{}"): 27, ("2020Q2", "{}"): 30}
    assert values(warehouse, "2020Q2") == {("2020Q2", "{}"): 30}
    assert current_figures(warehouse, "unheard-of") == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE figure SET value = 28",
        "UPDATE figure SET status = 'held', value = NULL",
        "DELETE FROM figure",
        "UPDATE run SET as_known_at = '2030-01-01 00:00:00.000000'",
        "DELETE FROM run",
        "UPDATE question_version SET definition = ''",
    ],
)
def test_the_database_refuses_to_change_what_was_counted(warehouse, sample, change):
    sample.load(warehouse)
    before = run_details(warehouse, 1), current_figures(warehouse, "spo")
    with warehouse.engine.connect() as connection, pytest.raises(DBAPIError, match="never changed"):
        connection.exec_driver_sql(change)
    assert (run_details(warehouse, 1), current_figures(warehouse, "spo")) == before


def test_a_cell_has_one_spelling():
    assert canonical_cell({}) == "{}"
    assert canonical_cell({"b": "é", "a": 1}) == canonical_cell({"a": 1, "b": "é"}) == '{"a":1,"b":"é"}'
    assert (breakdown_of("{}"), breakdown_of('{"a":1,"b":"é"}')) == ("", "a,b")


def test_everything_that_decides_the_figures_is_in_the_key(sample):
    """A key that missed one part would take a different answer for the same run."""
    run = sample.run()
    parts = {
        "definition_hash": "d",
        "thresholds_hash": "t",
        "period_from": run.period_from,
        "period_to": run.period_to,
        "breakdowns": [["month"], ["year", "force"]],
        "as_known_at": sample.when,
        "newest_batch": 1,
        "store": "s",
        "code_version": "1",
        "unit": "case",
        "holds": ["h"],
    }
    changed = {
        "definition_hash": "e",
        "thresholds_hash": "u",
        "period_from": run.period_from + DAY,
        "period_to": run.period_to + DAY,
        "breakdowns": [["month", "year", "force"]],
        "as_known_at": sample.when + timedelta(microseconds=1),
        "newest_batch": 2,
        "store": "other",
        "code_version": "2",
        "unit": "defendant",
        "holds": [],
    }
    keys = {run_key(**parts)} | {run_key(**(parts | {name: value})) for name, value in changed.items()}
    assert len(keys) == len(parts) + 1
    assert run_key(**(parts | {"breakdowns": [["force", "year"], ["month"]]})) == run_key(**parts)
    with pytest.raises(ValueError, match="zone"):
        run_key(**(parts | {"as_known_at": sample.when.replace(tzinfo=None)}))


def test_what_was_counted_under_a_hold_does_not_stand_beside_a_total_counted_after_it(warehouse, sample):
    """Days under a hold are not looked at, so a case heard on both sides of it was dated by the day outside."""
    held = [
        FigureRow("2020Q1", canonical_cell({"month": m}), v, "counted") for m, v in (("2020-01", 5), ("2020-03", 7))
    ]
    held.append(FigureRow("2020Q1", canonical_cell({"month": "2020-02"}), None, "held"))
    under = sample.run(value=None, status="held")
    sample.load(warehouse, under, figures=[*total(None, status="held"), *held])
    assert len(values(warehouse)) == 4
    sample.load(warehouse, sample.run(breakdowns=()), figures=total(20))
    assert values(warehouse) == {("2020Q1", "{}"): 20}


@pytest.mark.parametrize(
    ("published", "now", "mark"),
    [((27, "counted"), (28, "counted"), "r"), ((27, "counted"), (27, "counted"), ""),
     ((None, "no data"), (3, "counted"), "r"), ((3, "counted"), (None, "no data"), "r"),
     ((27, "counted"), (None, "held"), "")],
)  # fmt: skip
def test_a_figure_that_is_not_what_was_published_is_marked_as_revised(warehouse, sample, published, now, mark):
    run = sample.run(value=published[0], status=published[1])
    first = sample.load(warehouse, run, figures=total(published[0], status=published[1])).run.run_id
    with warehouse.engine.begin() as connection:
        connection.execute(
            insert(publication).values(
                question="spo", label="a letter", published_at=sample.when, recorded_at=sample.when
            )
        )
        figure_id = connection.scalar(select(figure.c.figure_id).where(figure.c.run_id == first))
        connection.execute(insert(published_figure).values(publication_id=1, figure_id=figure_id))
    later = sample.run(newest_batch=2, value=now[0], status=now[1])
    sample.load(warehouse, later, figures=total(now[0], status=now[1]))
    (stands,) = current_figures(warehouse, "spo")
    assert (stands.value, stands.marks, stands.published_value) == (now[0], mark, published[0])


def test_sqlite_lets_no_row_be_replaced_either(warehouse, sample):
    """REPLACE takes the old row away without a word to the triggers on deleting."""
    if warehouse.engine.dialect.name != "sqlite":
        pytest.skip("REPLACE is SQLite's")
    sample.load(warehouse)
    with pytest.raises(Exception, match="never changed"), warehouse.engine.begin() as connection:
        connection.exec_driver_sql(
            "REPLACE INTO tabulation (run_id, breakdown) SELECT run_id, breakdown FROM tabulation"
        )
    columns = ", ".join(c.name for c in figure.columns)
    with pytest.raises(Exception, match="never changed"), warehouse.engine.begin() as connection:
        connection.exec_driver_sql(f"REPLACE INTO figure ({columns}) SELECT {columns} FROM figure")
