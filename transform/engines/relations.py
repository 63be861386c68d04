"""The small relations that a question's statement reads beside the records: its lists, values and standing data."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from extract.contract import normalise_text, text_digest
from transform.breakdowns import OTHER, UNKNOWN
from transform.codelists import CodeEntry
from transform.counting import VALUE_CONDITIONS, WINDOW_CONDITIONS, relation, used_breakdowns
from transform.definition import Question, Step
from transform.standing import forces

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
    if values:
        yield "asked_value", "step integer, asked varchar, value varchar", values
    windows = [[number, *window] for number, step in steps for window in _windows(step)]
    if windows:
        yield "asked_window", "step integer, asked varchar, first_day date, last_day date", windows
    if {"police_force", "region"} & set(used_breakdowns(question)):
        yield from _standing()


def _code(entry: CodeEntry, key: bytes) -> str:
    return text_digest(normalise_text(entry.code), key) if entry.match == "text" else entry.code


def _values(step: Step) -> Iterator[tuple[str, str]]:
    for name in VALUE_CONDITIONS:
        for value in getattr(step, name):
            yield name, value


def _windows(step: Step) -> Iterator[tuple[str, date, date]]:
    for name in WINDOW_CONDITIONS:
        if window := getattr(step, name):
            yield name, window.first or date.min, window.last or date.max


def _standing() -> Iterator[Relation]:
    """Police forces and regions, each with the cells for what is no such force and for what says none."""
    known = sorted(forces().values(), key=lambda force: force.place)
    rows = [[f.code, f.force, region_category(f.region)] for f in known]
    yield "standing_force", "code varchar, force varchar, region varchar", rows
    for name, column in (("police_force", 1), ("region", 2)):
        named = [category for category in dict.fromkeys(row[column] for row in rows) if category != OTHER]
        rows_of = [[category, place] for place, category in enumerate([*named, OTHER, UNKNOWN], 1)]
        yield f"standing_{name}", "name varchar, place integer", rows_of


def region_category(name: str) -> str:
    """A region as a category: `North East` is `north-east`."""
    return name.lower().replace(" ", "-")
