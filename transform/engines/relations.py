"""The small relations that a question's statement reads beside the records: its lists, values and standing data."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from extract.contract import normalise_text, text_digest
from transform.breakdowns import OTHER, UNKNOWN
from transform.codelists import CodeEntry
from transform.counting import VALUE_CONDITIONS, WINDOW_CONDITIONS, relation, used_breakdowns
from transform.definition import Question, Step
from transform.standing import force_categories, forces, region_category

Relation = tuple[str, str, list[list[Any]]]
"""Name, columns in SQL, rows."""


def relations(question: Question, key: bytes) -> Iterator[Relation]:
    """Every relation that `transform.counting` names, but the records and the periods; `key` digests texts."""
    for name, code_list in question.lists.items():
        entries = [[_code(e, key), e.match, e.category, place] for place, e in enumerate(code_list.entries, 1)]
        yield relation(name), "code varchar, match varchar, category varchar, place integer", entries
    if outcome := question.outcome:
        entries = [
            [_code(e, key), e.match, e.category, outcome.prefer.index(e.category) + 1]
            for e in question.lists[outcome.list].entries
        ]
        yield "outcome_entry", "code varchar, match varchar, category varchar, rank integer", entries
    steps = list(enumerate(question.steps, 1))
    values = [[number, name, value] for number, step in steps for name, value in _values(step)]
    by_force = any(step.force for step in question.steps)
    if values:
        yield "asked_value", "step integer, asked varchar, value varchar", values
    windows = [[number, *window] for number, step in steps for window in _windows(step)]
    if windows:
        yield "asked_window", "step integer, asked varchar, first_day date, last_day date", windows
    if by_force or {"police_force", "region"} & set(used_breakdowns(question)):
        yield from _standing()


def _code(entry: CodeEntry, key: bytes) -> str:
    return text_digest(normalise_text(entry.code), key) if entry.match == "text" else entry.code


def _values(step: Step) -> Iterator[tuple[str, str]]:
    for name in VALUE_CONDITIONS:
        for value in getattr(step, name):
            known = forces().get(value) if name == "force" else None
            yield name, known.force if known and known.force != OTHER else value


def _windows(step: Step) -> Iterator[tuple[str, date, date]]:
    for name in WINDOW_CONDITIONS:
        if window := getattr(step, name):
            yield name, window.first or date.min, window.last or date.max


def _standing() -> Iterator[Relation]:
    """Police forces and regions, each with the cells for what is no such force and for what says none."""
    rows = [[f.code, f.force, region_category(f.region)] for f in forces().values()]
    yield "standing_force", "code varchar, force varchar, region varchar", rows
    for name in ("police_force", "region"):
        categories = (*force_categories(name), OTHER, UNKNOWN)
        yield f"standing_{name}", "name varchar, place integer", [[c, n] for n, c in enumerate(categories, 1)]
