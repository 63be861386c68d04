"""Why figures differ from the vintage before, and from what was last published: the view `revision`, cell by cell.

What may not be shown is not decided here.
"""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, column, select, table

from load.columns import UtcDateTime
from load.connecting import Warehouse, reading
from load.contract import GONE
from load.publishing import LastPublished, last_published
from load.reading import read_current
from load.schema import figure, run
from transform.contract import HELD


@dataclass(frozen=True, slots=True)
class Part:
    """By how much one cause raised a figure (`units`, below zero where it lowered it), and the landing that did it."""

    cause: str
    units: int
    says: str
    batch: int | None
    landed_at: datetime | None
    source_name: str | None


@dataclass(frozen=True, slots=True)
class Revision:
    """One cell in one vintage with the parts of its difference from what stood; they add up to it.

    A value is `None` where its status says why; a status is `None` where there was no such cell.
    """

    unit: str
    period: str
    cell: str
    vintage: int
    known_from: datetime
    before: int | None
    before_status: str | None
    after: int | None
    after_status: str | None
    parts: tuple[Part, ...]
    run_id: int
    previous_run_id: int


@dataclass(frozen=True, slots=True)
class SincePublished:
    """A figure that is not the one last given out any more, with all parts since.

    `now` is `None` where `now_status` says why, and both are where there is no such cell any more. `unexplained` is
    what the parts leave over: a figure that was held in between has a difference without parts.
    """

    unit: str
    period: str
    cell: str
    now: int | None
    now_status: str | None
    published: LastPublished
    parts: tuple[Part, ...]
    unexplained: int


@dataclass(frozen=True, slots=True)
class Revised:
    """Revisions, and what differs from what was last published, of one state; `any_figures`: whether there are any."""

    revisions: list[Revision]
    since_published: list[SincePublished]
    any_figures: bool


def revision_rows(
    warehouse: Warehouse,
    question: str,
    *,
    period: str | None = None,
    unit: str | None = None,
    since: datetime | None = None,
    cells: bool = True,
) -> list[Revision]:
    """Every revision with its parts, by period, unit, cell and vintage; only of totals where `cells` is not set.

    `since` (aware) leaves out what became current before.
    """
    with reading(warehouse) as connection:
        return _revisions(connection, question, period, unit, since, cells)


def revised(
    warehouse: Warehouse,
    question: str,
    *,
    period: str | None = None,
    unit: str | None = None,
    since: datetime | None = None,
    cells: bool = True,
) -> Revised:
    """As `revision_rows`, and the figures that differ from what was last published of them, of one state."""
    with reading(warehouse) as connection:
        every = _revisions(connection, question, period, unit, None, cells)
        stand = read_current(connection, question, period)
        published = last_published(connection, question)
        said = _statuses(connection, question, period, unit, cells) if published else {}
    parts: defaultdict[tuple[str, str, str], list[tuple[int, Part]]] = defaultdict(list)
    for one in every:
        parts[one.unit, one.period, one.cell] += [(one.vintage, part) for part in one.parts]
    now = {(one.unit, one.period, one.cell): (one.value, one.status) for one in stand}
    counted = {(one.unit, one.period) for one in stand if one.cell == "{}" and one.status != HELD}
    found = []
    for key in [*now, *(key for key in published if key not in now)]:
        last = published.get(key)
        if last is None or key not in said:  # never given out, or not asked for
            continue
        value, status = now.get(key, (None, None))
        gone = key not in now and said[key][1][-1] == GONE and key[:2] in counted
        if HELD in (status, last.status) or value == last.value or not (status or gone):
            continue
        of = tuple(part for vintage, part in parts[key] if last.vintage is not None and vintage > last.vintage)
        left = (value or 0) - (last.value or 0) - sum(part.units for part in of)
        found.append(SincePublished(*key, value, status, last, of, left))
    return Revised([one for one in every if since is None or one.known_from >= since], found, bool(stand))


def _revisions(
    connection: Connection, question: str, period: str | None, unit: str | None, since: datetime | None, cells: bool
) -> list[Revision]:
    query = select(_VIEW).where(_VIEW.c.question == question)
    query = query.where(_VIEW.c.period == period) if period is not None else query
    query = query.where(_VIEW.c.unit == unit) if unit is not None else query
    query = query.where(_VIEW.c.known_from >= since) if since is not None else query
    query = query.where(_VIEW.c.breakdown == "") if not cells else query
    rows = connection.execute(query.order_by(*(_VIEW.c[name] for name in _ORDER))).all()
    if not rows:
        return []
    said = _statuses(connection, question, period, unit, cells)
    vintages = dict(connection.execute(select(run.c.run_id, run.c.vintage).where(run.c.question == question)).all())
    found = []
    for (run_id, _), of_cell in groupby(rows, key=lambda row: (row.run_id, row.cell)):
        parts = list(of_cell)
        one, key = parts[0], (parts[0].unit, parts[0].period, parts[0].cell)
        found.append(
            Revision(
                *key, one.vintage, one.known_from,
                one.value_before, _status_at(said[key], vintages[one.previous_run_id]),
                one.value_after, _status_at(said[key], one.vintage),
                tuple(Part(p.cause, p.units, p.says, p.batch, p.landed_at, p.source_name) for p in parts),
                run_id, one.previous_run_id,
            )
        )  # fmt: skip
    return found


_ORDER = ("period_from", "period_to", "unit", "breakdown", "cell", "vintage", "run_id", "position")
_PLAIN = (
    *_ORDER, "question", "period", "value_before", "value_after", "cause", "units", "says", "batch", "source_name",
    "previous_run_id",
)  # fmt: skip
_VIEW = table(
    "revision",
    *(column(name) for name in _PLAIN),
    column("known_from", UtcDateTime()),
    column("landed_at", UtcDateTime()),
)
"""The view itself and not its text: an analyst may read it, and not all of the tables that it is made of."""


def _statuses(
    connection: Connection, question: str, period: str | None, unit: str | None, cells: bool
) -> dict[tuple[str, str, str], tuple[list[int], list[str]]]:
    """Of each cell its vintages, rising, with the status of each."""
    where = [figure.c.question == question, figure.c.vintage.is_not(None)]
    where += [figure.c.period == period] if period is not None else []
    where += [figure.c.unit == unit] if unit is not None else []
    where += [figure.c.cell == "{}"] if not cells else []
    query = select(figure.c.unit, figure.c.period, figure.c.cell, figure.c.vintage, figure.c.status).where(*where)
    found: defaultdict[tuple[str, str, str], tuple[list[int], list[str]]] = defaultdict(lambda: ([], []))
    for row in connection.execute(query.order_by(figure.c.vintage)):
        vintages, statuses = found[row.unit, row.period, row.cell]
        vintages.append(row.vintage)
        statuses.append(row.status)
    return found


def _status_at(said: tuple[list[int], list[str]], vintage: int) -> str | None:
    place = bisect_right(said[0], vintage)
    return None if not place or said[1][place - 1] == GONE else said[1][place - 1]
