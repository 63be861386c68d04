"""From the rows of a statement to an answer: statuses, cells, marks and notes.

What is held is never read: days under a hold take no part in the statement, so that nothing about
them can be worked out from what is given. The days outside it are counted on their own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from transform.breakdowns import TIME_BREAKDOWNS
from transform.contract import COUNTED, HELD, NO_DATA, Answer, AttritionStep, Evidence, Figure, TransformError
from transform.definition import Hold, Note, Question
from transform.periods import Period, day_in_words, months, overlap, parse_period
from transform.question_meaning import RESERVED_EVIDENCE

Combination = tuple[str, ...]
LONDON = ZoneInfo("Europe/London")
SET_ASIDE = "Without sources that give way to another one for the court and day"
"""Step of the attrition that is there where it left something out."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was known for an answer, and which unit it is counted in."""

    unit: str
    newest_batch: int
    as_known_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One row of a counting statement (see `transform.counting.count_sql`)."""

    part: str
    period_no: int
    place: int | None
    cell: list[str] | None
    result_rows: int | None
    units: int
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class _Cells:
    """What decides the status of a cell: the period, the holds in force, the months with landed statements."""

    period: Period
    holds: Sequence[Hold]
    landed: frozenset[str]

    def figure(self, cell: tuple[tuple[str, str], ...], units: int) -> Figure:
        days = days_of(self.period, cell)
        status = COUNTED
        if any(overlap(hold.period, days) for hold in self.holds):
            status = HELD
        elif not any(month.label in self.landed for month in months(days)):
            status = NO_DATA
        return Figure(self.period.label, cell, units if status == COUNTED else None, status)


def days_of(period: Period, cell: Sequence[tuple[str, str]]) -> Period:
    """The days that a cell of a period speaks of."""
    days = period
    for name, category in cell:
        if name in TIME_BREAKDOWNS:
            days = overlap(days, parse_period(category)) or days
    return days


def requested(question: Question, by: Sequence[Sequence[str]] | None) -> tuple[Combination, ...]:
    """The combinations asked for, as the question declares them. Raises `TransformError` for one not allowed."""
    if by is None:
        return question.breakdowns.default
    allowed = {frozenset(combination): combination for combination in question.breakdowns.allowed}
    for combination in by:
        if frozenset(combination) not in allowed:
            known = "; ".join(",".join(c) for c in question.breakdowns.allowed) or "none"
            raise TransformError(
                f"{question.id} is not broken down by {','.join(combination)}", remedy=f"The breakdowns are: {known}"
            )
    return tuple(dict.fromkeys(allowed[frozenset(combination)] for combination in by))


def answer_of(
    question: Question,
    known: Known,
    period: Period,
    combinations: Sequence[Combination],
    holds: Sequence[Hold],
    parts: Sequence[Part],
) -> Answer:
    """The answer for one period from the rows of the question's statement that are about it."""
    by_part: dict[str, list[Part]] = {}
    for one in parts:
        by_part.setdefault(one.part, []).append(one)
    landed = {row.cell[0]: row for row in by_part.get("landed", []) if row.cell}
    cells = _Cells(period, holds, frozenset(landed))
    total = cells.figure((), _units(by_part, "value"))
    figures = [total]
    for combination in combinations:
        number = question.breakdowns.allowed.index(combination) + 1
        figures += [
            cells.figure(tuple(zip(combination, row.cell or (), strict=True)), row.units)
            for row in by_part.get(f"cells {number}", [])
        ]
    counted = total.status == COUNTED
    incomplete = _units(by_part, "incomplete")
    figures, notes = _annotated(question, known, period, figures)
    notes += _hold_notes(holds)
    if counted:
        missing = [m.label for m in months(period) if m.label not in landed]
        notes += _data_notes(known.unit, missing, incomplete)
        notes += _source_notes(known.unit, by_part)
    elif total.status == NO_DATA:
        notes.append("No hearing records were known for this period by then, so there is no figure.")
    return Answer(
        question=question.id,
        title=question.title,
        unit=known.unit,
        first=period.first,
        last=period.last,
        period=period.label,
        by=tuple(combinations),
        as_known_at=known.as_known_at,
        newest_batch=known.newest_batch,
        data_from=min((row.first_day for row in landed.values() if row.first_day), default=None),
        data_to=max((row.last_day for row in landed.values() if row.last_day), default=None),
        value=total.value,
        status=total.status,
        figures=tuple(figures),
        attrition=_attrition(question, known.unit, by_part) if counted else (),
        evidence=_evidence(question, by_part.get("evidence", [])) if counted else (),
        weak_units=_units(by_part, "weak") if counted else None,
        incomplete_statements=incomplete if counted else None,
        notes=tuple(notes),
    )


def _units(by_part: Mapping[str, list[Part]], part: str) -> int:
    """The units of a part that has at most one row for a period."""
    return by_part[part][0].units if part in by_part else 0


def _annotated(
    question: Question, known: Known, period: Period, figures: Sequence[Figure]
) -> tuple[list[Figure], list[str]]:
    """Figures with the notes and marks that go with each; the question's notes, those of some figures last."""
    always = [note.text for note in question.notes if not note.bound]
    found = [list(_notes_of(question, known, figure, days_of(period, figure.cell))) for figure in figures]
    bound = dict.fromkeys(text for notes in found for text, _ in notes)
    place = {text: len(always) + n for n, text in enumerate(bound, 1)}
    marked = [
        replace(
            figure,
            marks="".join(sorted({mark for _, mark in notes if mark})),
            notes=tuple(sorted({place[text] for text, _ in notes})),
        )
        for figure, notes in zip(figures, found, strict=True)
    ]
    return marked, [*always, *bound]


def _notes_of(question: Question, known: Known, figure: Figure, days: Period) -> Iterator[tuple[str, str]]:
    """(text, mark) of every note that goes with this figure only because of its days, cell or unit."""
    for note in question.notes:
        if note.bound and _applies(note, known.unit, figure, days):
            yield note.text, ""
    if question.in_force and days.first < question.in_force:
        begins = day_in_words(question.in_force)
        yield f"{question.act}: in force from {begins}. What is counted for earlier days is a fault in the records.", ""
    for one in question.breaks:
        if days.first <= one.at <= days.last:
            yield f"Break in the series at {day_in_words(one.at)}: {one.text}", "b"
    provisional = question.provisional
    if provisional and days.last + timedelta(days=provisional.days) >= known.as_known_at.astimezone(LONDON).date():
        yield provisional.text, "p"


def _applies(note: Note, unit: str, figure: Figure, days: Period) -> bool:
    return (
        (note.unit is None or note.unit == unit)
        and (note.period is None or overlap(note.period, days) is not None)
        and set(note.cell) <= set(figure.cell)
    )


def _attrition(question: Question, unit: str, by_part: Mapping[str, list[Part]]) -> tuple[AttritionStep, ...]:
    def step(name: str, row: Part | None) -> AttritionStep:
        return AttritionStep(name, row.result_rows or 0, row.units) if row else AttritionStep(name, 0, 0)

    value = _units(by_part, "value")
    steps = {row.place: row for row in by_part.get("step", [])}
    return (
        step("Results known for the period", by_part["known"][0]),
        step("Results of the statements that count", by_part["standing"][0]),
        *([step(SET_ASIDE, by_part["own"][0])] if _set_aside(by_part) else []),
        *(step(s.name, steps.get(number)) for number, s in enumerate(question.steps, 1)),
        AttritionStep(f"One per {unit} in the period", value, value),
    )


def _evidence(question: Question, rows: Sequence[Part]) -> tuple[Evidence, ...]:
    """Every declared kind with its units; what none of them covers only where there is any."""
    if not question.evidence:
        return ()
    units = {row.place: row.units for row in rows}
    kinds = [Evidence(k.name, k.label, units.get(n, 0)) for n, k in enumerate(question.evidence, 1)]
    if rest := units.get(len(question.evidence) + 1, 0):
        kinds.append(Evidence(RESERVED_EVIDENCE, "Rests on results of no declared kind", rest))
    return tuple(kinds)


def _hold_notes(holds: Sequence[Hold]) -> list[str]:
    return [
        f"Figures that touch {hold.period.label} are held until {hold.until.isoformat()}: {hold.basis}."
        for hold in holds
    ]


def _source_notes(unit: str, by_part: Mapping[str, list[Part]]) -> list[str]:
    """What several sources or court systems mean for the figure: what they share is counted once where that shows."""
    notes = []
    if aside := _set_aside(by_part):
        notes.append(
            f"{_many(aside, 'result')} of sources that give way {'was' if aside == 1 else 'were'} set aside, for every "
            "court and day of which a source that goes before them speaks."
        )
    sources = by_part.get("source", [])
    if len(sources) > 1:
        shares = ", ".join(f"{row.cell[0]} {row.units:,}" for row in sources if row.cell)
        notes.append(
            f"Counted from {len(sources)} sources ({shares} {unit}s): {_one(unit)} that several of them hold "
            "counts once only where they know it by the same reference."
        )
    systems = by_part["systems"][0] if "systems" in by_part else None
    if systems and (systems.place or 0) > 1:
        apart = systems.result_rows or 0
        notes.append(
            f"Counted from {systems.place} court systems: {_many(systems.units, unit)} known to several of them under "
            f"one URN counted once; {_many(apart, unit)} without a real URN would count again if another has it too."
        )
    return notes


def _set_aside(by_part: Mapping[str, list[Part]]) -> int:
    """Results that were set aside for those of a source that goes before theirs."""
    return (by_part["standing"][0].result_rows or 0) - (by_part["own"][0].result_rows or 0)


def with_quarantine(answer: Answer, of_days: int, of_unknown_day: int) -> Answer:
    """The answer with what is set aside in quarantine and could touch it: in its first step, and as a note.

    `of_days` are things dated within the period, `of_unknown_day` those whose day cannot be read.
    """
    things = of_days + of_unknown_day
    if not things:
        return answer
    said = f"{_many(things, 'delivery or row', 'deliveries or rows')} set aside in quarantine"
    note = (
        f"{said} could add to {'this figure' if answer.status == COUNTED else 'what is known of this period'}: "
        f"{of_days:,} dated within the period, {of_unknown_day:,} without a day that can be read."
    )
    steps = answer.attrition
    if steps:
        steps = (replace(steps[0], step=f"{steps[0].step} ({things:,} set aside in quarantine)"), *steps[1:])
    return replace(answer, attrition=steps, notes=(*answer.notes, note))


def _many(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def _data_notes(unit: str, missing: Sequence[str], incomplete: int) -> list[str]:
    notes = []
    if missing:
        notes.append(f"No hearing records were landed for {', '.join(missing)}: the figure covers the other months.")
    if incomplete:
        what = "1 statement is" if incomplete == 1 else f"{incomplete} statements are"
        notes.append(f"{what} incomplete: a part was set aside, so {_one(unit)} may be missing from the figure.")
    return notes


def _one(unit: str) -> str:
    return f"{'an' if unit[0] in 'ao' else 'a'} {unit}"
