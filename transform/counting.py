"""From a question to its one SQL statement: the fragments of `sql/counting/`, put together.

Only two kinds of text go into a fragment: other fragments, and identifiers made from names that the
loader has checked. Values (dates, times, codes) are bound as parameters or read from relations.

Bound parameters: `from` and `to` (first and last day), `as_known_at` (UTC), `newest_batch`.

The relations that a statement reads: `records` (columns of `extract.contract.RECORDS`), `held_days`
(first_day, last_day) and, for each code list, `list_...` (code, match, category, place), where the
code of a text entry is its digest.
"""

import re
from functools import cache
from pathlib import Path

from transform.codelists import SLUG
from transform.contract import TransformError
from transform.question_checks import TIME_BREAKDOWNS
from transform.questions import Question

FRAGMENTS = Path(__file__).resolve().parents[1] / "sql" / "counting"

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


def count_sql(question: Question) -> str:
    """The statement that counts a question: figure, cells, attrition, evidence and what was landed.

    Its rows are (part, place, cell, result_rows, units, first_day, last_day); `transform.answers` reads them.
    """
    combinations = question.breakdowns.allowed
    parts = [_fragment("part-step", number=str(n)) for n, _ in enumerate(question.steps, 1)]
    parts += [_fragment("part-cells", number=str(n)) for n, _ in enumerate(combinations, 1)]
    return _with(
        *_unit_steps(question),
        *(_grid(question, name) for name in _used(question)),
        *(_cells(number, combination) for number, combination in enumerate(combinations, 1)),
        _fragment("answer", parts="\n".join(parts)),
    )


def units_sql(question: Question) -> str:
    """The statement that lists the units of a figure: (case_key, unit_key, strength, date, kind, case_urn)."""
    *steps, last = _unit_steps(question)
    return _with(*steps, f"{last}\n{_fragment('units-answer')}")


def relation(list_id: str) -> str:
    """The relation of a code list: `spo-granted` is `list_spo_granted`. Raises `TransformError` for no list name."""
    if not SLUG.fullmatch(list_id):
        raise TransformError(f"{list_id!r} is not a name for a list", remedy="Use small letters, digits and hyphens")
    return _identifier("list_" + list_id.replace("-", "_"))


def _with(*steps: str) -> str:
    return "with\n" + ",\n\n".join(steps[:-1]) + ",\n\n" + steps[-1] + "\n"


def _unit_steps(question: Question) -> list[str]:
    """The named steps from the records to one row per counted unit."""
    unit = _fragment(f"unit-{question.unit}")
    steps: list[str] = []
    previous = ""
    for number, step in enumerate(question.steps, 1):
        conditions = [
            _fragment(kind, list=relation(name))
            for kind, name in (("keep-offence", step.offence), ("keep-result", step.result))
            if name
        ]
        condition = "\n      and ".join(conditions)
        if number == 1:
            steps.append(_fragment("statements", unit=unit, name=step.name, condition=condition))
        else:
            steps.append(_fragment("step", number=str(number), name=step.name, previous=previous, condition=condition))
        previous = f"step_{number}"
    others = dict.fromkeys(o for e in question.evidence for o in (e.without, e.beside) if o)
    steps += [_fragment("beside", list=relation(o), condition=_result_on(o)) for o in others]
    kinds = _kinds(question)
    breakdowns = "".join(f",\n        {_value(question, n)} as {_column(n)}" for n in _used(question))
    steps.append(_fragment("units", counted=previous, kinds=kinds, breakdowns=breakdowns))
    return steps


def _used(question: Question) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for combination in question.breakdowns.allowed for name in combination))


def _result_on(list_id: str) -> str:
    return _fragment("keep-result", list=relation(list_id))


def _kinds(question: Question) -> str:
    """The number of the first kind of evidence that a row shows, from 1; one more than there are for none."""
    whens = []
    for number, kind in enumerate(question.evidence, 1):
        condition = _result_on(kind.has)
        if other := kind.beside or kind.without:
            beside = _fragment("is-beside", list=relation(other))
            condition += f"\n        and {'not ' if kind.without else ''}({beside})"
        whens.append(f"\n        when {condition} then {number}")
    none = str(len(question.evidence) + 1)
    return f"case{''.join(whens)}\n        else {none}\n    end" if whens else none


def _column(breakdown: str) -> str:
    return _identifier(f"by_{breakdown}")


def _value(question: Question, breakdown: str) -> str:
    """The expression of a breakdown for a unit."""
    if breakdown in TIME_BREAKDOWNS:
        return _fragment(f"by-{breakdown}")
    return _fragment("by-list", list=relation(_list_of(question, breakdown)))


def _list_of(question: Question, breakdown: str) -> str:
    return next(b.list for b in question.breakdowns.declared if b.name == breakdown)


def _grid(question: Question, breakdown: str) -> str:
    name = _identifier(breakdown)
    if breakdown in TIME_BREAKDOWNS:
        return _fragment("grid-time", name=name, expression=_fragment(f"by-{breakdown}"))
    return _fragment("grid-list", name=name, list=relation(_list_of(question, breakdown)))


def _cells(number: int, combination: tuple[str, ...]) -> str:
    grids = [f"grid_{_identifier(name)}" for name in combination]
    pairs = zip(grids, combination, strict=True)
    return _fragment(
        "cells",
        number=str(number),
        names=" and ".join(combination),
        places=", ".join(f"{grid}.place" for grid in grids),
        cell=", ".join(f"{grid}.name" for grid in grids),
        grids=" cross join ".join(grids),
        matches=" and ".join(f"counted_unit.{_column(name)} = {grid}.name" for grid, name in pairs),
    )


def _identifier(name: str) -> str:
    if not _IDENTIFIER.fullmatch(name):
        raise TransformError(f"{name!r} cannot be a name in SQL", remedy="Use small letters, digits and underscores")
    return name


@cache
def _text(name: str) -> str:
    return (FRAGMENTS / f"{name}.sql").read_text(encoding="utf-8").rstrip("\n")


def _fragment(name: str, /, **parts: str) -> str:
    """A fragment with its placeholders filled: all of them, and no others."""
    text = _text(name)
    if set(_PLACEHOLDER.findall(text)) != set(parts):
        raise ValueError(f"sql/counting/{name}.sql and the code disagree on its placeholders")
    return _PLACEHOLDER.sub(lambda found: parts[found[1]], text)
