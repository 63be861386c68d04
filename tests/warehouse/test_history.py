"""What the warehouse said when: vintages, the triangle, and why figures differ, all as they were stored."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from load.contract import FigureRow, RevisionRow, canonical_cell
from load.history import history, never_changed, triangle
from load.publishing import publish
from load.revisions import revised, revision_rows
from load.warehouse import current_figures, load_run, record_batch

LONDON = ZoneInfo("Europe/London")
FIRST = datetime(2020, 5, 20, 9, 30, tzinfo=UTC)
DAYS = {
    "2020Q1": (date(2020, 1, 1), date(2020, 3, 31)),
    "2020Q2": (date(2020, 4, 1), date(2020, 6, 30)),
}
FEBRUARY, ESSEX, KENT = (
    canonical_cell(cell) for cell in ({"month": "2020-02"}, {"police_force": "42"}, {"police_force": "46"})
)


@pytest.fixture
def loads(warehouse, sample):
    """Load figures (cell to value or status) on a day after the first; each time a landing more is known."""

    def load(day, figures, *, by=(), parts=None, hour=0, **changes):
        at = FIRST + timedelta(days=day, hours=hour)
        asked = {"as_known_at": at, "newest_batch": day + 1, "breakdowns": by, "period": "2020Q1"} | changes
        first, last = DAYS[asked["period"]]
        run = sample.run(**asked, period_from=first, period_to=last)
        total = figures.get("{}")
        run = replace(run, value=None if isinstance(total, str) else total, started_at=at)
        run = replace(run, status=total if isinstance(total, str) else "counted")
        stored = {cell: (None, told) if isinstance(told, str) else (told, "counted") for cell, told in figures.items()}
        rows = [FigureRow(run.period, cell, value, status) for cell, (value, status) in stored.items()]
        now = replace(warehouse, clock=lambda: at)
        version = sample.version(definition_hash=run.definition_hash)
        return load_run(now, version, run, rows, [], [], [], [], lambda _: [], parts=parts).run.run_id

    return load


def shown(found):
    return {(row[0], row[3]): row[4] for row in found.rows}


def test_each_vintage_of_a_cell_is_said_from_when_to_when_and_by_which_run(warehouse, loads):
    loads(0, {"{}": 27, FEBRUARY: 9}, by=(("month",),))
    loads(1, {"{}": 28, FEBRUARY: 9}, by=(("month",),))
    loads(2, {"{}": 28}, by=(("month",),))
    days = [FIRST + timedelta(days=n) for n in range(3)]
    found = [
        (v.cell, v.vintage, v.value, v.status, v.known_from, v.known_to, v.run_id) for v in history(warehouse, "spo")
    ]
    assert found == [
        ("{}", 1, 27, "counted", days[0], days[1], 1),
        ("{}", 2, 28, "counted", days[1], None, 2),
        (FEBRUARY, 1, 9, "counted", days[0], days[2], 1),
        (FEBRUARY, 3, None, "gone", days[2], None, 3),
    ]


def test_a_history_is_of_one_period_and_unit_where_they_are_given(warehouse, loads):
    loads(0, {"{}": 27})
    loads(0, {"{}": 29}, unit="defendant", hour=1)
    loads(0, {"{}": 30}, period="2020Q2", hour=2)
    assert [v.value for v in history(warehouse, "spo")] == [27, 29, 30]
    assert [v.value for v in history(warehouse, "spo", "2020Q1")] == [27, 29]
    assert [v.value for v in history(warehouse, "spo", unit="defendant")] == [29]
    assert history(warehouse, "other") == []


def test_a_triangle_repeats_what_was_confirmed_and_is_blank_before_the_first_vintage(warehouse, loads):
    loads(0, {"{}": 27})
    loads(1, {"{}": 30}, period="2020Q2")
    loads(2, {"{}": 28})
    loads(3, {"{}": 28})
    found = triangle(warehouse, "spo", "case", zone=LONDON)
    assert [day.isoformat() for day in found.days] == ["2020-05-20", "2020-05-21", "2020-05-22", "2020-05-23"]
    assert shown(found) == {("2020Q1", "{}"): [27, 27, 28, 28], ("2020Q2", "{}"): [None, 30, 30, 30]}


def test_a_day_is_one_of_london_and_shows_its_last_state(warehouse, loads):
    """22:59 UTC in summer is still that day in London, 23:00 is the next one."""
    loads(0, {"{}": 27})
    loads(0, {"{}": 28}, hour=2, newest_batch=2)
    late = 24 - 9.5 - 1
    loads(0, {"{}": 29}, hour=late, newest_batch=3)
    found = triangle(warehouse, "spo", "case", zone=LONDON)
    assert [(day.isoformat(), value) for day, value in zip(found.days, shown(found)["2020Q1", "{}"], strict=True)] == [
        ("2020-05-20", 28),
        ("2020-05-21", 29),
    ]


def test_a_triangle_says_held_and_no_data_and_leaves_out_periods_that_were_not_asked_for(warehouse, loads):
    loads(0, {"{}": "no data"})
    loads(1, {"{}": "held"})
    loads(2, {"{}": 4}, period="2020Q2")
    found = triangle(warehouse, "spo", "case", zone=LONDON, last=date(2020, 3, 31))
    assert shown(found) == {("2020Q1", "{}"): ["no data", "held"]}
    assert triangle(warehouse, "spo", "case", zone=LONDON, first=date(2020, 1, 2)).rows[0][0] == "2020Q2"
    assert triangle(warehouse, "spo", "defendant", zone=LONDON).rows == []


def test_in_a_triangle_no_breakdown_that_was_counted_under_a_hold_stands_beside_a_total_counted_after_it(
    warehouse, loads
):
    loads(0, {"{}": "held", KENT: "no data"}, by=(("police_force",),))
    loads(1, {"{}": 3}, run_key="the hold has ended")
    found = triangle(warehouse, "spo", "case", zone=LONDON, breakdown=("police_force",))
    assert [values for *_, values in found.rows] == [["no data", None]]


@pytest.mark.parametrize("seed", range(6))
def test_each_column_of_a_triangle_is_what_the_figures_were_at_the_end_of_that_day(warehouse, loads, seed):
    """Made histories: cells come and go, breakdowns are left out, definitions change, figures are held."""
    drawn = random.Random(seed)
    day = 0
    for _ in range(14):
        day += drawn.choice([0, 0, 1, 1, 3])
        period = drawn.choice(["2020Q1", "2020Q2"])
        by = drawn.choice([(), (("police_force",),), (("police_force",), ("month",))])
        held = drawn.random() < 0.2
        figures = {"{}": "held" if held else drawn.randrange(3)}
        for names, cells in ((("police_force",), (ESSEX, KENT)), (("month",), (FEBRUARY,))):
            if names in by:
                under_hold = ["held", "no data"]
                figures |= {
                    c: drawn.choice(under_hold) if held else drawn.randrange(2) for c in cells if drawn.random() < 0.7
                }
        known = FIRST + timedelta(days=drawn.randrange(3))
        definition = f"def-{drawn.randrange(2)}"
        key = str(drawn.random())
        loads(day, figures, by=by, period=period, as_known_at=known, definition_hash=definition, run_key=key)
    for breakdown in ((), ("police_force",), ("month",)):
        found = triangle(warehouse, "spo", "case", zone=LONDON, breakdown=breakdown)
        assert found.days
        for column, last in enumerate(found.days):
            end = datetime.combine(last, time.max, LONDON)
            then = {
                (f.period, f.cell): f.value if f.status == "counted" else f.status
                for f in current_figures(warehouse, "spo", as_stored_at=end)
                if f.breakdown == ",".join(breakdown)
            }
            assert {key: values[column] for key, values in shown(found).items() if values[column] is not None} == then


def test_the_parts_of_a_revision_come_with_the_values_and_the_landing(warehouse, loads, sample):
    record_batch(warehouse, sample.batch(batch=2, source_name="police"), [])
    loads(0, {"{}": 27, FEBRUARY: 9}, by=(("month",),))
    parts = [
        RevisionRow("{}", 1, "late result", 2, 2),
        RevisionRow("{}", 1, "removed result", -1, 2),
        RevisionRow(FEBRUARY, 1, "late result", 1, 9),
    ]
    loads(1, {"{}": 28, FEBRUARY: 10}, by=(("month",),), parts=parts)
    total, february = revision_rows(warehouse, "spo")
    assert (total.before, total.after, total.known_from, total.run_id) == (27, 28, FIRST + timedelta(days=1), 2)
    assert [(p.cause, p.units, p.batch, p.source_name, p.landed_at) for p in total.parts] == [
        ("late result", 2, 2, "police", sample.when),
        ("removed result", -1, 2, "police", sample.when),
    ]
    assert (february.cell, february.before, february.after) == (FEBRUARY, 9, 10)
    assert [(p.batch, p.source_name, p.landed_at) for p in february.parts] == [(9, None, None)]
    assert revision_rows(warehouse, "spo", cells=False) == [total]


def test_a_revision_of_a_cell_that_was_not_there_says_that_there_was_none(warehouse, loads):
    loads(0, {"{}": "no data"}, by=(("police_force",),))
    loads(1, {"{}": 1, ESSEX: 1}, by=(("police_force",),))
    loads(2, {"{}": 0}, by=(("police_force",),))
    told = [(r.cell, r.before, r.before_status, r.after, r.after_status) for r in revision_rows(warehouse, "spo")]
    assert told == [
        ("{}", None, "no data", 1, "counted"),
        ("{}", 1, "counted", 0, "counted"),
        (ESSEX, None, None, 1, "counted"),
        (ESSEX, 1, "counted", None, None),
    ]


def test_revisions_are_of_one_period_and_unit_and_since_a_time_where_these_are_given(warehouse, loads):
    for day in range(3):
        for period in ("2020Q1", "2020Q2"):
            for unit in ("case", "defendant"):
                loads(day, {"{}": day}, period=period, unit=unit)
    assert len(revision_rows(warehouse, "spo")) == 8
    assert len(revision_rows(warehouse, "spo", period="2020Q1")) == 4
    assert len(revision_rows(warehouse, "spo", unit="case")) == 4
    since = revision_rows(warehouse, "spo", period="2020Q1", unit="case", since=FIRST + timedelta(days=2))
    assert [(one.before, one.after) for one in since] == [(1, 2)]
    assert revision_rows(warehouse, "other") == []


def test_since_the_last_publication_all_parts_are_there_and_add_up(warehouse, loads):
    loads(0, {"{}": 26})
    loads(1, {"{}": 27}, parts=[RevisionRow("{}", 1, "late result", 1, 2)])
    now = replace(warehouse, clock=lambda: FIRST + timedelta(days=1, hours=1))
    publish(now, "spo", "FOI 200422009", FIRST + timedelta(days=1, minutes=30))
    assert revised(warehouse, "spo").since_published == []
    loads(2, {"{}": 29}, parts=[RevisionRow("{}", 2, "late result", 2, 3)])
    loads(3, {"{}": 28}, parts=[RevisionRow("{}", 3, "removed result", -1, 4)])
    found = revised(warehouse, "spo", since=FIRST + timedelta(days=3))
    (since,) = found.since_published
    assert [one.after for one in found.revisions] == [28]
    assert (since.published.label, since.published.value, since.now) == ("FOI 200422009", 27, 28)
    assert [(part.cause, part.units) for part in since.parts] == [("late result", 2), ("removed result", -1)]
    assert since.unexplained == 0


def test_what_was_withheld_in_between_leaves_a_difference_without_parts(warehouse, loads):
    loads(0, {"{}": 27})
    publish(warehouse, "spo", "a letter", FIRST)
    loads(1, {"{}": "held"})
    loads(2, {"{}": 30})
    loads(3, {"{}": 31}, parts=[RevisionRow("{}", 3, "late result", 1, 4)])
    (since,) = revised(warehouse, "spo").since_published
    assert (since.published.value, since.now, sum(part.units for part in since.parts), since.unexplained) == (
        27,
        31,
        1,
        3,
    )


def test_a_history_of_what_changed_leaves_out_and_counts_cells_with_one_vintage(warehouse, loads):
    loads(0, {"{}": 27, FEBRUARY: 9, ESSEX: 1}, by=(("month",), ("police_force",)))
    loads(1, {"{}": 27, FEBRUARY: 10, ESSEX: 1}, by=(("month",), ("police_force",)))
    told = [(one.cell, one.value) for one in history(warehouse, "spo", changed=True)]
    assert told == [("{}", 27), (FEBRUARY, 9), (FEBRUARY, 10)]
    assert never_changed(warehouse, "spo") == 1
    assert never_changed(warehouse, "spo", "2020Q2") == 0


def test_a_published_figure_that_became_no_data_or_went_away_or_came_out_of_no_data_differs(warehouse, loads):
    """A published 3 of a force that has no cell now, and a published 'no data', are revised like any other figure."""
    by = (("police_force",),)
    loads(0, {"{}": 5, ESSEX: 3, KENT: "no data"}, by=by)
    publish(replace(warehouse, clock=lambda: FIRST + timedelta(hours=1)), "spo", "a letter")
    loads(1, {"{}": 6, KENT: 6}, by=by)
    told = [(s.cell, s.published.value, s.now, s.now_status) for s in revised(warehouse, "spo").since_published]
    assert set(told) == {("{}", 5, 6, "counted"), (ESSEX, 3, None, None), (KENT, None, 6, "counted")}
    loads(2, {"{}": "no data", KENT: "no data"}, by=by)
    told = [(s.cell, s.published.value, s.now, s.now_status) for s in revised(warehouse, "spo").since_published]
    assert set(told) == {("{}", 5, None, "no data"), (ESSEX, 3, None, None)}
    for one in revised(warehouse, "spo").since_published:
        assert (one.now or 0) - one.published.value == sum(part.units for part in one.parts) + one.unexplained


def test_a_published_cell_that_was_not_counted_since_or_is_held_is_not_said_to_be_revised(warehouse, loads):
    loads(0, {"{}": 5, ESSEX: 3}, by=(("police_force",),))
    publish(replace(warehouse, clock=lambda: FIRST + timedelta(hours=1)), "spo", "a letter")
    loads(1, {"{}": 5})
    assert revised(warehouse, "spo").since_published == []
    loads(2, {"{}": "held"}, by=(("police_force",),))
    assert revised(warehouse, "spo").since_published == []
