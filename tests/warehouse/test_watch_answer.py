"""A run's answer beside earlier periods: read from a real warehouse, only what came before, nothing that is held."""

from datetime import date, timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest

from load.contract import AttritionRow, FigureRow
from load.warehouse import load_run, record_batch
from pipelines.runs import Order
from pipelines.watching import past_figures, past_steps, watch_answer
from transform.contract import Answer, AttritionStep, Figure
from transform.periods import Period

STARTS = [date(2018 + n // 4, n % 4 * 3 + 1, 1) for n in range(13)]
QUARTERS = [Period(first, after - timedelta(days=1)) for first, after in pairwise(STARTS)]
BY = (("police_force",),)


def steps(kept=92):
    return [("Known", 500), ("Offence on the list", 100), ("Result is an order", kept)]


def store(warehouse, sample, period, value=60, status="counted", kept=92):
    """A completed run of a period, with the whole and one force."""
    label = period.label
    figures = [
        FigureRow(label, "{}", value if status == "counted" else None, status),
        FigureRow(label, '{"police_force":"20"}', 12 if status == "counted" else None, status),
    ]
    load_run(
        warehouse,
        sample.version(),
        sample.run(
            period=label,
            period_from=period.first,
            period_to=period.last,
            breakdowns=BY,
            value=figures[0].value,
            status=status,
            data_from=period.first,
            data_to=period.last,
        ),
        figures,
        [AttritionRow(step, rows, rows) for step, rows in steps(kept)],
        [],
        [],
        [],
        lambda rows: [sample.check()],
    )


@pytest.fixture
def past(warehouse, sample):
    """Ten quarters of 2018 to 2020, each with 60 and a little more, and a step that keeps 92 of 100."""
    record_batch(warehouse, sample.batch(), [])
    for number, period in enumerate(QUARTERS[:10]):
        store(warehouse, sample, period, 60 + number % 3, kept=92 - number % 2)
    return warehouse


def order_of(sample, period):
    return Order(
        SimpleNamespace(id="spo"), "case", period, BY, sample.when, 1, "a store", (), sample.when, "0.1.0", ()
    )  # fmt: skip


def answer_of(sample, period, value=61, kept=92, force=12, status="counted"):
    figures = (
        Figure(period.label, (), value, status),
        Figure(period.label, (("police_force", "20"),), force, status),
    )
    attrition = tuple(AttritionStep(step, rows, rows) for step, rows in steps(kept)) if value is not None else ()
    return Answer(
        "spo", "Orders", "case", period.first, period.last, period.label, BY, sample.when, 1, period.first,
        period.last, value, status, figures, attrition, (), 0, 0, (),
    )  # fmt: skip


def watched(warehouse, sample, period=QUARTERS[10], **changes):
    found = watch_answer(None, warehouse, order_of(sample, period), answer_of(sample, period, **changes))
    return {(o.rule, o.segment): o for o in found if o.outcome != "passed"}, found


def test_a_usual_answer_passes_with_what_was_looked_at(past, sample):
    """Two steps, and the whole and one force."""
    failed, found = watched(past, sample)
    assert failed == {}
    assert [(o.rule, o.checked) for o in found] == [("watched.attrition-shift", 2), ("watched.figure-level", 2)]


def test_a_step_that_keeps_61_percent_and_a_figure_that_doubles_are_told(past, sample):
    """Each by its own check, in shares and directions: no figure of the question is in the words."""
    failed, _ = watched(past, sample, value=131, kept=61)
    assert list(failed) == [
        ("watched.attrition-shift", "step=Result is an order"),
        ("watched.figure-level", "question=spo"),
    ]
    step, level = failed.values()
    assert "keeps 61% of the results instead of 92%" in step.detail
    assert "lies above what the 10 periods before let expect" in level.detail
    assert "131" not in step.detail + level.detail


def test_only_earlier_periods_of_the_same_length_count(past, sample):
    """The fourth quarter has three before it: too few, whatever came after; a month has none."""
    order = order_of(sample, QUARTERS[3])
    assert len(past_steps(past, order)) == 3
    assert {f.last < QUARTERS[3].first for f in past_figures(past, order, answer_of(sample, QUARTERS[3]))} == {True}
    assert watched(past, sample, QUARTERS[3], value=900, kept=10)[0] == {}
    assert watched(past, sample, Period(date(2020, 8, 1), date(2020, 8, 31)), value=900, kept=10)[0] == {}


def test_the_period_itself_as_it_was_counted_before_has_no_part(past, sample):
    """A second run of a period is judged by the periods before it, not by its own first run."""
    before = watched(past, sample, QUARTERS[9], value=131, kept=61)[0]
    store(past, sample, QUARTERS[9], 131, kept=61)
    assert watched(past, sample, QUARTERS[9], value=131, kept=61)[0] == before
    assert len(before) == 2


def test_a_figure_that_is_held_is_never_used(warehouse, sample):
    """Held periods are no past, for figures and for shares; an answer that is held is not judged."""
    record_batch(warehouse, sample.batch(), [])
    for period in QUARTERS[:10]:
        store(warehouse, sample, period, status="held")
    order = order_of(sample, QUARTERS[10])
    assert past_steps(warehouse, order) == []
    assert past_figures(warehouse, order, answer_of(sample, QUARTERS[10])) == []
    failed, found = watched(warehouse, sample, value=None, status="held", force=None)
    assert failed == {}
    assert {o.checked for o in found} == {0}


def test_what_was_found_is_stored_with_the_run(past, sample):
    """The outcomes of the segments go into the warehouse beside the one for the whole."""
    from load.quality import measurements
    from pipelines.recording import check_row

    _, found = watched(past, sample, value=131, kept=61)
    load_run(
        past, sample.version(),
        sample.run(period="2020Q3", period_from=QUARTERS[10].first, period_to=QUARTERS[10].last, breakdowns=BY),
        [FigureRow("2020Q3", "{}", 131, "counted")], [], [], [], [check_row(o) for o in found],
        lambda rows: [sample.check()],
    )  # fmt: skip
    stored = {(m.rule, m.segment): m for m in measurements(past, question="spo") if m.gate == "watched"}
    assert {key: m.outcome for key, m in stored.items()} == {(o.rule, o.segment): o.outcome for o in found}
    assert stored["watched.figure-level", "question=spo"].detail.startswith("The figure of the whole lies above")
