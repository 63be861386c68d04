"""Answers for people and machines: the terminal, JSON and CSV."""

import json
import re
import sys
import textwrap
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from extract.contract import StageError
from pipelines.times import in_words
from transform.contract import MARKS, Answer, Figure

if TYPE_CHECKING:
    from rich.console import Console

    from transform.definition import Question


class OutputError(StageError):
    """A file that was asked for cannot be written."""

    exit_code = 2


CSV_COLUMNS = (
    "record", "question", "unit", "period", "cell", "name", "value", "rows", "status", "text",
    "marks", "notes", "label",
)  # fmt: skip


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


def shown(figure: Figure) -> str:
    """A figure with its marks, or why there is none."""
    marks = f" [{figure.marks}]" if figure.marks and figure.value is not None else ""
    return number(figure.value, figure.status) + marks


def answer_text(answer: Answer, question: "Question", beside: Sequence[Answer] = ()) -> None:
    """Print an answer: the number, its cells, how it was reached, what it rests on, its notes.

    `beside` are the answers to the same period in other units: a column more in every table.
    """
    from pipelines import labels

    out = console()
    answers = [answer, *beside]
    units = [plural(a.unit, None) for a in answers]
    out.print(f"\n{answer.title}", style="bold", markup=False)
    out.print(
        f"{days(answer.first, answer.last)}, by hearing date, counted in {' and in '.join(units)}, "
        f"as known at {in_words(answer.as_known_at)}\n"
    )
    for one in answers:
        out.print(f"  {shown(one.figures[0])} {plural(one.unit, one.value)}", style="bold", markup=False)
    out.print()
    for combination in answer.by:
        cells = [[f for f in a.figures if tuple(n for n, _ in f.cell) == tuple(combination)] for a in answers]
        heads = " and ".join(labels.heading(question, name) for name in combination)
        lines = [
            (", ".join(labels.category(n, v) for n, v in row[0].cell), *map(shown, row))
            for row in zip(*cells, strict=True)
        ]
        table([heads, *units], lines)
    if answer.attrition:
        out.print("How it was reached", style="bold")
        steps = list(zip(*(a.attrition for a in answers), strict=True))
        # The last step is named after the unit; beside other units it is called by what it does.
        names = [row[0].step for row in steps[:-1]] + [
            steps[-1][0].step if not beside else "One per unit in the period"
        ]
        rows = [
            (name, f"{row[0].rows:,}", *(f"{s.units:,}" for s in row)) for name, row in zip(names, steps, strict=True)
        ]
        table(["step", "results left", *(f"{unit} left" for unit in units)], rows)
    if answer.evidence:
        out.print("What it rests on", style="bold")
        kinds = {e.name: e.label for a in answers for e in a.evidence}
        counted = [{e.name: e.units for e in a.evidence} for a in answers]
        lines = [(label, *(f"{of.get(name, 0):,}" for of in counted)) for name, label in kinds.items()]
        if answer.weak_units is not None:
            weak = "of all these: on a case key that is only a message's own (dummy references)"
            lines.append((weak, *(f"{a.weak_units or 0:,}" for a in answers)))
        table(["kind of result", *units], lines)
    notes(dict.fromkeys(note for a in answers for note in a.notes))
    marks(answers)


def notes(texts: Iterable[str], title: str = "Notes") -> None:
    """Print numbered notes, wrapped under their numbers."""
    out = console()
    out.print(title, style="bold")
    for position, note in enumerate(texts, 1):
        head = f"  {position}. "
        text = textwrap.fill(note, out.width - 1, initial_indent=head, subsequent_indent=" " * len(head))
        out.print(text, markup=False)


def marks(answers: Iterable[Answer]) -> None:
    """Print what the marks beside the figures mean, if there are any."""
    found = sorted({mark for a in answers for f in a.figures for mark in f.marks})
    if found:
        console().print("  " + ", ".join(f"[{mark}] {MARKS[mark]}" for mark in found), markup=False)


_NUMBER = re.compile(r"[\d,]*(?: ?\[[^\]]*\])?")
"""What stands in a column of numbers: a number with its marks, or the reason why there is none."""


def table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Print a table; columns of numbers are set to the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=True, show_edge=False)
    lines = list(lines)
    for position, head in enumerate(heads):
        numbers = position > 0 and all(_NUMBER.fullmatch(line[position]) for line in lines)
        grid.add_column(Text(head), justify="right" if numbers else "left", overflow="fold")
    for line in lines:
        grid.add_row(*(Text(part) for part in line))
    out = console()
    out.print(grid)
    out.print()


def write(text: str) -> None:
    """Print to standard output, where answers go and nothing else."""
    try:
        sys.stdout.write(text.rstrip("\n") + "\n")
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise OutputError(f"cannot be written ({fault.strerror})", where="standard output") from None


def to_json(value: object) -> str:
    """JSON for machines: readable, dates in ISO 8601."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=lambda v: v.isoformat())


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
