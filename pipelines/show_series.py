"""Several answers side by side: the periods of a series, the units of a question."""

import csv
import io
import json
from collections.abc import Sequence

from pipelines import labels, show
from pipelines.times import in_words
from transform.breakdowns import TIME_BREAKDOWNS
from transform.contract import Answer, Figure, answer_json
from transform.definition import Question

MOST_COLUMNS, MOST_PERIODS = 8, 6
ANSWERS_SCHEMA = "courtstats/answers@1"


def answers_json(question: Question, answers: Sequence[Answer]) -> dict[str, object]:
    """Several answers as plain JSON values (`courtstats/answers@1`), each as `courtstats/answer@1`."""
    return {"schema": ANSWERS_SCHEMA, "question": question.id, "answers": [answer_json(a) for a in answers]}


def answers_csv(answers: Sequence[Answer]) -> str:
    """One table that carries everything: a line per figure, step, kind of evidence and note.

    `record` says which of these a line is; columns that do not apply are empty. `notes` of a figure are the
    places of the notes that go with it and not with all; `label` names its categories where they are codes.
    """
    text = io.StringIO()
    sheet = csv.DictWriter(text, show.CSV_COLUMNS, lineterminator="\n")
    sheet.writeheader()
    for answer in answers:
        fixed = {"question": answer.question, "unit": answer.unit, "period": answer.period}
        for figure in answer.figures:
            sheet.writerow(
                fixed
                | {
                    "record": "figure",
                    "cell": json.dumps(dict(figure.cell), sort_keys=True),
                    "value": figure.value,
                    "status": figure.status,
                    "marks": figure.marks,
                    "notes": " ".join(map(str, figure.notes)),
                    "label": ", ".join(labels.category(name, value) for name, value in figure.cell),
                }
            )
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


def answers_text(question: Question, answers: Sequence[Answer]) -> None:
    """Print answers: one alone in full, several as tables of periods by units and by categories."""
    units = list(dict.fromkeys(a.unit for a in answers))
    periods = list(dict.fromkeys(a.period for a in answers))
    if len(periods) == 1:
        show.answer_text(answers[0], question, answers[1:])
        return
    out = show.console()
    first, last = answers[0], answers[-1]
    out.print(f"\n{first.title}", style="bold", markup=False)
    said = ", ".join(show.plural(unit, None) for unit in units)
    out.print(
        f"{show.days(first.first, last.last)} in {len(periods)} periods, each answered on its own, by hearing date, "
        f"counted in {said}, as known at {in_words(first.as_known_at)}\n"
    )
    of = {(a.period, a.unit): a for a in answers}
    lines = [(p, *(show.shown(of[p, unit].figures[0]) for unit in units)) for p in periods]
    show.table(["period", *(show.plural(unit, None) for unit in units)], lines)
    for combination in first.by:
        if set(combination) & set(TIME_BREAKDOWNS) and len(combination) == 1:
            continue  # the periods of the series are the days already
        for unit in units:
            _by_period(question, [of[p, unit] for p in periods], combination, unit)
    _notes(answers)


def _by_period(question: Question, answers: Sequence[Answer], combination: tuple[str, ...], unit: str) -> None:
    """One breakdown of a series: a column for each category where there are few, else the cells that are not zero."""
    figures = {a.period: [f for f in a.figures if tuple(n for n, _ in f.cell) == combination] for a in answers}
    heads = " and ".join(labels.heading(question, name) for name in combination)
    categories = list(dict.fromkeys(_name(f) for cells in figures.values() for f in cells))
    out = show.console()
    out.print(f"By {heads}, {show.plural(unit, None)}", style="bold", markup=False)
    if len(categories) <= MOST_COLUMNS:
        lines = []
        for period, cells in figures.items():
            values = {_name(f): show.shown(f) for f in cells}
            lines.append((period, *(values.get(category, "") for category in categories)))
        show.table(["period", *categories], lines)
        return
    lines = [(p, _name(f), show.shown(f)) for p, cells in figures.items() for f in cells if f.value != 0]
    show.table(["period", heads, show.plural(unit, None)], lines)
    left = sum(len(cells) for cells in figures.values()) - len(lines)
    if left:
        out.print(f"{left:,} cells are zero and left out here; --csv and --json hold every cell.\n", markup=False)


def _name(figure: Figure) -> str:
    return ", ".join(labels.category(name, value) for name, value in figure.cell)


def _notes(answers: Sequence[Answer]) -> None:
    """The notes of all answers once each, with the periods where they are not those of every answer."""
    periods = list(dict.fromkeys(a.period for a in answers))
    said = []
    for note in dict.fromkeys(note for a in answers for note in a.notes):
        holding = list(dict.fromkeys(a.period for a in answers if note in a.notes))
        shown = ", ".join(holding[:MOST_PERIODS]) + (" ..." if len(holding) > MOST_PERIODS else "")
        said.append(f"{shown}: {note}" if len(holding) < len(periods) else note)
    show.notes(said)
    show.marks(answers)
