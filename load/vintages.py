"""Vintages: what of a run is new against the figures that stand, and what of it has gone.

A run that knows at least as much as the last vintage of its question, unit and period becomes the next one. Only
figures that differ are written, with a tombstone for a cell that its breakdown has no longer; so a figure of a vintage
is the latest row up to it. A run that knows less (a recount as known at an earlier time) is kept whole, and is no
vintage.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, select

from load.connecting import Warehouse, reading
from load.contract import (
    GONE,
    FigureRow,
    LoadError,
    RevisionRow,
    RunRow,
    breakdown_name,
    breakdown_of,
    counts_as,
    in_utc,
)
from load.schema import figure, run, run_note, tabulation

CLOCK_TOLERANCE = timedelta(seconds=60)
"""Clocks of two machines may differ by so much; a figure is still never known from before the one it replaces."""


@dataclass(frozen=True, slots=True)
class Stated:
    """The cells of one breakdown (names joined by commas; empty: the total) as a run stated or confirmed them.

    `figures` are value and status by canonical cell.
    """

    run_id: int
    run: RunRow
    figures: Mapping[str, tuple[int | None, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """The vintages of one question, unit and period so far: the number of the last (0: none), and by breakdown what the
    last run that counted it said. `known` is (`as_known_at`, `newest_batch`) of the last vintage.
    """

    last: int
    known: tuple[datetime, int] | None
    stated: Mapping[str, Stated]

    def is_ahead(self, run: RunRow) -> bool:
        """Whether a run would become current: it knows at least what the last vintage knew."""
        return self.known is None or (in_utc(run.as_known_at), run.newest_batch) >= self.known

    def holds(self, run: RunRow, figures: Sequence[FigureRow]) -> bool:
        """Whether exactly these figures stand, from the same records and by the same definition."""
        basis = (run.as_known_at, run.newest_batch, run.definition_hash)
        for breakdown in counted_breakdowns(run, figures):
            stated = self.stated.get(breakdown)
            of = {one.cell: (one.value, one.status) for one in figures if breakdown_of(one.cell) == breakdown}
            if stated is None or stated.figures != of:
                return False
            if (stated.run.as_known_at, stated.run.newest_batch, stated.run.definition_hash) != basis:
                return False
        return True


def line_of(warehouse: Warehouse, question: str, unit: str, period: str) -> Line:
    """The vintages of one question, unit and period so far."""
    with reading(warehouse) as connection:
        return read_line(connection, question, unit, period)


def read_line(connection: Connection, question: str, unit: str, period: str) -> Line:
    """The same, as one transaction sees it."""
    of_line = (run.c.question == question, run.c.unit == unit, run.c.period == period, run.c.vintage.is_not(None))
    last_of = (
        select(tabulation.c.breakdown, func.max(run.c.vintage).label("vintage"))
        .join(run, run.c.run_id == tabulation.c.run_id)
        .where(*of_line)
        .group_by(tabulation.c.breakdown)
        .subquery()
    )
    query = select(last_of.c.breakdown, run).join(run, and_(run.c.vintage == last_of.c.vintage, *of_line))
    heads = {row["breakdown"]: row for row in connection.execute(query).mappings()}
    if not heads:
        return Line(0, None, {})
    cells: dict[str, dict[str, tuple[int | None, str]]] = {name: {} for name in heads}
    for row in _standing(connection, question, unit, period):
        cells[row.breakdown][row.cell] = (row.value, row.status)
    stated = {name: Stated(head["run_id"], run_row(head), cells[name]) for name, head in heads.items()}
    total = heads[""]
    return Line(total["vintage"], (total["as_known_at"], total["newest_batch"]), stated)


def run_row(row: Mapping[Any, Any]) -> RunRow:
    """A row of the table of runs as the dataclass."""
    values = {field.name: row[field.name] for field in fields(RunRow)}
    values["breakdowns"] = tuple(tuple(names) for names in values["breakdowns"])
    values["precedence"] = tuple(values["precedence"]) if values["precedence"] is not None else None
    return RunRow(**values)


def _standing(
    connection: Connection, question: str, unit: str, period: str, vintage: int | None = None
) -> Sequence[Any]:
    """The latest row of each cell of a line up to a vintage, without those that are gone, by their place."""
    of_line = [figure.c.question == question, figure.c.unit == unit, figure.c.period == period]
    upto = figure.c.vintage <= vintage if vintage is not None else figure.c.vintage.is_not(None)
    latest = (
        select(figure.c.cell, func.max(figure.c.vintage).label("vintage"))
        .where(*of_line, upto)
        .group_by(figure.c.cell)
        .subquery()
    )
    query = (
        select(figure)
        .join(latest, and_(figure.c.cell == latest.c.cell, figure.c.vintage == latest.c.vintage, *of_line))
        .where(figure.c.status != GONE)
        .order_by(figure.c.place, figure.c.figure_id)
    )
    return connection.execute(query).all()


def stated_figures(connection: Connection, run_id: int) -> list[Any]:
    """The figures of a run as it stated or confirmed them, the total first, then by breakdown and place."""
    head = connection.execute(select(run).where(run.c.run_id == run_id)).one()
    if head.vintage is None:
        own = select(figure).where(figure.c.run_id == run_id).order_by(figure.c.figure_id)
        return list(connection.execute(own))
    counted = set(connection.scalars(select(tabulation.c.breakdown).where(tabulation.c.run_id == run_id)))
    asked = ["", *(breakdown_name(names) for names in head.breakdowns)]
    order = {name: place for place, name in enumerate(asked)}
    rows = _standing(connection, head.question, head.unit, head.period, head.vintage)
    return sorted((r for r in rows if r.breakdown in counted), key=lambda r: order.get(r.breakdown, len(order)))


def dated(connection: Connection, warehouse: Warehouse, question: str) -> datetime:
    """When a run that is now stored counts as stored: now, or just after the last one of the question.

    Raises `LoadError` where the clock is behind the last one by more than `CLOCK_TOLERANCE`, or ahead of the database's
    own: what is stored with a time to come would stop every later run.
    """
    now = in_utc(warehouse.clock())
    if connection.dialect.name == "postgresql":
        server = connection.scalar(select(func.clock_timestamp()))
        if server is not None and now - server > CLOCK_TOLERANCE:
            raise LoadError(
                f"the clock of this machine says {now:%Y-%m-%d %H:%M:%S} UTC, that of the database "
                f"{server.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
                where=warehouse.place,
                remedy="Nothing was stored; set the clock and run again",
            )
    last: datetime | None = connection.scalar(select(func.max(run.c.finished_at)).where(run.c.question == question))
    if last is None or now > last:
        return now
    if last - now > CLOCK_TOLERANCE:
        raise LoadError(
            f"a run of {question} was stored at {last:%Y-%m-%d %H:%M:%S} UTC, and the clock of this machine says "
            f"{now:%Y-%m-%d %H:%M:%S}",
            where=warehouse.place,
            remedy="Nothing was stored; set the clock and run again. If it was wrong when that run was stored, only "
            "restoring a backup of before takes the run back",
        )
    return last + timedelta(microseconds=1)


def counted_breakdowns(row: RunRow, figures: Sequence[FigureRow]) -> list[str]:
    """The breakdowns that a run counted, the total (empty) among them, each as its names joined by commas."""
    asked = {breakdown_name(names) for names in row.breakdowns}
    return sorted({"", *asked, *(breakdown_of(one.cell) for one in figures)})


def changed_figures(
    connection: Connection, row: RunRow, figures: Sequence[FigureRow], notes: Sequence[str], line: Line
) -> list[dict[str, Any]]:
    """The rows to write for a run that becomes current: what differs from what stands, and tombstones."""
    breakdowns = counted_breakdowns(row, figures)
    rows = _standing(connection, row.question, row.unit, row.period) if line.last else []
    stood = {r.cell: r for r in rows if r.breakdown in breakdowns}
    texts = _notes_of(connection, {r.run_id for r in stood.values() if r.notes})
    written = []
    for place, one in enumerate(figures, 1):
        before = stood.pop(one.cell, None)
        if before is not None and _same(before, one) and _said(before, texts) == [notes[n - 1] for n in one.notes]:
            continue
        written.append(_values(one) | {"place": place})
    gone = (FigureRow(row.period, cell, None, GONE) for cell in stood)
    return written + [_values(one) | {"place": len(figures) + n} for n, one in enumerate(gone, 1)]


def _same(before: Any, one: FigureRow) -> bool:
    was = (before.value, before.status, before.marks, tuple(before.notes))
    return was == (one.value, one.status, one.marks, one.notes)


def _said(before: Any, texts: Mapping[tuple[int, int], str]) -> list[str]:
    return [texts[before.run_id, number] for number in before.notes]


def whole(figures: Iterable[FigureRow]) -> list[dict[str, Any]]:
    """The rows to write for a run that does not become current: all of them."""
    return [_values(one) | {"place": place} for place, one in enumerate(figures, 1)]


def _values(one: FigureRow) -> dict[str, Any]:
    return {
        "period": one.period,
        "cell": one.cell,
        "breakdown": breakdown_of(one.cell),
        "value": one.value,
        "status": one.status,
        "marks": one.marks,
        "notes": list(one.notes),
    }


def _notes_of(connection: Connection, run_ids: set[int]) -> dict[tuple[int, int], str]:
    if not run_ids:
        return {}
    query = select(run_note.c.run_id, run_note.c.position, run_note.c.text).where(run_note.c.run_id.in_(run_ids))
    return {(row.run_id, row.position): row.text for row in connection.execute(query)}


def differences(line: Line, row: RunRow, figures: Sequence[FigureRow]) -> dict[str, tuple[int, int]]:
    """By cell: how much it differs from what stands, and the run that stated that; only breakdowns counted before.

    A cell that either side withholds has no difference that could be told.
    """
    now = {one.cell: (one.value, one.status) for one in figures}
    found: dict[str, tuple[int, int]] = {}
    for breakdown in counted_breakdowns(row, figures):
        before = line.stated.get(breakdown)
        if before is None:
            continue
        cells = dict.fromkeys([*before.figures, *(cell for cell in now if breakdown_of(cell) == breakdown)])
        for cell in cells:
            old = counts_as(*before.figures.get(cell, (None, None)))
            new = counts_as(*now.get(cell, (None, None)))
            if old is not None and new is not None and old != new:
                found[cell] = (new - old, before.run_id)
    return found


def checked_parts(
    line: Line, row: RunRow, figures: Sequence[FigureRow], parts: Sequence[RevisionRow] | None
) -> list[RevisionRow]:
    """The parts of every difference; where none were made (`None`), each difference is one part, not recounted.

    Raises `ArithmeticError` where the parts of a cell do not add up to its difference: then no figure may be stored.
    """
    differ = differences(line, row, figures)
    if parts is None:
        return [RevisionRow(cell, before, "not recounted", by) for cell, (by, before) in differ.items()]
    sums: dict[str, int] = {}
    for part in parts:
        sums[part.cell] = sums.get(part.cell, 0) + part.units
    if sums != {cell: by for cell, (by, _) in differ.items()}:
        raise ArithmeticError(f"the causes of a revision of {row.question} in {row.period} do not add up")
    return list(parts)
