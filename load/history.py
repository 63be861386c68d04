"""What the warehouse said when: the vintages of a figure, and all of them as a triangle.

The rules are those of the views in sql/warehouse/; the triangle applies the one of `current_figure` to many times at
once. What may not be shown is not decided here.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, tzinfo
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, and_, func, select, text

from load.columns import UtcDateTime
from load.connecting import Warehouse, reading
from load.contract import GONE, breakdown_name
from load.schema import figure, run, tabulation
from load.views import view_sql
from transform.contract import COUNTED, HELD

Shown = int | str | None
"""A count, or the status that says why there is none, or `None` where there was no figure."""


@dataclass(frozen=True, slots=True)
class Vintage:
    """One vintage of one cell: what the warehouse said from `known_from` until `known_to` (`None`: it still does)."""

    unit: str
    period: str
    cell: str
    vintage: int
    value: int | None
    status: str
    marks: str
    known_from: datetime
    known_to: datetime | None
    run_id: int
    as_known_at: datetime
    newest_batch: int
    definition_hash: str


@dataclass(frozen=True, slots=True)
class Triangle:
    """Cells (rows) by vintages (columns): at the end of each of `days` the warehouse said `values`.

    `stored_at` are the moments at which the last run of each day became current. Each row is period, its first and last
    day, canonical cell, and a value for each column.
    """

    days: tuple[date, ...]
    stored_at: tuple[datetime, ...]
    rows: list[tuple[str, date, date, str, list[Shown]]]


def history(
    warehouse: Warehouse, question: str, period: str | None = None, unit: str | None = None, *, changed: bool = False
) -> list[Vintage]:
    """Every vintage of every cell by period, unit, breakdown and place; a cell that has gone ends with `gone`.

    With `changed` only of totals and of cells that have more than one.
    """
    asked = {"question": question, "period": period, "unit": unit}
    bound = {name: value for name, value in asked.items() if value is not None}
    conditions = " and ".join(f"figure.{name} = :{name}" for name in bound)
    conditions += _CHANGED if changed else ""
    order = "figure.unit, figure.breakdown, figure.place, figure.cell, figure.vintage"
    query = text(
        f"{view_sql('figure_history', figures=conditions)}\norder by run.period_from, run.period_to, {order}"
    ).columns(known_from=UtcDateTime(), known_to=UtcDateTime(), as_known_at=UtcDateTime())
    of_cell: dict[tuple[str, str, str], list[Vintage]] = {}  # its place among the cells may change
    with reading(warehouse) as connection:
        for row in connection.execute(query, bound):
            one = Vintage(**{name: getattr(row, name) for name in _VINTAGE})
            of_cell.setdefault((one.unit, one.period, one.cell), []).append(one)
    return [one for cell in of_cell.values() for one in sorted(cell, key=lambda one: one.vintage)]


def never_changed(warehouse: Warehouse, question: str, period: str | None = None, unit: str | None = None) -> int:
    """How many cells beside the totals have one vintage only."""
    asked = [figure.c.question == question, figure.c.vintage.is_not(None), figure.c.cell != "{}"]
    asked += [figure.c.period == period] if period is not None else []
    asked += [figure.c.unit == unit] if unit is not None else []
    once = select(figure.c.cell).where(*asked).group_by(figure.c.unit, figure.c.period, figure.c.cell)
    with reading(warehouse) as connection:
        return connection.scalar(select(func.count()).select_from(once.having(func.count() == 1).subquery())) or 0


_CHANGED = """ and (figure.cell = '{}' or exists (
    select 1 from figure as other
    where other.question = figure.question and other.unit = figure.unit and other.period = figure.period
      and other.cell = figure.cell and other.vintage <> figure.vintage
))"""
_VINTAGE = tuple(field.name for field in fields(Vintage))


def triangle(
    warehouse: Warehouse,
    question: str,
    unit: str,
    *,
    zone: tzinfo,
    breakdown: Sequence[str] = (),
    first: date | None = None,
    last: date | None = None,
) -> Triangle:
    """The figures of one breakdown (none: the totals) as `current_figures` gave them at the end of each day.

    The days (in `zone`) are those on which a run of the question and unit became current, also one that changed
    nothing. Periods that do not lie within `first` and `last` (both included) are left out with their runs.
    """
    name = breakdown_name(breakdown)
    asked = [run.c.question == question, run.c.unit == unit, run.c.vintage.is_not(None)]
    asked += [run.c.period_from >= first] if first is not None else []
    asked += [run.c.period_to <= last] if last is not None else []
    with reading(warehouse) as connection:
        runs = _runs(connection, asked, name)
        cells = _cells(connection, question, unit, name)
    moments: dict[date, datetime] = {}
    for row in runs:
        moments[row.finished_at.astimezone(zone).date()] = row.finished_at
    stored_at = tuple(moments.values())
    by_period = sorted(runs, key=lambda row: (row.period_from, row.period_to, row.period, row.vintage))
    rows: list[tuple[str, date, date, str, list[Shown]]] = []
    for period, of_period in groupby(by_period, key=lambda row: row.period):
        states = list(of_period)
        upto = _standing(states, stored_at)
        bounds = states[0].period_from, states[0].period_to
        rows += [(period, *bounds, cell, _along(told, upto)) for cell, told in cells.get(period, ())]
    return Triangle(tuple(moments), stored_at, rows)


def _runs(connection: Connection, asked: Sequence[Any], breakdown: str) -> Sequence[Any]:
    """The vintages, in the order in which they became current, each with whether it counted the breakdown."""
    columns = ("period", "period_from", "period_to", "vintage", "finished_at", "status")
    counted = and_(tabulation.c.run_id == run.c.run_id, tabulation.c.breakdown == breakdown)
    query = (
        select(
            *(run.c[name] for name in (*columns, *_KNOWLEDGE)),
            tabulation.c.run_id.is_not(None).label("counted"),
        )
        .outerjoin_from(run, tabulation, counted)
        .where(*asked)
        .order_by(run.c.finished_at, run.c.run_id)
    )
    return connection.execute(query).all()


_KNOWLEDGE = ("as_known_at", "newest_batch", "definition_hash")
"""Figures of runs that agree in all of this add up."""

_Told = list[tuple[int, Shown]]
"""Of a cell: vintage and what it was from then on, rising."""


def _cells(connection: Connection, question: str, unit: str, breakdown: str) -> dict[str, list[tuple[str, _Told]]]:
    """By period its cells by their last place."""
    columns = ("period", "cell", "vintage", "value", "status", "place")
    query = (
        select(*(figure.c[name] for name in columns))
        .where(
            figure.c.question == question,
            figure.c.unit == unit,
            figure.c.breakdown == breakdown,
            figure.c.vintage.is_not(None),
        )
        .order_by(figure.c.period, figure.c.cell, figure.c.vintage)
    )
    told: dict[tuple[str, str], _Told] = {}
    places: dict[tuple[str, str], int] = {}
    for period, cell, vintage, value, status, place in connection.execute(query).all():
        shown = value if status == COUNTED else None if status == GONE else status
        told.setdefault((period, cell), []).append((vintage, shown))
        places[period, cell] = place
    found: dict[str, list[tuple[str, _Told]]] = {}
    for key in sorted(told, key=lambda key: (key[0], places[key], key[1])):
        found.setdefault(key[0], []).append((key[1], told[key]))
    return found


def _standing(states: Sequence[Any], stored_at: Sequence[datetime]) -> list[int]:
    """For each moment the vintage of the period up to which the breakdown stands (0: it does not)."""
    known = [[getattr(row, name) for name in _KNOWLEDGE] for row in states]
    moments = [row.finished_at for row in states]
    last_counted, counted = [], -1
    for place, row in enumerate(states):
        counted = place if row.counted else counted
        last_counted.append(counted)
    found = []
    for moment in stored_at:
        last = bisect_right(moments, moment) - 1
        of = last_counted[last] if last >= 0 else -1
        stands = of >= 0 and known[of] == known[last] and (states[of].status != HELD or states[last].status == HELD)
        found.append(states[last].vintage if stands else 0)
    return found


def _along(told: _Told, upto: Sequence[int]) -> list[Shown]:
    """What a cell was at each moment; the vintages of the moments rise, but for those at which nothing stands."""
    values: list[Shown] = []
    shown: Shown = None
    place, end = 0, len(told)
    for vintage in upto:
        while place < end and told[place][0] <= vintage:
            shown = told[place][1]
            place += 1
        values.append(shown if vintage else None)
    return values
