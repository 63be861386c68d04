"""What counting promises to every later stage: the answer to a question, and the ways counting can fail.

A value that is missing or hidden is `None` with a status that says why, never 0, -1 or a blank.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from extract.contract import StageError

ANSWER_SCHEMA = "courtstats/answer@1"

COUNTED = "counted"
NO_DATA = "no data"
HELD = "held"
STATUSES: dict[str, str] = {
    COUNTED: "Counted from landed statements",
    NO_DATA: "No statement was ever landed for these dates, so there is no figure (not even zero)",
    HELD: "Withheld until a stated time, on a stated basis",
}
"""Every status of a figure, with its sentence. Only `counted` has a value."""


CAUSES: dict[str, str] = {
    "quarantine released": "What was held in quarantine was read or let go",
    "source change": "Another source speaks for the court and day, or the rules say otherwise which goes before which",
    "duplicate resolved": "What counted as several units is known as one",
    "removed result": "A result was taken back",
    "amended result": "A result was changed",
    "late result": "A result of a hearing came that nothing had been known of",
    "code-list change": "A list of offence or result codes was changed",
    "definition change": "The definition of the question was changed",
    "program change": "The program, or the standing data that comes with it, counts the same records otherwise",
    "not recounted": "The vintage before could not be counted again, so its difference is not split",
}
"""Why a figure differs from the vintage before, with a sentence each (docs/method.md says how it is found)."""


MARKS: dict[str, str] = {
    "b": "break in the series",
    "p": "provisional",
    "r": "revised since it was last published",
}
"""What may stand beside a figure, as statistics mark them."""


class TransformError(StageError):
    """A question, code list or period that cannot be used."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: the period's canonical label, the cell as ((breakdown, category), ...), value and status.

    The total of the period has the cell `()`. `value` is `None` unless `status` is `counted`. `marks` are
    letters of `MARKS`; `notes` are the places (from 1) of those notes of the answer that go with some figures
    only, this one among them.
    """

    period: str
    cell: tuple[tuple[str, str], ...]
    value: int | None
    status: str
    marks: str = ""
    notes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AttritionStep:
    """What was left after one step: rows of results, and distinct units (cases or defendants)."""

    step: str
    rows: int
    units: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many of the counted units rest on one kind of result; the kinds add up to the value."""

    name: str
    label: str
    units: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question for one period in one unit, with how it was reached.

    `first` and `last` are both inside the period; `period` is its canonical label (`2020Q1`).
    `figures` starts with the total (cell `()`). `attrition` and `evidence` are empty and `weak_units`
    and `incomplete_statements` are `None` where the answer has no value.
    """

    question: str
    title: str
    unit: str
    first: date
    last: date
    period: str
    by: tuple[tuple[str, ...], ...]
    as_known_at: datetime
    newest_batch: int
    data_from: date | None
    data_to: date | None
    value: int | None
    status: str
    figures: tuple[Figure, ...]
    attrition: tuple[AttritionStep, ...]
    evidence: tuple[Evidence, ...]
    weak_units: int | None
    incomplete_statements: int | None
    notes: tuple[str, ...]


def answer_json(answer: Answer) -> dict[str, Any]:
    """The answer as plain JSON values (`courtstats/answer@1`); dates and times in ISO 8601."""
    return {
        "schema": ANSWER_SCHEMA,
        "question": answer.question,
        "unit": answer.unit,
        "from": answer.first.isoformat(),
        "to": answer.last.isoformat(),
        "period": answer.period,
        "as_known_at": answer.as_known_at.isoformat(),
        "data_from": answer.data_from.isoformat() if answer.data_from else None,
        "data_to": answer.data_to.isoformat() if answer.data_to else None,
        "value": answer.value,
        "status": answer.status,
        "figures": [
            {
                "period": f.period,
                "cell": dict(f.cell),
                "value": f.value,
                "status": f.status,
                "marks": f.marks,
                "notes": list(f.notes),
            }
            for f in answer.figures
        ],
        "attrition": [{"step": s.step, "rows": s.rows, "units": s.units} for s in answer.attrition],
        "evidence": {
            "by": [{"name": e.name, "label": e.label, "units": e.units} for e in answer.evidence],
            "weak_keys": answer.weak_units,
            "incomplete_statements": answer.incomplete_statements,
        },
        "notes": list(answer.notes),
    }
