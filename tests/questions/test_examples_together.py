"""Examples are counted all at once to be quick; what they say is what each says by itself, whatever the rule is."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from transform import examples as module
from transform.contract import TransformError
from transform.definition import Example, Question
from transform.examples import ExampleOutcome, run_examples
from transform.questions import load_question

SQL = Path(__file__).resolve().parents[2] / "sql"
APPLICATIONS = load_question(SQL, "stalking-protection-applications")
BREACHES = load_question(SQL, "breach-of-restraining-order-convictions")
ORDERS = load_question(SQL, "stalking-protection-orders")
FEW = replace(ORDERS, examples=ORDERS.examples[::3])
KEY = b"a key for tests"


def one_by_one(question: Question) -> list[ExampleOutcome]:
    return [run_examples(replace(question, examples=(example,)), KEY)[0] for example in question.examples]


def expecting(question: Question, figure: Callable[[int | str], int | str]) -> Question:
    changed = [replace(e, expect={key: figure(f) for key, f in e.expect.items()}) for e in question.examples]
    return replace(question, examples=tuple(changed))


@pytest.fixture
def by_itself(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the examples that were counted by themselves."""
    found: list[str] = []
    real = module._run

    def noted(question: Question, example: Example, key: bytes) -> ExampleOutcome:
        found.append(example.name)
        return real(question, example, key)

    monkeypatch.setattr(module, "_run", noted)
    return found


def test_examples_that_hold_are_not_counted_one_by_one(by_itself: list[str]) -> None:
    """But for one that asks for court systems: the cells of that breakdown are those its own statements spoke of."""
    for question in (APPLICATIONS, BREACHES, ORDERS):
        assert all(outcome.passed for outcome in run_examples(question, KEY))
    assert len(by_itself) == 1
    (asking,) = (e for e in APPLICATIONS.examples if e.name == by_itself[0])
    assert any(" source_system=" in key for key in asking.expect)


@pytest.mark.parametrize("question", [APPLICATIONS, BREACHES], ids=lambda question: question.id)
def test_no_example_passes_with_another_figure_than_its_own(question: Question) -> None:
    wrong = expecting(question, lambda figure: figure + 1 if isinstance(figure, int) else 0)
    outcomes = run_examples(wrong, KEY)
    assert not any(outcome.passed for outcome in outcomes)
    assert [outcome.got for outcome in outcomes] == [dict(example.expect) for example in question.examples]


@pytest.mark.parametrize(
    "broken",
    [
        lambda: replace(FEW, steps=FEW.steps[:1]),
        lambda: replace(FEW, steps=(replace(FEW.steps[0], system=("B00LIBRA",)), *FEW.steps[1:])),
        lambda: expecting(FEW, lambda _figure: 0),
        lambda: expecting(BREACHES, lambda _figure: "no data"),
    ],
    ids=["a step is missing", "it looks at court systems", "all expect none", "all expect no data"],
)
def test_under_a_broken_rule_the_same_examples_fail_with_the_same_figures(broken: Callable[[], Question]) -> None:
    question = broken()
    assert run_examples(question, KEY) == one_by_one(question)


def test_an_example_is_told_what_it_has_no_data_for_although_another_has() -> None:
    """And a category that there is not is none, whether there is data or not."""
    row = replace(ORDERS.examples[0].given[0], result="3307")
    there = Example("there", (row,), {"2020Q1": 1, "2020Q1 month=2020-01": 0, "2020Q1 month=2020-09": 0})
    empty = Example("empty", (), {"2020Q1": "no data", "2020Q1 month=2020-03": "no data"})
    wrong = Example("wrong", (), {"2020Q1 month=2020-09": "no data"})
    outcomes = run_examples(replace(ORDERS, examples=(there, empty, wrong, *ORDERS.examples)), KEY)
    assert outcomes[0].got["2020Q1 month=2020-09"] == "no such cell"
    assert outcomes[2].got["2020Q1 month=2020-09"] == "no such cell"
    assert [o.name for o in outcomes if not o.passed] == ["there", "wrong"]


@pytest.mark.parametrize(("key", "says"), [("2020Q1 postcode=AB1", "postcode"), ("2020Q1 unit=order", "unit 'order'")])
def test_a_figure_that_the_question_does_not_have_is_refused(key: str, says: str) -> None:
    unknown = Example("made", ORDERS.examples[0].given, {key: 1})
    with pytest.raises(TransformError, match=says):
        run_examples(replace(ORDERS, examples=(*ORDERS.examples, unknown)), KEY)
