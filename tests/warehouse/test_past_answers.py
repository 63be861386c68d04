"""What is known of earlier answers for telling what is usual: shares, counts that stand, runs without figures."""

from dataclasses import replace
from datetime import date, timedelta

from load.contract import AttritionRow, EvidenceRow, FigureRow
from load.past_answers import attrition_shares, past_counts, runs_of
from load.quality import alerts_sent, record_alert
from load.warehouse import load_run, open_warehouse, record_stopped_run

MONTH = '{"month":"2020-01"}'


def answered(warehouse, sample, steps=(), figures=None, **changes):
    run = sample.run(**changes)
    figures = figures or [FigureRow(run.period, "{}", run.value, run.status)]
    rows = [AttritionRow(name, rows, units) for name, rows, units in steps]
    version = sample.version(question=run.question, definition_hash=run.definition_hash)
    checked = [sample.check()]
    loaded = load_run(warehouse, version, run, figures, rows, [EvidenceRow("e", "e", 1)], [], [], lambda _: checked)
    return loaded.run.run_id


def test_runs_are_told_newest_first_and_of_one_question_if_asked(warehouse, sample):
    first = answered(warehouse, sample)
    stopped = record_stopped_run(warehouse, sample.version(), sample.run(newest_batch=2), "a check", [])
    other = answered(warehouse, sample, question="other", definition_hash="def-2")
    assert [(r.run_id, r.question, r.state, r.stop_reason, r.vintage) for r in runs_of(warehouse)] == [
        (other, "other", "completed", None, 1),
        (stopped, "spo", "stopped", "a check", None),
        (first, "spo", "completed", None, 1),
    ]
    assert [r.run_id for r in runs_of(warehouse, "spo")] == [stopped, first]
    assert [r.run_id for r in runs_of(warehouse, "spo", last=1)] == [stopped]
    assert not hasattr(runs_of(warehouse)[0], "value")


def test_steps_are_told_of_the_vintage_that_stands_as_shares_of_the_step_before(warehouse, sample):
    steps = [("all", 100, 80), ("granted", 50, 60), ("made anew", 90, 90), ("none", 0, 0), ("still none", 0, 0)]
    answered(warehouse, sample, [("all", 100, 80), ("granted", 9, 8)])
    current = answered(warehouse, sample, steps, newest_batch=2)
    answered(warehouse, sample, [("all", 7, 7)], newest_batch=0)  # knows less, so it does not stand
    answered(warehouse, sample, [("all", 5, 5)], unit="defendant")
    found = attrition_shares(warehouse, "spo", "case")
    assert {(s.run_id, s.period, s.period_from, s.period_to) for s in found} == {
        (current, "2020Q1", date(2020, 1, 1), date(2020, 3, 31))
    }
    assert [(s.position, s.step, s.rows, s.kept) for s in found] == [
        (1, "all", 100, None), (2, "granted", 50, 0.75), (3, "made anew", 90, None), (4, "none", 0, 0.0),
        (5, "still none", 0, None),
    ]  # fmt: skip


def test_nothing_is_told_of_a_held_period_and_periods_come_in_their_order(warehouse, sample):
    april = {"period": "2020Q2", "period_from": date(2020, 4, 1), "period_to": date(2020, 6, 30)}
    answered(warehouse, sample, [("all", 2, 2)], **april)
    answered(warehouse, sample, [("all", 1, 1)])
    assert [s.period for s in attrition_shares(warehouse, "spo", "case")] == ["2020Q1", "2020Q2"]
    held = {"value": None, "status": "held", "newest_batch": 2}
    answered(warehouse, sample, [("all", 1, 1)], **held)
    assert [s.period for s in attrition_shares(warehouse, "spo", "case")] == ["2020Q2"]
    assert [c.period for c in past_counts(warehouse, "spo", "case")] == ["2020Q2"]


def test_counts_that_stand_are_told_by_period_and_cell(warehouse, sample):
    figures = [*sample.figures, FigureRow("2020Q1", '{"month":"2020-02"}', None, "no data")]
    answered(warehouse, sample, figures=figures)
    answered(warehouse, sample, figures=[replace(figures[0], value=28), *figures[1:]], newest_batch=2, value=28)
    answered(warehouse, sample, unit="defendant", value=99)
    bounds = ("2020Q1", date(2020, 1, 1), date(2020, 3, 31))
    told = [(c.period, c.period_from, c.period_to, c.cell, c.value) for c in past_counts(warehouse, "spo", "case")]
    assert told == [(*bounds, "{}", 28)]
    assert [(c.cell, c.value) for c in past_counts(warehouse, "spo", "case", "month")] == [(MONTH, 0)]
    assert past_counts(warehouse, "spo", "case", "court") == []


def test_of_each_channel_and_cause_the_last_alert_is_told(url, sample):
    moments = iter(sample.when + timedelta(hours=n) for n in range(1, 100))
    with open_warehouse(url, clock=lambda: next(moments)) as warehouse:
        sent = [("mail", "a", "opened"), ("mail", "b", "opened"), ("hook", "a", "opened"), ("mail", "a", "resolved")]
        for n, (channel, cause, state) in enumerate(sent):
            record_alert(warehouse, channel=channel, cause=cause, state=state, digest=f"d{n}", issues=["1f", "2e"])
        last = alerts_sent(warehouse)
        told = {key: (one.state, one.digest) for key, one in last.items()}
        assert told == {
            ("mail", "a"): ("resolved", "d3"), ("mail", "b"): ("opened", "d1"), ("hook", "a"): ("opened", "d2"),
        }  # fmt: skip
        assert last["mail", "a"].issues == ("1f", "2e")
        assert last["mail", "b"].sent_at < last["hook", "a"].sent_at < last["mail", "a"].sent_at
