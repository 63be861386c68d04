"""From the rows of a statement to an answer: statuses, cells, computed notes.

What is held is never read: days under a hold take no part in the statement, so that nothing about
them can be worked out from what is given. The days outside it are counted on their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from transform.contract import COUNTED, HELD, NO_DATA, Answer, AttritionStep, Evidence, Figure, TransformError
from transform.periods import Period, months, overlap, parse_period
from transform.question_checks import RESERVED_EVIDENCE, TIME_BREAKDOWNS
from transform.questions import Hold, Question

Combination = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One row of a counting statement (see `transform.counting.count_sql`)."""

    part: str
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
        days = self.period
        for name, category in cell:
            if name in TIME_BREAKDOWNS:
                days = overlap(days, parse_period(category)) or days
        status = COUNTED
        if any(overlap(hold.period, days) for hold in self.holds):
            status = HELD
        elif not any(month.label in self.landed for month in months(days)):
            status = NO_DATA
        return Figure(self.period.label, cell, units if status == COUNTED else None, status)


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
    newest_batch: int,
    as_known_at: datetime,
    period: Period,
    combinations: Sequence[Combination],
    holds: Sequence[Hold],
    parts: Sequence[Part],
) -> Answer:
    """The answer from the rows of the question's statement."""
    by_part: dict[str, list[Part]] = {}
    for one in parts:
        by_part.setdefault(one.part, []).append(one)
    landed = {row.cell[0]: row for row in by_part.get("landed", []) if row.cell}
    cells = _Cells(period, holds, frozenset(landed))
    total = cells.figure((), by_part["value"][0].units)
    figures = [total]
    for combination in combinations:
        number = question.breakdowns.allowed.index(combination) + 1
        figures += [
            cells.figure(tuple(zip(combination, row.cell or (), strict=True)), row.units)
            for row in by_part.get(f"cells {number}", [])
        ]
    counted = total.status == COUNTED
    incomplete = by_part["incomplete"][0].units
    notes = [*question.notes, *_hold_notes(holds)]
    if counted:
        missing = [m.label for m in months(period) if m.label not in landed]
        notes += _data_notes(question, missing, incomplete)
        notes += _source_notes(question, by_part.get("source", []))
    elif total.status == NO_DATA:
        notes.append("No hearing records were known for this period by then, so there is no figure.")
    return Answer(
        question=question.id,
        title=question.title,
        unit=question.unit,
        first=period.first,
        last=period.last,
        period=period.label,
        by=tuple(combinations),
        as_known_at=as_known_at,
        newest_batch=newest_batch,
        data_from=min((row.first_day for row in landed.values() if row.first_day), default=None),
        data_to=max((row.last_day for row in landed.values() if row.last_day), default=None),
        value=total.value,
        status=total.status,
        figures=tuple(figures),
        attrition=_attrition(question, by_part) if counted else (),
        evidence=_evidence(question, by_part.get("evidence", [])) if counted else (),
        weak_units=by_part["weak"][0].units if counted else None,
        incomplete_statements=incomplete if counted else None,
        notes=tuple(notes),
    )


def held_answer(
    question: Question,
    newest_batch: int,
    as_known_at: datetime,
    period: Period,
    combinations: Sequence[Combination],
    holds: Sequence[Hold],
) -> Answer:
    """The answer for a period of which every day is held: no record is looked at, every cell is held."""
    nothing = [Part(name, 0, None, 0, 0, None, None) for name in ("value", "weak", "known", "standing", "incomplete")]
    for combination in combinations:
        number = question.breakdowns.allowed.index(combination) + 1
        for place, cell in enumerate(_grid(question, period, combination)):
            nothing.append(Part(f"cells {number}", place, list(cell), None, 0, None, None))
    return answer_of(question, newest_batch, as_known_at, period, combinations, holds, nothing)


def _grid(question: Question, period: Period, combination: Combination) -> list[tuple[str, ...]]:
    """Every cell of a combination, in the order of the statement."""
    labels: Mapping[str, tuple[str, ...]] = {
        "month": tuple(m.label for m in months(period)),
        "quarter": tuple(dict.fromkeys(f"{m.first.year}Q{(m.first.month + 2) // 3}" for m in months(period))),
        "year": tuple(dict.fromkeys(f"{m.first.year}" for m in months(period))),
        **{b.name: question.lists[b.list].categories for b in question.breakdowns.declared},
    }
    cells: list[tuple[str, ...]] = [()]
    for name in combination:
        cells = [(*cell, label) for cell in cells for label in labels[name]]
    return cells


def _attrition(question: Question, by_part: Mapping[str, list[Part]]) -> tuple[AttritionStep, ...]:
    def step(name: str, row: Part) -> AttritionStep:
        return AttritionStep(name, row.result_rows or 0, row.units)

    value = by_part["value"][0].units
    return (
        step("Results known for the period", by_part["known"][0]),
        step("Results of the statements that count", by_part["standing"][0]),
        *(step(s.name, row) for s, row in zip(question.steps, by_part["step"], strict=True)),
        AttritionStep(f"One per {question.unit} in the period", value, value),
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


def _source_notes(question: Question, rows: Sequence[Part]) -> list[str]:
    """Said wherever several sources contribute: which of them hold one case cannot be seen from the keys alone."""
    if len(rows) < 2:
        return []
    shares = ", ".join(f"{row.cell[0]} {row.units:,}" for row in rows if row.cell)
    return [
        f"Counted from {len(rows)} sources ({shares} {question.unit}s): a {question.unit} that several of them hold "
        "counts once only where they know it by the same reference."
    ]


def _data_notes(question: Question, missing: Sequence[str], incomplete: int) -> list[str]:
    notes = []
    if missing:
        notes.append(f"No hearing records were landed for {', '.join(missing)}: the figure covers the other months.")
    if incomplete:
        what = "1 statement is" if incomplete == 1 else f"{incomplete} statements are"
        notes.append(f"{what} incomplete: a part was set aside, so a {question.unit} may be missing from the figure.")
    return notes
