"""Answers for people and machines: the terminal, JSON and CSV."""

import csv
import io
import json
import sys
import textwrap
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from extract.contract import StageError
from pipelines.times import in_words
from transform.contract import Answer, Figure

if TYPE_CHECKING:
    from rich.console import Console


class OutputError(StageError):
    """A file that was asked for cannot be written."""

    exit_code = 2


CSV_COLUMNS = ("record", "question", "unit", "period", "cell", "name", "value", "rows", "status", "text")


def console() -> "Console":
    """The terminal, or plain text 110 characters wide where there is none."""
    from rich.console import Console

    wide = Console(highlight=False, soft_wrap=False)
    return wide if wide.is_terminal else Console(highlight=False, width=110, no_color=True)


def days(first: date, last: date) -> str:
    """`1 January to 31 March 2020`; the year is said twice only where it changes."""
    start = f"{first:%-d %B}" if first.year == last.year else f"{first:%-d %B %Y}"
    return f"{first:%-d %B %Y}" if first == last else f"{start} to {last:%-d %B %Y}"


def number(value: int | None, status: str) -> str:
    """A value with thousands marked, or why there is none."""
    return f"{value:,}" if value is not None else f"[{status}]"


def plural(unit: str, value: int | None) -> str:
    """The unit after a number."""
    return unit if value == 1 else unit + "s"


def answer_text(answer: Answer) -> None:
    """Print an answer: the number, its cells, how it was reached, what it rests on, its notes."""
    out = console()
    out.print(f"\n{answer.title}", style="bold", markup=False)
    out.print(
        f"{days(answer.first, answer.last)}, by hearing date, counted in {plural(answer.unit, None)}, "
        f"as known at {in_words(answer.as_known_at)}\n"
    )
    out.print(
        f"  {number(answer.value, answer.status)} {plural(answer.unit, answer.value)}\n", style="bold", markup=False
    )
    for combination in answer.by:
        cells = [f for f in answer.figures if tuple(n for n, _ in f.cell) == tuple(combination)]
        table([" and ".join(combination).replace("_", " "), plural(answer.unit, None)], [_cell_line(f) for f in cells])
    if answer.attrition:
        out.print("How it was reached", style="bold")
        steps = [(s.step, f"{s.rows:,}", f"{s.units:,}") for s in answer.attrition]
        table(["step", "results left", f"{plural(answer.unit, None)} left"], steps)
    if answer.evidence:
        out.print("What it rests on", style="bold")
        lines = [(e.label, f"{e.units:,}") for e in answer.evidence]
        if answer.weak_units is not None:
            lines.append(
                (
                    "of all these: on a case key that is only a message's own (dummy references)",
                    f"{answer.weak_units:,}",
                )
            )
        table(["kind of result", plural(answer.unit, None)], lines)
    out.print("Notes", style="bold")
    for position, note in enumerate(answer.notes, 1):
        head = f"  {position}. "
        text = textwrap.fill(note, out.width - 1, initial_indent=head, subsequent_indent=" " * len(head))
        out.print(text, markup=False)


def _cell_line(figure: Figure) -> tuple[str, str]:
    return ", ".join(v for _, v in figure.cell), number(figure.value, figure.status)


def table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Print a table; columns of numbers are set to the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=True, show_edge=False)
    shown = list(lines)
    for position, head in enumerate(heads):
        numbers = all(line[position].replace(",", "").isdigit() or line[position][:1] == "[" for line in shown)
        grid.add_column(Text(head), justify="right" if numbers else "left", overflow="fold")
    for line in shown:
        grid.add_row(*(Text(part) for part in line))
    out = console()
    out.print(grid)
    out.print()


def write(text: str) -> None:
    """Print to standard output, where answers go and nothing else."""
    sys.stdout.write(text.rstrip("\n") + "\n")


def to_json(value: object) -> str:
    """JSON for machines: readable, dates in ISO 8601."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=lambda v: v.isoformat())


def answer_csv(answer: Answer) -> str:
    """One table that carries everything: a line per figure, step, kind of evidence and note.

    `record` says which of these a line is; columns that do not apply are empty.
    """
    text = io.StringIO()
    sheet = csv.DictWriter(text, CSV_COLUMNS, lineterminator="\n")
    sheet.writeheader()
    fixed = {"question": answer.question, "unit": answer.unit, "period": answer.period}
    for figure in answer.figures:
        cell = json.dumps(dict(figure.cell), sort_keys=True)
        sheet.writerow(fixed | {"record": "figure", "cell": cell, "value": figure.value, "status": figure.status})
    for step in answer.attrition:
        sheet.writerow(fixed | {"record": "attrition", "name": step.step, "value": step.units, "rows": step.rows})
    for kind in answer.evidence:
        sheet.writerow(fixed | {"record": "evidence", "name": kind.name, "value": kind.units, "text": kind.label})
    for name in ("weak_units", "incomplete_statements"):
        sheet.writerow(fixed | {"record": "evidence", "name": name, "value": getattr(answer, name)})
    for name in ("first", "last", "as_known_at", "data_from", "data_to"):
        moment = getattr(answer, name)
        sheet.writerow(fixed | {"record": "fact", "name": name, "text": moment.isoformat() if moment else None})
    for position, note in enumerate(answer.notes, 1):
        sheet.writerow(fixed | {"record": "note", "name": str(position), "text": note})
    return text.getvalue()


def write_text(target: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(target)
    except OSError as fault:
        unfinished.unlink(missing_ok=True)
        raise OutputError(
            f"cannot be written ({fault.strerror})", where=str(target), remedy="Name another file"
        ) from None
