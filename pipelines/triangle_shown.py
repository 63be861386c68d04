"""What `courtstats triangle` prints: cells by vintages, as a table that fits the terminal, as CSV and as JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import labels, show
from pipelines.asked_of_warehouse import none_found, question_of
from pipelines.exporting import export
from pipelines.figures_shown import check_unit, there
from pipelines.times import LONDON, TimeError
from pipelines.withheld import IsHeld, held_now
from transform.contract import HELD

if TYPE_CHECKING:
    from load.history import Shown, Triangle
    from pipelines.settings import Settings
    from transform.definition import Question

TRIANGLE_SCHEMA = "courtstats/triangle@1"


def triangle(
    settings: "Settings",
    question: str,
    *,
    unit: str | None = None,
    by: Sequence[str] = (),
    first: date | None = None,
    last: date | None = None,
    newest: int | None = None,
    csv: Path | None = None,
    as_json: bool = False,
) -> None:
    """Periods (with `by`: and cells) by the days on which the warehouse came to say something.

    `first` and `last` bound the periods, `newest` is how many of the latest vintages are wanted. What is held now is
    held in every column. Raises `TransformError` for a unit or breakdown that the question does not have, `TimeError`
    for bounds that are turned round.
    """
    from load.history import Triangle
    from load.history import triangle as read_triangle
    from transform.answers import requested

    if first is not None and last is not None and first > last:
        raise TimeError("the first period is after the last", where="--from", remedy="Turn --from and --to round")
    known = question_of(settings, question)
    unit = unit or known.unit
    is_held = held_now(known, datetime.now(UTC))
    found, none = Triangle((), (), []), ""
    with there(settings) as warehouse:
        if warehouse:
            read = read_triangle(warehouse, known.id, unit, zone=LONDON, breakdown=by, first=first, last=last)
            found = shown(read, is_held, newest)
        if not found.rows:
            check_unit(known, unit)
            requested(known, [by] if by else [])
            none = none_found(warehouse, known.id, unit=unit, within=_within(first, last), by=by)
        if csv:
            said = {"unit": unit, "by": ",".join(by) or None}
            export(warehouse, csv, *_sheet(found, by), command="triangle", question=known.id, about=said)
    if as_json:
        show.write(triangle_json(known.id, unit, by, found))
    elif not csv and not found.rows:
        show.write(none)
    elif not csv:
        show.write(triangle_text(known, unit, by, found, show.console().width))


def shown(found: "Triangle", is_held: IsHeld, newest: int | None = None) -> "Triangle":
    """As it may be shown now, with only so many of the latest vintages."""
    rows = [
        (period, first, last, cell, _held(values) if is_held(period, cell) else values)
        for period, first, last, cell, values in found.rows
    ]
    if newest is None or newest >= len(found.days):
        return replace(found, rows=rows)
    kept = [(period, first, last, cell, values[-newest:]) for period, first, last, cell, values in rows]
    return replace(found, days=found.days[-newest:], stored_at=found.stored_at[-newest:], rows=kept)


def _held(values: "Sequence[Shown]") -> "list[Shown]":
    """Also where there was no figure yet, or no such cell any more: that a held cell came or went is not told."""
    return [HELD for _ in values]


def _within(first: date | None, last: date | None) -> str:
    return f"{first or ''}..{last or ''}" if first or last else ""


def triangle_json(question: str, unit: str, by: Sequence[str], found: "Triangle") -> str:
    """A value for each vintage: a number, the status that says why there is none, or null where there was no figure.

    A row of the triangle is one line.
    """
    vintages = [
        {"day": day.isoformat(), "stored_at": moment.isoformat()}
        for day, moment in zip(found.days, found.stored_at, strict=True)
    ]
    head = {"schema": TRIANGLE_SCHEMA, "question": question, "unit": unit, "by": list(by), "vintages": vintages}
    rows = (
        json.dumps(
            {"period": period, "from": str(first), "to": str(last), "cell": json.loads(cell), "values": values},
            ensure_ascii=False,
        )
        for period, first, last, cell, values in found.rows
    )
    lines = ",\n    ".join(rows)
    body = f'"rows": [\n    {lines}\n  ]' if lines else '"rows": []'
    return show.to_json(head).removesuffix("\n}") + f",\n  {body}\n}}"


def _sheet(found: "Triangle", by: Sequence[str]) -> tuple[list[str], Iterator[list["str | Shown"]]]:
    """Wide: period, categories and their names, a column for each vintage; blank where there was no figure."""
    names = sorted(by)
    heads = ["period", *names, *(f"{name}_label" for name in names), *(day.isoformat() for day in found.days)]

    def rows() -> Iterator[list["str | Shown"]]:
        for period, _, _, cell, values in found.rows:
            codes = json.loads(cell)
            named = [labels.category(name, codes[name]) for name in names]
            yield [period, *(codes[name] for name in names), *named, *(_plain(value) for value in values)]

    return heads, rows()


def _plain(value: "Shown") -> "Shown":
    return f"[{value}]" if isinstance(value, str) else value


def triangle_text(question: "Question", unit: str, by: Sequence[str], found: "Triangle", width: int) -> str:
    """As many of the latest vintages as fit the width, at least one; the first line says how many are left out."""
    names = sorted(by)
    heads = ["period", *(labels.heading(question, name) for name in names)]
    left = []
    for period, _, _, cell, _ in found.rows:
        codes = json.loads(cell)
        left.append([period, *(labels.category(name, codes[name]) for name in names)])
    widths = [max(map(len, column)) for column in zip(heads, *left, strict=True)]
    room = width - sum(widths) - 2 * len(widths)
    columns: list[list[str]] = []
    for place in range(len(found.days) - 1, -1, -1):
        column = [found.days[place].isoformat(), *(_text(row[4][place]) for row in found.rows)]
        wide = max(map(len, column))
        if columns and room < wide + 2:
            break
        room -= wide + 2
        columns.insert(0, [text.rjust(wide) for text in column])
    lines = []
    for place, texts in enumerate([heads, *left]):
        start = [text.ljust(wide) for text, wide in zip(texts, widths, strict=True)]
        lines.append("  ".join([*start, *(column[place] for column in columns)]).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join([_heading(question, unit, len(found.days), len(columns)), "", *lines])


def _heading(question: "Question", unit: str, vintages: int, fitting: int) -> str:
    title = f"{question.title}: {show.plural(unit, None)} by period and by the day at whose end the warehouse said so"
    if fitting == vintages:
        return title
    left = vintages - fitting
    return f"{title}. {left:,} earlier vintage{'s' if left > 1 else ''} left out: --csv and --json hold all."


def _text(value: "Shown") -> str:
    if value is None:
        return ""
    return show.number(None, value) if isinstance(value, str) else show.number(value, "")
