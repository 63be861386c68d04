"""From a question to its one SQL statement: the fragments of `sql/counting/`, put together.

Only two kinds of text go into a fragment: other fragments, and identifiers made from names that the
loader has checked. Values (dates, times, codes) are bound as parameters or read from relations.

Bound parameters: `from` and `to` (first and last day of all periods), `as_known_at` (UTC), `newest_batch`.

The relations that a statement reads: `records` (columns of `extract.contract.RECORDS`), `asked_period`
(number, first_day, last_day; periods do not overlap), `held_days` (first_day, last_day), `precedence`
(source, format, over_source, over_format, over_system; null is any), for each code list `list_...` (code,
match, category, place), where the code of a text entry is its digest, and where they are used
`outcome_entry` (code, match, category, rank), `asked_value` (step, asked, value), `asked_window` (step,
asked, first_day, last_day), `standing_force` (code, force, region) and `standing_police_force` and
`standing_region` (name, place). A named rule is a function of the same name.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from transform.breakdowns import OUTCOME, PLACE_BREAKDOWNS, SEEN_BREAKDOWNS, TIME_BREAKDOWNS
from transform.codelists import OFFENCE_MATCHES, SLUG
from transform.contract import TransformError
from transform.definition import Question, Step
from transform.precedence import leaves_sources_out
from transform.rules import RULES

FRAGMENTS = Path(__file__).resolve().parents[1] / "sql" / "counting"

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
# Two codes of one force (01 and 02 are the Metropolitan Police) are one; what is no such force stays its own code.
_FORCE = "coalesce((select force from standing_force where code = police_force and force <> 'other'), police_force)"
VALUE_CONDITIONS: dict[str, str] = {
    "level": "level",
    "source": "source_name",
    "system": "source_system",
    "court": "left(court_ou_code, 5)",
    "force": _FORCE,
    "finding": "upper(finding)",
}
"""Conditions that hold where a column has one of the values asked for."""
WINDOW_CONDITIONS: dict[str, str] = {"hearing": "hearing_date", "conviction": "conviction_date"}
"""Conditions that hold where a column is in the days asked for."""


def count_sql(question: Question, unit: str | None = None) -> str:
    """The statement that counts a question in one of its units: figure, cells, attrition, evidence, what was landed.

    Its rows are (part, period_no, place, cell, result_rows, units, first_day, last_day); `transform.answers`
    reads them.
    """
    combinations = question.breakdowns.allowed
    parts = [_fragment("part-step", number=str(n)) for n, _ in enumerate(question.steps, 1)]
    parts += [_fragment("part-cells", number=str(n)) for n, _ in enumerate(combinations, 1)]
    return _with(
        *_unit_steps(question, unit or question.unit),
        *(_grid(question, name) for name in used_breakdowns(question)),
        *(_cells(number, combination) for number, combination in enumerate(combinations, 1)),
        _fragment("answer", parts="\n".join(parts), is_covered=_fragment("is-covered")),
    )


def units_sql(question: Question, unit: str | None = None) -> str:
    """The statement that lists the units of a figure: (case_key, unit_key, strength, date, kind, case_urn)."""
    *steps, last = _unit_steps(question, unit or question.unit)
    return _with(*steps, f"{last}\n{_fragment('units-answer')}")


def relation(list_id: str) -> str:
    """The relation of a code list: `spo-granted` is `list_spo_granted`. Raises `TransformError` for no list name."""
    if not SLUG.fullmatch(list_id):
        raise TransformError(f"{list_id!r} is not a name for a list", remedy="Use small letters, digits and hyphens")
    return _identifier("list_" + list_id.replace("-", "_"))


def rule_function(rule_id: str) -> str:
    """The function of a named rule: `heard-on-a-weekday@1` is `rule_heard_on_a_weekday_1`."""
    return _identifier("rule_" + rule_id.replace("-", "_").replace("@", "_"))


def used_breakdowns(question: Question) -> tuple[str, ...]:
    """The breakdowns of all combinations that may be asked for."""
    return tuple(dict.fromkeys(name for combination in question.breakdowns.allowed for name in combination))


def _with(*steps: str) -> str:
    return "with\n" + ",\n\n".join(steps[:-1]) + ",\n\n" + steps[-1] + "\n"


def _unit_steps(question: Question, unit: str) -> list[str]:
    """The named steps from the records to one row per counted unit."""
    key = _unit_key(question, unit)
    steps: list[str] = []
    previous = ""
    for number, step in enumerate(question.steps, 1):
        condition = _condition(number, step)
        if number == 1:
            own = {"covers": covers(question), "is_covered": _fragment("is-covered")}
            steps.append(_fragment("statements", unit=key, name=step.name, condition=condition, **own))
        else:
            steps.append(_fragment("step", number=str(number), name=step.name, previous=previous, condition=condition))
        previous = f"step_{number}"
    others = dict.fromkeys(o for e in question.evidence for o in (e.without, e.beside) if o)
    steps += [_fragment("beside", list=relation(o), condition=_result_on(o)) for o in others]
    outcome = question.outcome
    breakdowns = "".join(f",\n        {_value(question, n)} as {_column(n)}" for n in used_breakdowns(question))
    steps.append(
        _fragment(
            "units",
            counted=previous,
            kinds=_kinds(question),
            outcome=_fragment("outcome-rank") if outcome else "cast(null as integer)",
            direction="desc" if outcome and outcome.last else "asc",
            weak=_weak(unit),
            breakdowns=breakdowns,
        )
    )
    return steps


def _unit_key(question: Question, unit: str) -> str:
    if unit != "order":
        return _fragment(f"unit-{unit}")
    kept = [s.result for s in question.steps if s.result and not s.drop]
    if not kept:
        raise TransformError(f"{question.id} keeps no results by which orders could be told apart")
    category = _fragment("order-category", list=relation(kept[-1]))
    return _fragment("unit-order", application=_fragment("unit-application"), category=category)


def _weak(unit: str) -> str:
    defendant = _fragment("weak-defendant")
    if unit in ("application", "order"):
        return f"({_fragment('weak-application', defendant=defendant)})"
    return f"({_fragment('weak-case') if unit == 'case' else defendant})"


def covers(question: Question) -> str:
    """What of a source that goes before another sets that one aside: what has a court and is not left out by name."""
    named = [
        _condition(number, Step(step.name, source=step.source, drop=step.drop))
        for number, step in enumerate(question.steps, 1)
        if leaves_sources_out(step)
    ]
    return "\n      and ".join(["court_ou_code is not null", *named])


def _condition(number: int, step: Step) -> str:
    joined = "\n      and ".join(conditions_of(number, step))
    return f"not coalesce({joined}, false)" if step.drop else joined


def conditions_of(number: int, step: Step) -> Iterator[str]:
    """The conditions of a step in SQL, one by one; `number` is its place from 1."""
    if step.offence:
        yield _fragment("keep-offence", list=relation(step.offence))
    if step.result:
        yield _result_on(step.result)
    for name, column in VALUE_CONDITIONS.items():
        if getattr(step, name):
            yield _fragment("keep-any", column=column, step=str(number), asked=name)
    if step.final_disposal is not None:
        yield "final_disposal" if step.final_disposal else "not final_disposal"
    if step.convicted is not None:
        convicted = f"({_fragment('is-convicted')})"
        yield convicted if step.convicted else f"not {convicted}"
    for name, column in WINDOW_CONDITIONS.items():
        if getattr(step, name):
            yield _fragment("keep-days", column=column, step=str(number), asked=name)
    if step.rule:
        yield f"{rule_function(step.rule)}({', '.join(RULES[step.rule].columns)})"


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
    if breakdown in (*TIME_BREAKDOWNS, *PLACE_BREAKDOWNS, OUTCOME):
        return _fragment(f"by-{breakdown}")
    return _fragment("by-list", list=relation(_list_of(question, breakdown)))


def _list_of(question: Question, breakdown: str) -> str:
    return next(b.list for b in question.breakdowns.declared if b.name == breakdown)


def _grid(question: Question, breakdown: str) -> str:
    name = _identifier(breakdown)
    if breakdown in TIME_BREAKDOWNS:
        return _fragment("grid-time", name=name, expression=_fragment(f"by-{breakdown}"))
    if breakdown in SEEN_BREAKDOWNS:
        covered = _fragment("is-covered")
        return _fragment("grid-seen", name=name, expression=_fragment(f"by-{breakdown}"), is_covered=covered)
    if breakdown in PLACE_BREAKDOWNS:
        return _fragment("grid-place", name=name)
    if breakdown == OUTCOME:
        return _fragment("grid-outcome")
    matches = ", ".join(f"'{match}'" for match in OFFENCE_MATCHES)
    return _fragment("grid-list", name=name, list=relation(_list_of(question, breakdown)), matches=matches)


def _cells(number: int, combination: tuple[str, ...]) -> str:
    grids = [f"grid_{_identifier(name)}" for name in combination]
    return _fragment(
        "cells",
        number=str(number),
        names=" and ".join(combination),
        places=", ".join(f"place_{_identifier(name)}" for name in combination),
        cell=", ".join(_column(name) for name in combination),
        grids="".join([grids[0], *(f"\n    join {grid} using (period_no)" for grid in grids[1:])]),
        matches="".join(f", {_column(name)}" for name in combination),
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
