"""A plan for people (a table, the causes, what else changes) and for machines (`courtstats/plan@1`)."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pipelines import show
from pipelines.settings import unit_key
from transform.changes import AFFECTS, WORDS
from transform.contract import COUNTED, HELD, NO_DATA, Figure
from transform.planning import CellPlan, Effect, cell_json

if TYPE_CHECKING:
    from pipelines.planning import Comparison, Row
    from transform.definition import Question

PLAN_SCHEMA = "courtstats/plan@1"
SHOWN_UNITS = 50
ADDS_UP = (
    "Checked for every figure: the effects add up to the difference, and so do the units gained less those lost, where "
    "units are compared."
)


def plan_text(new: "Question", found: "Sequence[Comparison]", *, cells: bool, key: bytes | None) -> None:
    """Print what each comparison found; `key` is given where units are to be listed."""
    out = show.console()
    out.print(f"\n{new.title}", style="bold", markup=False)
    todo = [one for one in found if one.fingerprint != new.fingerprint]
    if not found:
        show.write(f"Nothing is loaded for {new.id}, so no figure would change. To compare two versions without loaded")
        show.write(f"figures: courtstats plan {new.id} --against FOLDER --every year --from DAY --to DAY")
    elif not todo:
        show.write("Nothing to do: the definition and its lists are those that the figures were counted by.")
    elif len(todo) < len(found):
        current = sum(len(one.asked) for one in found if one.fingerprint == new.fingerprint)
        show.write(f"Figures that were counted by this definition already: {current:,}.")
    for one in todo:
        show.write(f"From version {one.fingerprint[:12]} to version {new.fingerprint[:12]} of {new.id}.")
        _figures(one)
        _removed(one)
        _causes(one)
        if cells:
            _cells(one)
        if key is not None:
            _units(one, key)
        _rest(one)


def _figures(one: "Comparison") -> None:
    for fault in one.refused:
        show.write(f"The definition that these figures were counted by is not accepted today: {fault}")
    if one.refused:
        show.write("So there are no causes, and the old figures are those that were loaded.")
    shown = [row for row in one.rows if row.plan.changed or _held(row)]
    if shown:
        lines = [(row.asked.period.label, _unit(row), *_sides(row)) for row in shown]
        show.table(["period", "unit", "old", "new", "gained", "lost"], lines)
    same = [row for row in one.rows if row not in shown]
    if same:
        show.write(f"No change: {'; '.join(_labels(same))}.")
    for row in one.rows:
        if said := _otherwise(row):
            show.write(f"{row.asked.period.label} ({row.plan.units[0]}s): {said}")
    for asked in one.asked:
        if asked.units[1] is None:
            what = "is counted no more; what is loaded stays as it is"
            show.write(f"{asked.period.label}: the figure in {asked.units[0]}s {what}.")
    if one.rows and not one.refused:
        show.write(ADDS_UP)


def _otherwise(row: "Row") -> str:
    """Why the old side is not what is stored, where it is not."""
    stored, old = row.asked.stored, row.plan.total.old
    if stored is None or old is None or _held(row) or _value(stored) == _value(old):
        return ""
    if stored.status == HELD:
        return f"held when it was loaded, and no longer; by the old definition it is {_value(old)}."
    counts = f"stored {_value(stored)}, recounted {_value(old)}"
    return f"the records or the code changed too: {counts} by the old definition."


def _causes(one: "Comparison") -> None:
    """The effect of each change on each figure, where there is one; what has none in any."""
    lines = [
        (row.asked.period.label, _unit(row), f"{effect.by:+,}", _said(one, effect))
        for row in one.rows
        for effect in row.plan.total.effects
    ]
    if lines:
        show.console().print("\nWhich change does it", style="bold")
        show.table(["period", "unit", "effect", "change"], lines)
    of_rows = [cell for row in one.rows for cell in (row.plan.total, *row.plan.cells)]
    does = {number for cell in of_rows for effect in cell.effects for number in effect.changes}
    idle = [c for n, c in enumerate(one.changes) if c.affects != WORDS and n not in does]
    if idle and one.rows:
        show.console().print("\nWhat could change figures, but changes none of these totals", style="bold")
        for change in idle:
            show.write(f"  - {change.says} ({AFFECTS[change.affects]})")


def _cells(one: "Comparison") -> None:
    lines = []
    for row in one.rows:
        for cell in row.plan.cells:
            if cell.changed:
                name = ", ".join(f"{name}={category}" for name, category in cell.cell)
                causes = "; ".join(f"{effect.by:+,} {_said(one, effect)}" for effect in cell.effects)
                lines.append(
                    (f"{row.asked.period.label} {name}", _unit(row), _value(cell.old), _value(cell.new), causes)
                )
    show.console().print("\nCells", style="bold")
    if lines:
        show.table(["period and cell", "unit", "old", "new", "why"], lines)
    else:
        show.write("  No cell that both versions declare changes.")


def _units(one: "Comparison", key: bytes) -> None:
    """The units gained and lost, each by its keyed name and day, the first of them only."""
    lines, left = [], 0
    for row in one.rows:
        listed = [(what, *unit) for what, units in _moved(row, key).items() for unit in units]
        lines += [(row.asked.period.label, what, unit, day) for what, unit, day in listed[:SHOWN_UNITS]]
        left += max(len(listed) - SHOWN_UNITS, 0)
    show.console().print("\nUnits gained and lost", style="bold")
    if lines:
        show.table(["period", "", "unit", "first hearing"], lines)
    if left or not lines:
        show.write(f"  and {left:,} more: --json lists all of them" if left else "  None.")


def _removed(one: "Comparison") -> None:
    """The figures that cannot be compared any more, by their unit."""
    for unit in dict.fromkeys(asked.units[0] for asked in one.removed):
        periods = ", ".join(asked.period.label for asked in one.removed if asked.units[0] == unit)
        show.write(f"Not compared, for records of hearings then were removed for good: {periods} ({unit}).")


def _rest(one: "Comparison") -> None:
    """What changes besides the rule, in words."""
    words = [change.says for change in one.changes if change.affects == WORDS]
    if not one.changes and not one.refused:
        words = ["the definition reads as it did; the code of a named rule, or of the program, changed its version"]
    if words:
        show.console().print("\nWhat says something else and counts the same", style="bold")
        for says in words:
            show.write(f"  - {says}")


def _sides(row: "Row") -> Iterator[str]:
    total, gained, lost = row.plan.total, row.plan.gained, row.plan.lost
    yield from (_value(total.old), _value(total.new))
    for units in (gained, lost):
        yield f"{len(units):,}" if units is not None else f"[{HELD if _held(row) else 'not compared'}]"


def _labels(rows: "Sequence[Row]") -> Iterator[str]:
    """The periods of rows, by their unit; those without records apart."""
    for unit in dict.fromkeys(_unit(row) for row in rows):
        for empty in (False, True):
            periods = [r.asked.period.label for r in rows if _unit(r) == unit and _no_data(r) == empty]
            if periods:
                yield f"{', '.join(periods)} ({unit}s{', no data' if empty else ''})"


def _unit(row: "Row") -> str:
    before, after = row.plan.units
    return before if before == after else f"{before}, then {after}"


def _value(figure: Figure | None) -> str:
    return show.number(figure.value, figure.status) if figure else "[no cell]"


def _held(row: "Row") -> bool:
    return row.plan.total.new is not None and row.plan.total.new.status == HELD


def _no_data(row: "Row") -> bool:
    return row.plan.total.new is not None and row.plan.total.new.status == NO_DATA


def _said(one: "Comparison", effect: Effect) -> str:
    return "; with ".join(one.changes[number].says for number in effect.changes)


def _moved(row: "Row", key: bytes) -> dict[str, list[tuple[str, str]]]:
    """Units gained and lost as (keyed name, day), in order of their day."""
    found = {}
    for what, units in (("gained", row.plan.gained), ("lost", row.plan.lost)):
        listed = [(unit_key(key, unit), row.days[unit].isoformat()) for unit in units or ()]
        found[what] = sorted(listed, key=lambda unit: (unit[1], unit[0]))
    return found


# --- for machines ------------------------------------------------------------------------------


def plan_json(new: "Question", found: "Sequence[Comparison]", *, cells: bool, key: bytes | None) -> dict[str, Any]:
    """A plan as plain JSON values. Changes are numbered from 1; `effects` is the table of periods by changes."""
    return {
        "schema": PLAN_SCHEMA,
        "question": new.id,
        "definition": new.fingerprint,
        "nothing_to_do": all(one.fingerprint == new.fingerprint for one in found),
        "loaded": sum(len(one.asked) + len(one.removed) for one in found),
        "comparisons": [
            _comparison_json(one, cells=cells, key=key) for one in found if one.fingerprint != new.fingerprint
        ],
    }


def _comparison_json(one: "Comparison", *, cells: bool, key: bytes | None) -> dict[str, Any]:
    numbered = enumerate(one.changes, 1)
    return {
        "definition": one.fingerprint,
        "refused": list(one.refused),
        "changes": [
            {"number": n, "part": c.part, "of": c.subject, "says": c.says, "affects": c.affects} for n, c in numbered
        ],
        "figures": [_row_json(row, cells=cells, key=key) for row in one.rows],
        "counted_no_more": [{"period": a.period.label, "unit": a.units[0]} for a in one.asked if a.units[1] is None],
        "records_removed": [{"period": a.period.label, "unit": a.units[0]} for a in one.removed],
        "effects": [
            {"period": row.asked.period.label, "unit": row.plan.units[0], "by": _by(row.plan.total, len(one.changes))}
            for row in one.rows
        ],
    }


def _by(total: CellPlan, number: int) -> list[int | None]:
    """The effect of every change on a total; `None` without one. Changes counted together stand with the last."""
    known = all(figure is not None and figure.status == COUNTED for figure in (total.old, total.new))
    effects = {effect.changes[-1]: effect.by for effect in total.effects}
    return [effects.get(n, 0) if known else None for n in range(number)]


def _row_json(row: "Row", *, cells: bool, key: bytes | None) -> dict[str, Any]:
    asked, plan = row.asked, row.plan
    total = cell_json(plan.total)
    stored = None if asked.stored is None else {"value": asked.stored.value, "status": asked.stored.status}
    held = {"value": None, "status": HELD}
    found: dict[str, Any] = {
        "period": asked.period.label,
        "from": asked.period.first,
        "to": asked.period.last,
        "unit": plan.units[0],
        "new_unit": plan.units[1],
        "as_known_at": asked.as_known_at,
        "newest_batch": asked.newest_batch,
        "run": asked.run_id,
        "stored": held if stored and _held(row) else stored,
        "old": total["old"],
        "new": total["new"],
        "changed": plan.changed,
        "gained": None if plan.gained is None else len(plan.gained),
        "lost": None if plan.lost is None else len(plan.lost),
        "effects": total["effects"],
    }
    if cells:
        found["cells"] = [cell_json(cell) for cell in plan.cells if cell.changed]
    if key is not None:
        units = _moved(row, key)
        found["units"] = {w: [{"unit": u, "hearing_date": day} for u, day in of] for w, of in units.items()}
    return found
