"""Earlier runs and answers of a question, for telling what is usual: never more than is asked for."""

from itertools import groupby

from sqlalchemy import Date, func, select, text

from load.connecting import Warehouse, reading
from load.measured import PastCount, RunLogged, StepKept
from load.schema import attrition, run
from load.views import view_sql
from transform.contract import COUNTED, HELD


def runs_of(warehouse: Warehouse, question: str | None = None, last: int = 60) -> list[RunLogged]:
    """The `last` runs, of one question if given, completed or stopped, newest first, without figures."""
    query = select(*(run.c[name] for name in RunLogged.__slots__)).order_by(run.c.run_id.desc()).limit(last)
    with reading(warehouse) as connection:
        asked = query if question is None else query.where(run.c.question == question)
        return [RunLogged(**row) for row in connection.execute(asked).mappings()]


def attrition_shares(warehouse: Warehouse, question: str, unit: str) -> list[StepKept]:
    """What every step left over in the vintage that is current, by period and step; nothing of a held one.

    The share is of units; a step that leaves more than there were before it makes them anew, and has none.
    """
    of_line = (run.c.question == question, run.c.unit == unit)
    last = select(run.c.period, func.max(run.c.vintage).label("vintage")).where(*of_line).group_by(run.c.period)
    current = last.subquery()
    query = (
        select(run.c.run_id, run.c.period, run.c.period_from, run.c.period_to, attrition)
        .join(current, (run.c.period == current.c.period) & (run.c.vintage == current.c.vintage))
        .join(attrition, attrition.c.run_id == run.c.run_id)
        .where(*of_line, run.c.status != HELD)
        .order_by(run.c.period_from, run.c.period_to, run.c.period, attrition.c.position)
    )
    found: list[StepKept] = []
    with reading(warehouse) as connection:
        for _, steps in groupby(connection.execute(query), lambda row: row.run_id):
            before: int | None = None
            for row in steps:
                kept = row.units / before if before and row.units <= before else None
                of = (row.period, row.period_from, row.period_to, row.run_id)
                found.append(StepKept(*of, row.position, row.step, row.rows, kept))
                before = row.units
    return found


def past_counts(warehouse: Warehouse, question: str, unit: str, breakdown: str = "") -> list[PastCount]:
    """The current figures of a breakdown (its sorted names joined by commas; empty: totals) that were counted.

    By period, then cell. What has no data or is held is left out.
    """
    figures = view_sql(
        "current_figure",
        figures="question = :question and unit = :unit",
        runs="run.question = :question and run.unit = :unit",
        publications="figure.question = :question",
    )
    query = text(
        f"SELECT period, period_from, period_to, cell, value FROM ({figures}) AS standing "  # noqa: S608 - ours
        "WHERE breakdown = :breakdown AND status = :status ORDER BY period_from, period_to, period, cell"
    ).columns(period_from=Date(), period_to=Date())
    bound = {"question": question, "unit": unit, "breakdown": breakdown, "status": COUNTED}
    with reading(warehouse) as connection:
        return [PastCount(*row) for row in connection.execute(query, bound)]
