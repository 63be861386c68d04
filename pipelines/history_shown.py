"""What `courtstats history` prints: each vintage of a figure, from when to when, and why it is another one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from load.contract import counts_as
from pipelines import show
from pipelines.asked_of_warehouse import none_found, question_of
from pipelines.exporting import export
from pipelines.figures_shown import check_unit, legend, name_of, there
from pipelines.revision_words import because, without_parts
from pipelines.times import in_words
from pipelines.withheld import IsHeld, any_held, held_now
from transform.contract import HELD

if TYPE_CHECKING:
    from load.history import Vintage
    from load.revisions import Part
    from pipelines.settings import Settings
    from transform.definition import Question

HISTORY_SCHEMA = "courtstats/history@1"
COLUMNS = (
    "question", "unit", "period", "cell", "label", "vintage", "value", "status", "marks", "known_from", "known_to",
    "run_id", "as_known_at", "newest_batch", "definition_hash", "why",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Told:
    """A vintage as it may be shown, with the parts of its difference and the reason in words.

    One that is `held` stands for all vintages of its cell: of them only that the cell is held may be told.
    """

    vintage: "Vintage"
    parts: tuple["Part", ...]
    why: str
    held: bool = False

    def plain(self) -> dict[str, Any]:
        if not self.held:
            return asdict(self.vintage)
        one = self.vintage
        place = {"unit": one.unit, "period": one.period, "cell": one.cell, "status": HELD}
        return dict.fromkeys(asdict(one)) | place | {"marks": ""}


def history(
    settings: "Settings",
    question: str,
    period: str | None,
    *,
    unit: str | None = None,
    csv: Path | None = None,
    as_json: bool = False,
) -> None:
    """Every vintage of every cell of a period (or of all periods). What is held now has one line that says so.

    Raises `TransformError` for a unit that the question never had.
    """
    from load.history import history as vintages_of
    from load.history import never_changed
    from load.revisions import revision_rows

    known, now = question_of(settings, question), datetime.now(UTC)
    # A cell that is held is shown whether it has changed or not.
    changed = not csv and not as_json and not any_held(known, now, period)
    found: list[_Told] = []
    left, none = 0, ""
    with there(settings) as warehouse:
        if warehouse:
            vintages = vintages_of(warehouse, known.id, period, unit, changed=changed)
            left = never_changed(warehouse, known.id, period, unit) if changed else 0
            revisions = revision_rows(warehouse, known.id, period=period, unit=unit)
            parts = {(one.run_id, one.unit, one.cell): one.parts for one in revisions}
            found = list(_told(vintages, parts, held_now(known, now)))
        if not found:
            check_unit(known, unit)
            none = none_found(warehouse, known.id, period=period, unit=unit)
        if csv:
            rows = (_row(known, one) for one in found)
            said = {"period": period, "unit": unit}
            export(warehouse, csv, COLUMNS, rows, command="history", question=known.id, about=said)
    if as_json:
        listed = [
            one.plain()
            | {"cell": json.loads(one.vintage.cell), "parts": [asdict(part) for part in one.parts], "why": one.why}
            for one in found
        ]
        show.write(show.to_json({"schema": HISTORY_SCHEMA, "question": known.id, "vintages": listed}))
    elif not csv and none:
        show.write(none)
    elif not csv:
        _text(known, found, left)


def _told(
    vintages: "Sequence[Vintage]", parts: "Mapping[tuple[int, str, str], tuple[Part, ...]]", is_held: IsHeld
) -> Iterator[_Told]:
    before: Vintage | None = None
    for one in vintages:
        if before is not None and (before.unit, before.period, before.cell) != (one.unit, one.period, one.cell):
            before = None
        if not is_held(one.period, one.cell):
            of = parts.get((one.run_id, one.unit, one.cell), ())
            yield _Told(one, of, _why(one, before, of))
        elif before is None:
            yield _Told(one, (), "", held=True)
        before = one


def _why(one: "Vintage", before: "Vintage | None", parts: "tuple[Part, ...]") -> str:
    if parts:
        return because(parts)
    if before is None:
        return "the first vintage"
    if one.status == HELD:
        return "it was held from then on"
    if before.status == HELD:
        return "it was held until then"
    if (one.value, one.status) == (before.value, before.status):
        return "the same figure with other marks or notes"
    if counts_as(one.value, one.status) != counts_as(before.value, before.status):
        return "no cause was recorded"
    return without_parts(before.status, one.status)


def _row(question: "Question", told: _Told) -> list[Any]:
    one = told.vintage
    values = {"question": question.id, "label": name_of(question, one.cell), "why": told.why} | told.plain()
    times = {
        name: values[name].isoformat() if values[name] else None for name in ("known_from", "known_to", "as_known_at")
    }
    return [(values | times)[name] for name in COLUMNS]


def _text(question: "Question", found: Sequence[_Told], left: int) -> None:
    """The totals, the cells that have changed, and what is held; other cells are only counted (`left` and here)."""
    cells: dict[tuple[str, str, str], list[_Told]] = {}
    for one in found:
        cells.setdefault((one.vintage.unit, one.vintage.period, one.vintage.cell), []).append(one)
    for (unit, period, cell), told in cells.items():
        if len(told) == 1 and cell != "{}" and not told[0].held:
            left += 1
            continue
        named = f"{period}, {name_of(question, cell)}" if cell != "{}" else period
        show.write(f"{named} ({show.plural(unit, None)})")
        for one in told:
            show.write("  [held]: its vintages are not shown while it is held" if one.held else _line(one))
    if left:
        cells_have = "cell has" if left == 1 else "cells have"
        show.write(f"{left:,} {cells_have} one vintage only, not shown here; --csv and --json hold every cell.")
    legend(one.vintage.marks for one in found if one.vintage.value is not None and not one.held)


def _line(told: _Told) -> str:
    one = told.vintage
    marks = f" [{one.marks}]" if one.marks and one.value is not None else ""
    until = f" to {in_words(one.known_to)}" if one.known_to else ""
    figure = show.number(one.value, one.status) + marks
    return f"  {figure:>8}  from {in_words(one.known_from)}{until}, run {one.run_id}: {told.why}"
