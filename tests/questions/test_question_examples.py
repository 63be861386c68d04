"""Every question's own examples hold in the engine that counts, and no part of its rule goes unguarded."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from transform.codelists import CodeList
from transform.counting import count_sql
from transform.examples import run_examples
from transform.explain import explain, question_page
from transform.questions import Question, load_definitions

SQL = Path(__file__).resolve().parents[2] / "sql"
DEFINITIONS = load_definitions(SQL)
SPO = DEFINITIONS.question("stalking-protection-orders")
KEY = b"a key for tests"


@pytest.mark.parametrize("question", DEFINITIONS.questions.values(), ids=lambda question: question.id)
def test_every_example_of_a_question_holds(question: Question) -> None:
    assert [outcome for outcome in run_examples(question, KEY) if not outcome.passed] == []


def without(list_id: str, code: str) -> Question:
    """The question with one code taken from one of its lists."""
    entries = tuple(e for e in SPO.lists[list_id].entries if e.code != code)
    assert len(entries) < len(SPO.lists[list_id].entries)
    return replace(SPO, lists={**SPO.lists, list_id: CodeList(list_id, entries)})


def with_code(list_id: str, code: str, match: str) -> Question:
    """The question with one code added to one of its lists."""
    entry = replace(SPO.lists[list_id].entries[0], code=code, match=match)
    return replace(SPO, lists={**SPO.lists, list_id: CodeList(list_id, (*SPO.lists[list_id].entries, entry))})


@pytest.mark.parametrize(
    "broken",
    [
        lambda: replace(SPO, unit="defendant"),
        lambda: replace(SPO, steps=SPO.steps[:1]),
        lambda: replace(SPO, steps=(replace(SPO.steps[0], offence=None, result="spo-granted"), SPO.steps[1])),
        lambda: without("spo-applications", "ST19501"),
        lambda: without("spo-applications", "ST19502"),
        lambda: with_code("spo-applications", "ST19501A", "offence"),
        lambda: with_code("spo-applications", "ST19503", "offence"),
        *(
            partial(without, "spo-granted", code)
            for code in ("3307", "SPO", "G", "GRANTED", "granted", "granted.", "g - granted", "g - granted.")
        ),
        lambda: with_code("spo-granted", "3306", "cjs"),
        lambda: with_code("spo-granted", "RFSD", "short"),
        lambda: with_code("spo-granted", "bail granted", "text"),
    ],
)
def test_breaking_one_part_of_the_rule_breaks_an_example(broken: Callable[[], Question]) -> None:
    question = broken()
    one_by_one = (run_examples(replace(question, examples=(example,)), KEY) for example in question.examples)
    assert not all(outcome.passed for (outcome,) in one_by_one)  # up to the first that fails


def test_an_example_that_is_wrong_fails_and_says_what_it_got() -> None:
    example = replace(SPO.examples[0], expect={"2020Q1": 2, "2020Q1 month=2020-07": 1})
    (outcome,) = run_examples(replace(SPO, examples=(example,)), KEY)
    assert not outcome.passed
    assert outcome.got == {"2020Q1": 1, "2020Q1 month=2020-07": "no such cell"}


def test_the_question_is_what_the_letter_says() -> None:
    """FOI answer 200422009: cases by hearing date, ST19501 and ST19502, SPO or Granted, six notes."""
    assert SPO.unit == "case"
    assert [e.code for e in SPO.lists["spo-applications"].entries] == ["ST19501", "ST19502"]
    assert [(s.offence, s.result) for s in SPO.steps] == [("spo-applications", None), (None, "spo-granted")]
    assert len(SPO.notes) == 6
    assert SPO.in_force == date(2020, 1, 20)
    assert SPO.breakdowns.default == (("month",), ("application_type",))


def test_the_explanation_holds_the_rule_the_codes_and_the_statement() -> None:
    said = explain(SPO)
    text = question_page(SPO)
    assert said["sql"] == count_sql(SPO)
    notes = [note.text for note in SPO.notes]
    for part in (SPO.asks, "Stalking Protection Order", "ST19502", "granted-beside-interim", *notes, said["sql"]):
        assert part in text
    assert {c["label"] for c in said["codes"]["spo-interim"]} == {"Interim Stalking Protection Order"}


def test_a_name_in_the_question_cannot_change_the_statement() -> None:
    """Identifiers come from checked names; a list name that is none is refused."""
    with pytest.raises(Exception, match="is not a name for a list"):
        count_sql(replace(SPO, steps=(replace(SPO.steps[0], offence="x; drop table records"), *SPO.steps[1:])))
