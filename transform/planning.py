"""What a changed definition does to a figure: the versions between the old and the new, and the difference in parts.

Every version is counted on the same records, so a difference is due to the definition and to nothing
else. The effect of a change is the difference between the counts without and with it; the parts add up
to the whole because each version follows on the one before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from transform.changes import CELLS, FIGURES, Change
from transform.contract import COUNTED, Answer, Figure
from transform.definition import Breakdowns, Hold, Question
from transform.periods import Period

Cell = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A definition as it is counted for a plan: in one unit, without what counts nothing.

    `applied` are the numbers (from 0) of the changes by which it differs from the version before it.
    """

    applied: tuple[int, ...]
    question: Question


@dataclass(frozen=True, slots=True)
class Effect:
    """By how much the changes with these numbers (from 0) raise or lower a figure; mostly one, never zero by value."""

    changes: tuple[int, ...]
    by: int


@dataclass(frozen=True, slots=True)
class CellPlan:
    """One figure of a period before and after; `cell` is `()` for the total, a side without the cell is `None`."""

    cell: Cell
    old: Figure | None
    new: Figure | None
    effects: tuple[Effect, ...]

    @property
    def changed(self) -> bool:
        """Whether value or status differ, or changes outweigh each other."""
        return bool(self.effects) or _stands(self.old) != _stands(self.new)


@dataclass(frozen=True, slots=True)
class PeriodPlan:
    """What a change does to one period: the total, its cells, and which units (keys) it gains and loses.

    `units` are the units in which old and new are counted. `gained` and `lost` are `None` where units cannot be
    compared: the figure has no value, or the unit itself changed.
    """

    period: Period
    units: tuple[str, str]
    total: CellPlan
    cells: tuple[CellPlan, ...]
    gained: frozenset[str] | None
    lost: frozenset[str] | None

    @property
    def changed(self) -> bool:
        """Whether anything of the period changes."""
        return self.total.changed or bool(self.gained or self.lost) or any(cell.changed for cell in self.cells)


def versions(
    old: Question, new: Question, found: Sequence[Change], units: tuple[str, str], by: Sequence[tuple[str, ...]] = ()
) -> tuple[Version, ...]:
    """The old version and each one between it and the new that can count otherwise than the one before.

    Args:
        old, new: the versions; `found` are the changes between them (`transform.changes.changes`).
        units: in which unit old and new are counted; the change of unit takes part where they differ.
        by: the combinations whose cells are compared, which both versions declare.

    Holds of both versions apply throughout: what may not be given is not planned either.
    """
    holds = tuple(dict.fromkeys((*old.holds, *new.holds)))
    state = replace(old, unit=units[0], lists={**new.lists, **old.lists})
    made = [Version((), _bare(state, holds, by))]
    waiting: tuple[int, ...] = ()
    for number, change in enumerate(found):
        if change.part == "unit" and units[0] == units[1]:
            continue
        state = change.apply(state)
        if change.affects == FIGURES or (change.affects == CELLS and by):
            waiting = (*waiting, number)
        if waiting and _countable(state):
            made.append(Version(waiting, _bare(state, holds, by)))
            waiting = ()
    return tuple(made)


def _bare(question: Question, holds: tuple[Hold, ...], by: Sequence[tuple[str, ...]]) -> Question:
    """A version without what counts nothing. Every category of its outcome list has a place, as in a sound one."""
    outcome = question.outcome
    if outcome:
        categories = question.lists[outcome.list].categories
        outcome = replace(outcome, prefer=tuple(dict.fromkeys((*outcome.prefer, *categories))))
    return replace(
        question,
        also=(),
        in_force=None,
        evidence=(),
        outcome=outcome,
        breakdowns=Breakdowns(question.breakdowns.declared, tuple(by), tuple(by)),
        holds=holds,
        notes=(),
        breaks=(),
        provisional=None,
        examples=(),
    )


def _countable(question: Question) -> bool:
    """A version between two sound ones may be unsound (no step left, orders without results): it is passed by."""
    kept = any(step.result and not step.drop for step in question.steps)
    return bool(question.steps) and (question.unit != "order" or kept)


def shared(old: Question, new: Question, by: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Those combinations that both versions declare, in the order in which the new one names them."""
    asked, declared = {frozenset(c) for c in by}, {frozenset(c) for c in old.breakdowns.allowed}
    return tuple(c for c in new.breakdowns.allowed if frozenset(c) in asked & declared)


def period_plan(
    made: Sequence[Version],
    answers: Sequence[Answer],
    units: tuple[frozenset[str], frozenset[str]] | None,
) -> PeriodPlan:
    """What the changes do to one period, from the answer of each version and the unit keys of the first and last.

    `units` is `None` where units are not compared. Raises `ArithmeticError` where the parts do not add up to the
    whole: then counting itself is at fault, and no plan may be shown.
    """
    tables = [{figure.cell: figure for figure in answer.figures} for answer in answers]
    applied = [version.applied for version in made[1:]]
    old, new = answers[0], answers[-1]
    cells = [_cell(cell, tables, applied) for cell in dict.fromkeys(cell for table in tables for cell in table)]
    total = next(cell for cell in cells if cell.cell == ())
    gained, lost = (units[1] - units[0], units[0] - units[1]) if units else (None, None)
    plan = PeriodPlan(
        Period(old.first, old.last), (old.unit, new.unit), total, tuple(c for c in cells if c.cell), gained, lost
    )
    _check(plan, old, new)
    return plan


def _cell(cell: Cell, tables: Sequence[dict[Cell, Figure]], applied: Sequence[tuple[int, ...]]) -> CellPlan:
    """A cell in every version; a category that a version does not have counts as none there."""
    found = [table.get(cell) for table in tables]
    effects: list[Effect] = []
    if all(figure is None or figure.status == COUNTED for figure in found):
        values = [(figure.value or 0) if figure else 0 for figure in found]
        steps = zip(applied, pairwise(values), strict=True)
        effects = [Effect(numbers, after - before) for numbers, (before, after) in steps if after != before]
    return CellPlan(cell, found[0], found[-1], tuple(effects))


def _check(plan: PeriodPlan, old: Answer, new: Answer) -> None:
    if old.value is None or new.value is None:
        return
    difference = new.value - old.value
    if sum(effect.by for effect in plan.total.effects) != difference:
        raise ArithmeticError(f"the effects in {old.period} do not add up to the difference")
    if plan.gained is not None and plan.lost is not None and len(plan.gained) - len(plan.lost) != difference:
        raise ArithmeticError(f"the units gained and lost in {old.period} do not add up to the difference")


def _stands(figure: Figure | None) -> tuple[int | None, str] | None:
    return (figure.value, figure.status) if figure else None


def cell_json(cell: CellPlan) -> dict[str, Any]:
    """A cell (or the total) of a plan as plain JSON values; changes are numbered from 1."""
    return {
        "cell": dict(cell.cell),
        "old": _figure_json(cell.old),
        "new": _figure_json(cell.new),
        "effects": [{"changes": [n + 1 for n in effect.changes], "by": effect.by} for effect in cell.effects],
    }


def _figure_json(figure: Figure | None) -> dict[str, Any] | None:
    return {"value": figure.value, "status": figure.status} if figure else None
