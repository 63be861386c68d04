"""What `courtstats figures` prints: the figures that stand, or stood, with their marks."""

import json
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import labels, show
from pipelines.asked_of_warehouse import none_found, question_of
from pipelines.exporting import export
from pipelines.times import in_words, london_day
from pipelines.withheld import held_now, hide_held, without_traces
from transform.contract import COUNTED, MARKS, NO_DATA, TransformError
from transform.periods import day_in_words

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from load.connecting import Warehouse
    from load.contract import StoredFigure
    from pipelines.settings import Settings
    from transform.definition import Question


def figures(
    settings: "Settings",
    question: str,
    period: str | None,
    *,
    as_stored_at: datetime | None = None,
    csv: Path | None = None,
    as_json: bool = False,
) -> None:
    """The current figures of a question, or those of an earlier time, as the warehouse holds them."""
    from load.contract import StoredFigure
    from load.reading import current_figures

    known = question_of(settings, question)
    is_held = held_now(known, datetime.now(UTC))
    at = as_stored_at.isoformat() if as_stored_at else None
    with there(settings) as warehouse:
        stand = current_figures(warehouse, known.id, period, as_stored_at=as_stored_at) if warehouse else []
        found = [hide_held(one, is_held) for one in stand]
        if csv:
            heads = [field.name for field in fields(StoredFigure)]
            rows = [[*_plain(one).values(), name_of(known, one.cell)] for one in found]
            said = {"period": period, "as_stored_at": at}
            export(warehouse, csv, [*heads, "label"], rows, command="figures", question=known.id, about=said)
        elif not as_json and not found:
            show.write(none_found(warehouse, known.id, period=period, at=as_stored_at))
    if as_json:
        listed = [_plain(one) | {"cell": json.loads(one.cell)} for one in found]
        more = {"as_stored_at": at} if at else {}
        show.write(show.to_json({"schema": "courtstats/figures@1", "question": known.id, **more, "figures": listed}))
    elif not csv and found:
        _text(found)


def there(settings: "Settings") -> "AbstractContextManager[Warehouse | None]":
    """The warehouse, or none where there is none yet: looking makes none."""
    from pipelines import recording

    return recording.opened(settings) if recording.there_is_one(settings) else nullcontext()


def check_unit(question: "Question", unit: str | None) -> None:
    """For where nothing was found: raises `TransformError` for a unit that the question does not have either."""
    if unit is not None and unit not in question.units:
        remedy = f"Its units are: {', '.join(question.units)}"
        raise TransformError(f"{question.id} has no unit {unit!r}", remedy=remedy)


def name_of(question: "Question", cell: str) -> str:
    """A cell in words: `police force 42 Essex`; nothing for the total."""
    named = json.loads(cell).items()
    return ", ".join(f"{labels.heading(question, name)} {labels.category(name, code)}" for name, code in named)


def legend(marks: Iterable[str]) -> None:
    """Say what marks mean, if there are any."""
    if found := sorted(set("".join(marks))):
        show.write("  " + ", ".join(f"[{mark}] {MARKS[mark]}" for mark in found))


def _text(found: "list[StoredFigure]") -> None:
    revised = any("r" in one.marks for one in found)
    lines = [
        (
            one.period + "".join(f"  {name}={value}" for name, value in json.loads(one.cell).items()),
            show.number(one.value, one.status) + (f" [{_marks(one)}]" if _marks(one) else ""),
            *((_published(one),) if revised else ()),
            show.plural(one.unit, one.value),
            f"run {one.run_id}",
            in_words(one.as_known_at),
        )
        for one in found
    ]
    last = ("last published",) if revised else ()
    show.table(["period and cell", "figure", *last, "unit", "from", "as known at"], lines)
    legend(_marks(one) for one in found)


def _marks(one: "StoredFigure") -> str:
    """Of a figure without a value only that it had another one when it was given out."""
    return one.marks if one.value is not None else "".join(mark for mark in one.marks if mark == "r")


def _published(one: "StoredFigure") -> str:
    if "r" not in one.marks or one.published_at is None:
        return ""
    status = NO_DATA if one.published_value is None else COUNTED  # what is held cannot be published
    return f"{show.number(one.published_value, status)} on {day_in_words(london_day(one.published_at))}"


def _plain(one: "StoredFigure") -> dict[str, Any]:
    return without_traces(asdict(one))
