"""What `courtstats revisions` prints: a sentence for each cell and vintage, and one for what was last published."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import show
from pipelines.asked_of_warehouse import none_found, question_of
from pipelines.exporting import export
from pipelines.figures_shown import check_unit, name_of, there
from pipelines.revision_words import published_sentence, revision_sentence
from pipelines.times import start_of_day
from pipelines.withheld import any_held, held_now
from transform.periods import day_in_words, parse_period

if TYPE_CHECKING:
    from load.revisions import Revision, SincePublished
    from pipelines.settings import Settings
    from transform.definition import Question

REVISIONS_SCHEMA = "courtstats/revisions@1"
NOT_SHOWN = "What is held is not shown, nor whether it was revised."
COLUMNS = (
    "question", "unit", "period", "cell", "label", "vintage", "known_from", "run_id",
    "before", "before_status", "after", "after_status", "cause", "units", "says", "batch", "landed_at", "source_name",
)  # fmt: skip


def revisions(
    settings: "Settings",
    question: str,
    period: str | None,
    *,
    since: date | None = None,
    unit: str | None = None,
    cells: bool = False,
    csv: Path | None = None,
    as_json: bool = False,
) -> None:
    """Why the totals (with `cells` every figure) differ from the vintage before and from what was last published.

    `since` is the first day (of London) of the revisions shown. What is held now is left out: not even whether it was
    revised is told.
    """
    from load.revisions import revised

    known, now = question_of(settings, question), datetime.now(UTC)
    is_held, left_out = held_now(known, now), any_held(known, now, period)
    start = start_of_day(since) if since else None
    found: list[Revision] = []
    published: list[SincePublished] = []
    none = ""
    with there(settings) as warehouse:
        if warehouse:
            read = revised(warehouse, known.id, period=period, unit=unit, since=start, cells=cells)
            found = [one for one in read.revisions if not is_held(one.period, one.cell)]
            published = [one for one in read.since_published if not is_held(one.period, one.cell)]
            published.sort(key=lambda one: _days(one.period))
        if not found:
            check_unit(known, unit)
        if not warehouse or not (read.revisions or read.any_figures):
            none = none_found(warehouse, known.id, period=period)
        if csv:
            rows = (row for one in found for row in _rows(known, one))
            said = {"period": period, "unit": unit, "since": str(since) if since else None}
            export(warehouse, csv, COLUMNS, rows, command="revisions", question=known.id, about=said)
            if left_out:
                sys.stderr.write(f"{NOT_SHOWN}\n")
    if as_json:
        listed = [_plain(known, one) for one in found]
        given = [_since(known, one) for one in published]
        told = {"held_left_out": left_out, "revisions": listed, "since_published": given}
        show.write(show.to_json({"schema": REVISIONS_SCHEMA, "question": known.id} | told))
    elif not csv and none:
        show.write(none)
    elif not csv:
        _text(known, found, published, period, since, left_out)


def _days(period: str) -> tuple[date, date]:
    days = parse_period(period)
    return days.first, days.last


def _text(
    question: "Question",
    found: "Sequence[Revision]",
    published: "Sequence[SincePublished]",
    period: str | None,
    since: date | None,
    left_out: bool,
) -> None:
    if left_out:
        show.write(NOT_SHOWN)
    if not found:
        of = f" for {period}" if period else ""
        after = f" since {day_in_words(since)}" if since else ""
        show.write(f"No {'other ' if left_out else ''}figure of {question.id}{of} was revised{after}.")
    for unit in dict.fromkeys(one.unit for one in found):
        show.write(f"Revisions, counted in {show.plural(unit, None)}")
        for one in found:
            if one.unit == unit:
                show.write(f"  {revision_sentence(_name(question, one), one)}")
    for unit in dict.fromkeys(one.unit for one in published):
        show.write(f"Since last published, counted in {show.plural(unit, None)}")
        for given in published:
            if given.unit == unit:
                show.write(f"  {published_sentence(_name(question, given), given)}")


def _name(question: "Question", one: "Revision | SincePublished") -> str:
    return one.period if one.cell == "{}" else f"{one.period}, {name_of(question, one.cell)}"


def _plain(question: "Question", one: "Revision") -> dict[str, Any]:
    return asdict(one) | {"cell": json.loads(one.cell), "sentence": revision_sentence(_name(question, one), one)}


def _since(question: "Question", one: "SincePublished") -> dict[str, Any]:
    return asdict(one) | {"cell": json.loads(one.cell), "sentence": published_sentence(_name(question, one), one)}


def _rows(question: "Question", one: "Revision") -> Iterator[list[Any]]:
    """A line for each part."""
    values = asdict(one) | {"question": question.id, "label": name_of(question, one.cell)}
    values["known_from"] = one.known_from.isoformat()
    for part in values.pop("parts"):
        landed = part["landed_at"]
        of_part = part | {"landed_at": landed.isoformat() if landed else None}
        yield [(values | of_part).get(name) for name in COLUMNS]
