"""`courtstats test`: a question's own examples, run by the engine that counts, and why one of them fails.

Nothing is read but definitions and nothing is written. The key that digests texts is one of its own, since
both sides of an example are made with it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from pipelines import runs, show
from pipelines.settings import Settings
from transform.contract import TransformError
from transform.definition import Example, Question
from transform.examples import ExampleOutcome, expected_cell, run_examples
from transform.tracing import COUNTED, RowTrace, Trace, trace, trace_json

SCHEMA = "courtstats/test@1"
_KEY = b"the key with which the texts of examples are compared"
_MOST_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Tested:
    """One example with its outcome, and its traces: those of the figures that are wrong, or all where asked for.

    `wrong` are the keys of `expect` that got another figure.
    """

    question: Question
    example: Example
    outcome: ExampleOutcome
    wrong: tuple[str, ...]
    traces: tuple[Trace, ...]


def test(settings: Settings, names: Sequence[str], *, example: str | None, traced: bool, as_json: bool) -> bool:
    """Run the examples of these questions (none: of all), print how they went; whether all passed.

    Args:
        settings: where the definitions are.
        names: ids of questions.
        example: only the examples of this name.
        traced: show for every example what happened to its rows, not only for those that fail.
        as_json: print `courtstats/test@1`.

    Raises:
        TransformError: no such question or example (an `ExceptionGroup` of every fault of what cannot be loaded).
    """
    chosen = _chosen(_questions(settings, names), example)
    with ThreadPoolExecutor(min(_MOST_AT_ONCE, os.cpu_count() or 1)) as pool:
        done = [
            tested
            for of_question in pool.map(lambda one: _tested(one[0], one[1], traced), chosen)
            for tested in of_question
        ]
    if as_json:
        show.write(show.to_json(_json(done)))
    else:
        show.write("\n".join(_lines(done)))
    return all(t.outcome.passed for t in done)


def _questions(settings: Settings, names: Sequence[str]) -> list[Question]:
    """The questions, or every fault of all that cannot be loaded."""
    if not names:
        return list(runs.definitions(settings).questions.values())
    found: list[Question] = []
    faults: list[Exception] = []
    for name in dict.fromkeys(names):
        try:
            found.append(runs.question(settings, name))
        except TransformError as fault:
            faults.append(fault)
        except ExceptionGroup as group:
            faults += [fault for fault in group.exceptions if str(fault) not in map(str, faults)]
    if faults:
        raise ExceptionGroup("questions that cannot be tested", faults)
    return found


def _chosen(questions: Sequence[Question], name: str | None) -> list[tuple[Question, list[Example]]]:
    of_questions = [(q, [example for example in q.examples if name in (None, example.name)]) for q in questions]
    chosen = [(question, examples) for question, examples in of_questions if examples]
    if name is not None and not chosen:
        names = list(dict.fromkeys(example.name for question in questions for example in question.examples))
        near = get_close_matches(name, names, 1)
        remedy = f"Did you mean {near[0]!r}?" if near else "See their names: courtstats test QUESTION"
        raise TransformError(f"there is no example {name!r}", remedy=remedy)
    return chosen


def _tested(question: Question, examples: Sequence[Example], traced: bool) -> list[Tested]:
    outcomes = run_examples(replace(question, examples=tuple(examples)), _KEY)
    return [_with_traces(question, *one, traced) for one in zip(examples, outcomes, strict=True)]


def _with_traces(question: Question, example: Example, outcome: ExampleOutcome, traced: bool) -> Tested:
    wrong = tuple(key for key, value in outcome.expected.items() if outcome.got[key] != value)
    asked = {(e.period, e.unit or question.unit): None for e in map(expected_cell, example.expect if traced else wrong)}
    traces = tuple(trace(question, example, period, unit, _KEY) for period, unit in asked)
    return Tested(question, example, outcome, wrong, traces)


def _lines(done: Sequence[Tested]) -> Iterator[str]:
    questions = {t.question.id: t.question for t in done}
    for name in questions:
        yield name
        for tested in (t for t in done if t.question.id == name):
            yield from _example_lines(tested)
        yield ""
    passed = sum(t.outcome.passed for t in done)
    of = (
        f"{len(done)} {show.plural('example', len(done))} of {len(questions)} {show.plural('question', len(questions))}"
    )
    yield f"{of}: {passed} passed, {len(done) - passed} failed."


def _example_lines(tested: Tested) -> Iterator[str]:
    outcome = tested.outcome
    figures = "; ".join(_figure(key, outcome.expected[key], outcome.got[key]) for key in outcome.expected)
    yield f"  {'passed' if outcome.passed else 'FAILED'}  {tested.example.name}: {figures}"
    for traced in tested.traces:
        first, rows = ordered(tested, traced)
        yield f"          {traced.period}, counted in {show.plural(traced.unit, None)}{first}:"
        for row in rows:
            yield f"            {row.row}. {row.label}: {row.said}"
            if row.fate == COUNTED:
                yield from (f"                 step {s.step} {s.name!r}: {s.because}" for s in row.steps)


def _figure(key: str, expected: int | str, got: int | str) -> str:
    return f"{key} is {got}" if expected == got else f"{key} expected {expected}, got {got}"


def ordered(tested: Tested, traced: Trace) -> tuple[str, list[RowTrace]]:
    """The rows with those first that a wrong figure is about, and which these are in words.

    Where too few were counted, the rows that are not in the figure; where too many, those that are.
    """
    wrong = [k for k in tested.wrong if _about(tested.question, k, traced)]
    if not wrong:
        return "", list(traced.rows)
    expected, got = (figures[wrong[0]] for figures in (tested.outcome.expected, tested.outcome.got))
    few = _number(got) < _number(expected)
    cell = expected_cell(wrong[0]).cell
    rows = sorted(traced.rows, key=lambda row: (row.fate == COUNTED and cell <= set(row.cell)) is few)
    return (", what is not in the figure first" if few else ", what is in the figure first"), rows


def _about(question: Question, key: str, traced: Trace) -> bool:
    asked = expected_cell(key)
    return (asked.period.label, asked.unit or question.unit) == (traced.period, traced.unit)


def _number(figure: int | str) -> int:
    """A figure for comparing; none (`no data`) is less than zero."""
    return figure if isinstance(figure, int) else -1


def _json(done: Sequence[Tested]) -> Mapping[str, Any]:
    examples = [
        {
            "question": t.question.id,
            "example": t.example.name,
            "passed": t.outcome.passed,
            "expected": dict(t.outcome.expected),
            "got": dict(t.outcome.got),
            "traces": [trace_json(one) for one in t.traces],
        }
        for t in done
    ]
    passed = sum(t.outcome.passed for t in done)
    return {"schema": SCHEMA, "passed": passed, "failed": len(done) - passed, "examples": examples}
