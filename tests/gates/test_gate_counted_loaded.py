"""Second and third gate: an answer agrees with itself, and the warehouse with the answer."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from expectations.contract import Outcome, stops
from expectations.gates import check_counted, check_loaded
from expectations.rules_counted import COUNTED
from expectations.rules_loaded import LOADED

Answer = dict[str, pd.DataFrame]
BY = (("month",), ("application_type",))


def by_rule(outcomes: list[Outcome]) -> dict[str, Outcome]:
    return {o.rule: o for o in outcomes}


def set_at(name: str, at: int, column: str, value: Any) -> Callable[[Answer], None]:
    def change(answer: Answer) -> None:
        answer[name].loc[at, column] = value

    return change


def add_figure(*values: Any) -> Callable[[Answer], None]:
    def change(answer: Answer) -> None:
        added = pd.DataFrame([values], columns=answer["figures"].columns).astype({"value": "Int64"})
        answer["figures"] = pd.concat([answer["figures"], added], ignore_index=True)

    return change


def drop_figures(*at: int) -> Callable[[Answer], None]:
    def change(answer: Answer) -> None:
        answer["figures"] = answer["figures"].drop(index=list(at))

    return change


def hold(answer: Answer) -> None:
    answer["figures"]["value"] = pd.NA
    answer["figures"]["status"] = "held"


COUNTED_FAULTS: list[tuple[str, Callable[[Answer], None]]] = [
    ("counted.one-total", drop_figures(0)),
    ("counted.one-total", drop_figures(*range(6))),
    ("counted.one-row-per-cell", add_figure("2020Q1", '{"month":"2020-03"}', 0, "counted")),
    ("counted.cell-asked-for", add_figure("2020Q1", '{"court":"B01CE"}', 27, "counted")),
    ("counted.cell-asked-for", set_at("figures", 1, "cell", '{"month": "2020-01"}')),
    ("counted.cell-asked-for", set_at("figures", 1, "cell", "no JSON")),
    ("counted.breakdown-present", drop_figures(4, 5)),
    ("counted.status-known", set_at("figures", 3, "status", "suppressed")),
    ("counted.status-known", set_at("figures", 3, "status", None)),
    ("counted.value-fits-status", set_at("figures", 3, "value", pd.NA)),
    ("counted.value-fits-status", set_at("figures", 3, "status", "held")),
    ("counted.value-not-negative", set_at("figures", 3, "value", -1)),
    ("counted.cells-add-up", set_at("figures", 1, "value", 8)),
    ("counted.attrition-never-rises", set_at("attrition", 1, "rows", 901)),
    ("counted.attrition-never-rises", set_at("attrition", 2, "units", 41)),
    ("counted.attrition-reaches-total", set_at("attrition", 2, "units", 26)),
    ("counted.attrition-reaches-total", lambda answer: answer.update(attrition=answer["attrition"].iloc[:0])),
    ("counted.evidence-adds-up", set_at("evidence", 0, "units", 19)),
    ("counted.nothing-beside-a-hidden-total", hold),
]


def test_every_rule_on_answers_has_a_seeded_fault() -> None:
    assert list(dict.fromkeys(rule for rule, _ in COUNTED_FAULTS)) == [rule.id for rule in COUNTED]


def test_a_clean_answer_passes_every_rule(answer: Answer) -> None:
    outcomes = check_counted(**answer, breakdowns=BY)
    assert [o.rule for o in outcomes] == [rule.id for rule in COUNTED]
    assert {o.outcome for o in outcomes} == {"passed"}
    checked = {o.rule: o.checked for o in outcomes}
    assert checked["counted.status-known"] == 6
    assert checked["counted.cells-add-up"] == 2
    assert checked["counted.attrition-reaches-total"] == 1


@pytest.mark.parametrize(("rule", "change"), COUNTED_FAULTS)
def test_a_seeded_fault_in_an_answer_fails_its_rule(
    rule: str, change: Callable[[Answer], None], answer: Answer
) -> None:
    change(answer)
    outcomes = check_counted(**answer, breakdowns=BY)
    found = by_rule(outcomes)[rule]
    assert found.outcome == "failed"
    assert found.checked is not None and found.unexpected is not None and 0 < found.unexpected <= found.checked
    assert found in stops(outcomes)


def test_a_held_answer_without_attrition_and_evidence_passes(answer: Answer) -> None:
    hold(answer)
    answer["attrition"], answer["evidence"] = answer["attrition"].iloc[:0], answer["evidence"].iloc[:0]
    assert {o.outcome for o in check_counted(**answer, breakdowns=BY)} == {"passed"}


def test_the_first_month_without_data_leaves_the_rest_at_most_the_total(answer: Answer) -> None:
    """A hidden cell may hold the difference, so the others may not exceed the total, and need not reach it."""
    set_at("figures", 1, "value", pd.NA)(answer)
    set_at("figures", 1, "status", "no data")(answer)
    assert stops(check_counted(**answer, breakdowns=BY)) == []
    set_at("figures", 2, "value", 28)(answer)
    assert by_rule(check_counted(**answer, breakdowns=BY))["counted.cells-add-up"].outcome == "failed"


def test_a_combination_is_one_breakdown_whatever_the_order_of_its_names(
    answer: Answer, figures: Callable[..., pd.DataFrame]
) -> None:
    cell = '{"application_type":"new","month":"2020-01"}'
    answer["figures"] = figures([("2020Q1", "{}", 27, "counted"), ("2020Q1", cell, 27, "counted")])
    assert stops(check_counted(**answer, breakdowns=[("month", "application_type")])) == []


def test_a_question_without_evidence_and_breakdowns_passes(
    answer: Answer, figures: Callable[..., pd.DataFrame]
) -> None:
    answer["figures"] = figures([("2020Q1", "{}", 27, "counted")])
    answer["evidence"] = pd.DataFrame({"name": [], "units": []})
    assert stops(check_counted(**answer, breakdowns=())) == []


@pytest.mark.parametrize(
    ("frame", "column", "rules"),
    [
        ("figures", "status", {"counted.status-known", "counted.value-fits-status"}),
        ("attrition", "rows", {"counted.attrition-never-rises"}),
        ("evidence", "units", {"counted.evidence-adds-up"}),
    ],
)
def test_a_missing_column_is_an_error_not_a_failed_rule(
    frame: str, column: str, rules: set[str], answer: Answer
) -> None:
    answer[frame] = answer[frame].drop(columns=column)
    found = by_rule(check_counted(**answer, breakdowns=BY))
    assert {found[rule].outcome for rule in rules} == {"error"}


def test_a_value_that_is_no_whole_number_cannot_be_checked(answer: Answer) -> None:
    answer["figures"]["value"] = answer["figures"]["value"].astype("float") + 0.5
    assert by_rule(check_counted(**answer, breakdowns=BY))["counted.value-not-negative"].outcome == "error"


LOADED_FAULTS: list[tuple[str, Callable[[Answer], None], int]] = [
    ("loaded.no-cell-missing", drop_figures(2, 3), 2),
    ("loaded.no-cell-extra", add_figure("2020Q2", "{}", 1, "counted"), 1),
    ("loaded.no-cell-extra", set_at("figures", 0, "cell", None), 1),
    ("loaded.one-row-per-cell", add_figure("2020Q1", "{}", 27, "counted"), 1),
    ("loaded.values-equal", set_at("figures", 0, "value", 28), 1),
    ("loaded.values-equal", set_at("figures", 3, "value", pd.NA), 1),
    ("loaded.statuses-equal", set_at("figures", 0, "status", "held"), 1),
]


def test_every_rule_on_the_warehouse_has_a_seeded_fault() -> None:
    assert list(dict.fromkeys(rule for rule, _, _ in LOADED_FAULTS)) == [rule.id for rule in LOADED]


def test_a_warehouse_that_holds_what_was_computed_passes(answer: Answer) -> None:
    set_at("figures", 3, "value", pd.NA)(answer)
    set_at("figures", 3, "status", "held")(answer)
    stored = answer["figures"].iloc[::-1].reset_index(drop=True)
    outcomes = check_loaded(answer["figures"], stored)
    assert {(o.outcome, o.checked) for o in outcomes} == {("passed", 6)}, "order does not matter, a null equals a null"


@pytest.mark.parametrize(("rule", "change", "unexpected"), LOADED_FAULTS)
def test_a_seeded_fault_in_the_warehouse_fails_its_rule(
    rule: str, change: Callable[[Answer], None], unexpected: int, answer: Answer
) -> None:
    computed = answer["figures"].copy()
    change(answer)
    outcomes = check_loaded(computed, answer["figures"])
    found = by_rule(outcomes)[rule]
    assert (found.outcome, found.unexpected) == ("failed", unexpected)
    assert found in stops(outcomes)


def test_an_empty_warehouse_fails_where_something_was_computed(answer: Answer) -> None:
    outcomes = check_loaded(answer["figures"], answer["figures"].iloc[:0])
    assert [(o.rule, o.unexpected) for o in stops(outcomes)] == [("loaded.no-cell-missing", 6)]
