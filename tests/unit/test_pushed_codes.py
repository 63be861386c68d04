"""Codes that were asked of a database: which of a question's codes they cover, and which they do not."""

import pytest

from pipelines.pushed_codes import filters, kept_codes, not_within
from pipelines.settings import DEFINITIONS
from transform.definition import Step
from transform.precedence import leaves_out
from transform.questions import load_question


@pytest.mark.parametrize(
    ("needed", "landed", "missing"),
    [
        ("ST19501", "ST19501", ""),
        ("ST19501 ST19502", "ST19501", "ST19502"),
        ("PH97003A", "PH97003*", ""),  # the letter of the form, under its base code
        ("PH97003*", "PH97003 PH97003A", "PH97003*"),  # two forms are not all forms
        ("PH97003*", "PH97003*", ""),
        ("PH97003A", "PH97003", "PH97003A"),
        ("ST1950", "ST19501*", "ST1950"),
        ("", "ST19501", ""),
    ],
)
def test_a_code_is_covered_by_itself_or_by_its_base_code(needed: str, landed: str, missing: str) -> None:
    assert not_within(needed.split(), frozenset(landed.split())) == set(missing.split())


def test_the_codes_of_a_question_are_those_of_the_lists_that_its_steps_keep() -> None:
    question = load_question(DEFINITIONS, "stalking-protection-orders")
    assert kept_codes(question) == [frozenset({"ST19501", "ST19502"})]


def test_a_code_with_all_its_forms_is_asked_for_by_its_base() -> None:
    assert [(one.code, one.base) for one in filters({"PH97003*", "ST19501"})] == [("PH97003", True), ("ST19501", False)]


@pytest.mark.parametrize(
    ("step", "left_out"),
    [
        (Step("keeps others", source=("mis",)), True),
        (Step("keeps it too", source=("mis", "live")), False),
        (Step("drops it", source=("live",), drop=True), True),
        (Step("drops another", source=("mis",), drop=True), False),
        (Step("drops some of its rows", source=("live",), force=("01",), drop=True), False),
        (Step("keeps some rows of others", source=("mis",), force=("01",)), True),
        (Step("says nothing of sources", force=("01",)), False),
    ],
)
def test_a_step_leaves_a_source_out_where_no_row_of_it_passes(step: Step, left_out: bool) -> None:
    assert leaves_out(step, "live") == left_out
