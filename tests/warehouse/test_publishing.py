"""What was given out is noted once, in full or not at all, and later figures are marked against it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from load.audit import entries, verify
from load.contract import FigureRow, LoadError
from load.publishing import publish
from load.warehouse import current_figures, warehouse_status

LETTER = datetime(2020, 5, 22, 22, 59, tzinfo=UTC)


def total(value, period="2020Q1", status="counted"):
    return [FigureRow(period, "{}", value, status)]


def noted(warehouse):
    rows = warehouse_status(warehouse).rows
    return rows["publication"], rows["published_figure"], rows["audit_entry"]


def test_the_figures_that_stand_are_noted_with_label_and_day_and_in_the_audit_log(warehouse, sample):
    sample.load(warehouse)
    done = publish(warehouse, "spo", "FOI 200422009", LETTER)
    assert (done.label, done.published_at, len(done.figures), done.already) == ("FOI 200422009", LETTER, 2, 0)
    assert [(f.value, f.marks, f.published_value, f.published_at) for f in current_figures(warehouse, "spo")] == [
        (27, "", 27, LETTER),
        (0, "", 0, LETTER),
    ]
    last = entries(warehouse)[-1]
    assert (last.who, last.action, last.subject) == ("a clerk", "published", "spo")
    assert last.detail == {
        "publication": done.publication_id, "label": "FOI 200422009", "periods": ["2020Q1"], "figures": 2,
    }  # fmt: skip
    assert verify(warehouse).faults == ()


def test_a_figure_that_differs_from_what_was_last_given_out_is_marked_until_it_is_given_out_itself(warehouse, sample):
    sample.load(warehouse, figures=total(27))
    publish(warehouse, "spo", "a letter", LETTER)
    sample.load(warehouse, sample.run(newest_batch=2), figures=total(28))
    (revised,) = current_figures(warehouse, "spo")
    assert (revised.value, revised.marks, revised.published_value) == (28, "r", 27)
    publish(warehouse, "spo", "a second letter", LETTER + timedelta(days=1))
    (given,) = current_figures(warehouse, "spo")
    assert (given.value, given.marks, given.published_value) == (28, "", 28)


def test_the_same_again_changes_nothing_and_only_what_is_new_is_added(warehouse, sample):
    sample.load(warehouse, figures=total(27))
    publish(warehouse, "spo", "a letter", LETTER)
    before = noted(warehouse)
    again = publish(warehouse, "spo", "a letter", LETTER + timedelta(days=9))
    assert (again.publication_id, again.figures, again.already) == (None, (), 1)
    assert noted(warehouse) == before
    sample.load(warehouse, sample.run(period="2020Q2", run_key="2"), figures=total(30, "2020Q2"))
    more = publish(warehouse, "spo", "a letter", LETTER)
    assert ([f.period for f in more.figures], more.already) == (["2020Q2"], 1)


def test_figures_of_the_periods_named_and_no_others(warehouse, sample):
    sample.load(warehouse, figures=total(27))
    sample.load(
        warehouse,
        sample.run(period="2020Q2", run_key="2", value=None, status="held"),
        figures=total(None, "2020Q2", "held"),
    )
    done = publish(warehouse, "spo", "a letter", periods=["2020Q1"])
    assert [f.period for f in done.figures] == ["2020Q1"]
    assert done.published_at > sample.when, "without a day it counts as given out now"


def test_held_figures_and_periods_without_any_are_refused_all_at_once_and_nothing_is_noted(warehouse, sample):
    sample.load(warehouse, figures=total(27))
    sample.load(
        warehouse,
        sample.run(period="2020Q2", run_key="2", value=None, status="held"),
        figures=total(None, "2020Q2", "held"),
    )
    sample.load(warehouse, sample.run(period="2020Q3", run_key="3"), figures=total(5, "2020Q3"))
    before = noted(warehouse)
    periods = ["2020Q1", "2020Q2", "2020Q3", "2020Q4"]
    with pytest.raises(ExceptionGroup) as caught:
        publish(warehouse, "spo", "a letter", periods=periods, is_held=lambda figure: figure.period == "2020Q3")
    said = [str(fault) for fault in caught.value.exceptions]
    assert [isinstance(fault, LoadError) for fault in caught.value.exceptions] == [True] * 3
    assert "no figure of spo for 2020Q4" in said[0]
    assert "for 2020Q2 are held" in said[1]
    assert "for 2020Q3 are held" in said[2]
    with pytest.raises(ExceptionGroup):
        publish(warehouse, "other", "a letter")
    assert noted(warehouse) == before


def test_a_dry_run_says_what_would_be_noted_and_notes_nothing(warehouse, sample):
    sample.load(warehouse)
    before = noted(warehouse)
    would = publish(warehouse, "spo", "a letter", LETTER, dry_run=True)
    assert (would.publication_id, len(would.figures)) == (None, 2)
    assert noted(warehouse) == before


def test_a_clock_that_was_set_back_is_refused(warehouse, sample):
    """Else the publication would count as noted before there was the figure."""
    sample.load(warehouse)
    behind = replace(warehouse, clock=lambda: sample.when - timedelta(hours=1))
    with pytest.raises(LoadError, match="clock"):
        publish(behind, "spo", "a letter", LETTER)


def test_what_was_noted_later_is_not_in_the_figures_as_stored_before(warehouse, sample):
    sample.load(warehouse, figures=total(27))
    later = replace(warehouse, clock=lambda: sample.when + timedelta(days=2))
    publish(later, "spo", "a letter", LETTER)
    then = current_figures(warehouse, "spo", as_stored_at=sample.when + timedelta(days=1))
    assert [(f.value, f.published_value) for f in then] == [(27, None)]


def test_given_out_on_an_earlier_day_is_what_the_warehouse_said_then(warehouse, sample):
    """Else 'published as' would name a figure that nobody had at the time, and `r` would be missing."""
    sample.load(warehouse, figures=total(27))
    later = replace(warehouse, clock=lambda: sample.when + timedelta(days=5))
    sample.load(later, sample.run(newest_batch=2), figures=total(28))
    done = publish(later, "spo", "a letter noted late", sample.when + timedelta(days=1))
    assert [f.value for f in done.figures] == [27]
    assert [(f.value, f.marks, f.published_value) for f in current_figures(later, "spo")] == [(28, "r", 27)]


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("periods", [(), ("2020Q1",)])
def test_of_a_day_before_there_was_any_figure_nothing_can_have_been_given_out(warehouse, sample, dry_run, periods):
    sample.load(warehouse)
    before = noted(warehouse)
    with pytest.raises(ExceptionGroup) as caught:
        publish(warehouse, "spo", "a letter", sample.when - timedelta(days=1), periods=periods, dry_run=dry_run)
    (fault,) = caught.value.exceptions
    assert "the warehouse said nothing of it then" in str(fault)
    assert noted(warehouse) == before


def test_what_was_stored_as_held_then_cannot_have_been_given_out_then(warehouse, sample):
    held = sample.run(value=None, status="held")
    sample.load(warehouse, held, figures=total(None, status="held"))
    later = replace(warehouse, clock=lambda: sample.when + timedelta(days=5))
    sample.load(later, sample.run(newest_batch=2), figures=total(28))
    with pytest.raises(ExceptionGroup, match="cannot be published"):
        publish(later, "spo", "a letter", sample.when + timedelta(days=1))
