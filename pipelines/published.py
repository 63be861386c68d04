"""Questions that a published table answers: its figures, with the same count from hearing records beside them.

The published figure is the answer (the letter, question 1: exempt from disclosure because it is published). The
count from records is a cross-check: it shows the gap and why there is one, and is not meant to be equal.
"""

import csv as csv_files
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extract.contract import ExtractError
from extract.kept import kept_from
from pipelines import runs, show
from pipelines.settings import Settings
from pipelines.times import in_words
from transform.contract import HELD, NO_DATA, Answer, TransformError
from transform.definition import Question
from transform.holds import holds_in_force
from transform.periods import Period, series

if TYPE_CHECKING:
    from transform.published import PublishedReading, PublishedYear

NOT_IN_TABLE = "not in the table"
REMOVED = "records removed"
"""The year begins before the month from which records are kept, so it cannot be counted (extract/retention.py)."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One calendar year: what is published and what the records give; `None` where there is no figure."""

    year: int
    published: int | None
    status: str
    why: str
    records: int | None
    records_status: str
    notes: tuple[str, ...] = ()

    @property
    def gap(self) -> int | None:
        """Records less published, where both are there."""
        both = self.published is not None and self.records is not None
        return (self.records or 0) - (self.published or 0) if both else None


def count(
    settings: Settings,
    question: Question,
    periods: Sequence[Period],
    table: Path | None,
    as_known_at: datetime | None,
    *,
    csv: Path | None,
    as_json: bool,
) -> None:
    """Show what a published table answers, year by year, beside the same count from records.

    Raises `TransformError`: the question is answered by no published table, no table was given, or a period that
    is not made of calendar years; what the table lacks comes as an `ExceptionGroup`.
    """
    published = question.published
    if published is None:
        raise TransformError(
            "is counted from hearing records, not from a published table", where=question.id, remedy="Leave out --table"
        )
    if table is None:
        raise TransformError(
            f"is answered by a published table: {published.name}",
            where=question.id,
            remedy=f"Get it from {published.source} and give its file: --table FILE",
        )
    from transform.published import read_published

    years = _years(question, periods)
    reading = read_published(table, published)
    kept = kept_from(settings.store)
    answers = _from_records(settings, question, [y for y in years if not kept or y.first >= kept], as_known_at)
    now = datetime.now(UTC)
    held = [year for year in years if holds_in_force(question, year, now)]
    absent = {year: REMOVED if kept and year.first < kept else NO_DATA for year in years}
    compared = [_compared(question, y, reading, answers.get(y), y in held, absent[y]) for y in years]
    if any(holds_in_force(question, Period(date(y.year, 1, 1), date(y.year, 12, 31)), now) for y in reading.years):
        reading = replace(reading, steps=())  # sums over all years would tell what is held
    if csv:
        show.write_text(csv, _csv(question, reading, compared))
    if as_json:
        show.write(show.to_json(_json(question, reading, compared, next(iter(answers.values()), None))))
    elif not csv:
        _text(question, reading, compared, next(iter(answers.values()), None))


def _years(question: Question, periods: Sequence[Period]) -> dict[Period, int]:
    """The calendar years that the periods are made of."""
    years: dict[Period, int] = {}
    for period in periods:
        try:
            years |= {year: year.first.year for year in series("year", period.first, period.last)}
        except TransformError as fault:
            raise TransformError(
                f"the published table counts calendar years; {fault.what}", where=question.id, remedy=fault.remedy
            ) from None
    return years


def _from_records(
    settings: Settings, question: Question, years: Sequence[Period], as_known_at: datetime | None
) -> dict[Period, Answer]:
    """The same count from hearing records; nothing where none was landed."""
    if not years:
        return {}
    try:
        orders = runs.prepare_all(settings, question, years, [], as_known_at, datetime.now(UTC), units=[question.unit])
    except ExtractError:
        return {}
    return {order.period: answer for order, answer in zip(orders, runs.count_all(settings, orders), strict=True)}


def _compared(
    question: Question, year: Period, reading: "PublishedReading", answer: Answer | None, held: bool, absent: str
) -> Compared:
    found: PublishedYear | None = next((y for y in reading.years if y.year == year.first.year), None)
    own = {note.text for note in question.notes if not note.bound}
    return Compared(
        year=year.first.year,
        published=found.value if found and not held else None,
        status=HELD if held else found.status if found else NOT_IN_TABLE,
        why=found.why if found else "",
        records=answer.value if answer else None,
        records_status=HELD if held else answer.status if answer else absent,
        notes=tuple(note for note in answer.notes if note not in own) if answer else (),
    )


def _reasons(question: Question) -> list[str]:
    assert question.published is not None
    return [f"The table: {question.published.basis}.", *(note.text for note in question.notes if not note.bound)]


def _text(question: Question, reading: "PublishedReading", compared: Sequence[Compared], known: Answer | None) -> None:
    out = show.console()
    assert question.published is not None
    unit = show.plural(question.unit, None)
    out.print(f"\n{question.title}", style="bold", markup=False)
    seen = f"as known at {in_words(known.as_known_at)}" if known else "of which none was landed"
    out.print(f"Published: {question.published.counts}, by calendar year.", markup=False)
    out.print(f"Beside it the same from hearing records, counted in {unit}, {seen}.\n", markup=False)
    lines = [
        (
            str(one.year),
            show.number(one.published, one.status),
            show.number(one.records, one.records_status),
            f"{one.gap:+,}" if one.gap is not None else "",
        )
        for one in compared
    ]
    show.table(["year", "published", f"from records ({unit})", "gap"], lines)
    for one in compared:
        if one.published is None and one.why:
            out.print(f"  {one.year}: {one.why}", markup=False)
    if reading.steps:
        out.print("How the published figure was read", style="bold")
        steps = [(s.name, f"{s.rows:,}", f"{s.total:,}") for s in reading.steps]
        show.table(["step", "rows left", "sum of their numbers"], steps)
    of_years = [f"{one.year}, from records: {note}" for one in compared for note in one.notes]
    reasons = [reading.source, *_reasons(question), *of_years, *(str(fault) for fault in reading.faults)]
    show.notes(reasons, "Why the two differ, and what to say with them")


def _json(
    question: Question, reading: "PublishedReading", compared: Sequence[Compared], known: Answer | None
) -> dict[str, Any]:
    return {
        "schema": "courtstats/published@1",
        "question": question.id,
        "counts": question.published.counts if question.published else None,
        "records_unit": question.unit,
        "records_as_known_at": known.as_known_at.isoformat() if known else None,
        "years": [
            {
                "year": one.year,
                "published": {"value": one.published, "status": one.status, "why": one.why},
                "records": {"value": one.records, "status": one.records_status, "notes": list(one.notes)},
                "gap": one.gap,
            }
            for one in compared
        ],
        "steps": [{"name": s.name, "rows": s.rows, "total": s.total, "not_given": s.not_given} for s in reading.steps],
        "source": reading.source,
        "notes": _reasons(question),
        "faults": [str(fault) for fault in reading.faults],
    }


def _csv(question: Question, reading: "PublishedReading", compared: Sequence[Compared]) -> str:
    text = io.StringIO()
    sheet = csv_files.writer(text, lineterminator="\n")
    sheet.writerow(["record", "question", "year", "published", "status", "records", "records_status", "gap", "text"])
    for one in compared:
        sheet.writerow(
            [
                "figure",
                question.id,
                one.year,
                one.published,
                one.status,
                one.records,
                one.records_status,
                one.gap,
                one.why,
            ]
        )
    of_years = [f"{one.year}, from records: {note}" for one in compared for note in one.notes]
    for reason in [*_reasons(question), *of_years, reading.source]:
        sheet.writerow(["note", question.id, *[None] * 6, reason])
    return text.getvalue()
