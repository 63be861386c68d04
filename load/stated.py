"""What every run stated, told from the rows of its line: each line is read once, in order.

`load.vintages.stated_figures` answers the same about one run; asking it of each would read a line as often as it has
vintages.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, exists, select

from load.contract import GONE
from load.schema import figure, run, tabulation

RUNS_AT_ONCE = 500

Told = tuple[str, str, int | None, str, str]
"""Period, cell, value, status and marks of a figure."""


def stated_by_run(connection: Connection) -> Iterator[tuple[int, str | None, list[Told] | None]]:
    """Every run with its salt and its figures as it stated or confirmed them, by question, unit, period and vintage.

    `None` where rows under its number say that they belong to another line or vintage: nothing can be told of it then.
    """
    line = (run.c.question, run.c.unit, run.c.period)
    columns = (run.c.run_id, run.c.salt, run.c.vintage, run.c.state, *line)
    query = select(*columns).order_by(*line, run.c.vintage, run.c.run_id)
    of_line, stands = None, dict[str, dict[str, Any]]()
    for heads in connection.execute(query, execution_options={"yield_per": RUNS_AT_ONCE}).partitions():
        ids = [head.run_id for head in heads]
        rows, counted = _figures_of(connection, ids), _breakdowns_of(connection, ids)
        for head in heads:
            if of_line != (head.question, head.unit, head.period):
                of_line, stands = (head.question, head.unit, head.period), {}
            own = rows.get(head.run_id, [])
            if any(not _belongs(row, head) for row in own):
                yield head.run_id, head.salt, None
                continue
            if head.vintage is None:
                yield head.run_id, head.salt, [_told(row) for row in own]
                continue
            for row in own:
                stands.setdefault(row.breakdown, {})[row.cell] = row
            breakdowns = counted.get(head.run_id, [])
            every = (row for name in breakdowns for row in stands.get(name, {}).values())
            yield head.run_id, head.salt, [_told(row) for row in every if row.status != GONE]


def runs_that_are_gone(connection: Connection) -> list[int]:
    """Numbers under which there are figures, and no run. A foreign key refuses that until somebody removes it."""
    there = exists().where(run.c.run_id == figure.c.run_id)
    return list(connection.scalars(select(figure.c.run_id).where(~there).distinct().order_by(figure.c.run_id)))


def _belongs(row: Any, head: Any) -> bool:
    """Whether a row is of the line and the vintage of its run; a run that was stopped has none."""
    same = (row.question, row.unit, row.vintage) == (head.question, head.unit, head.vintage)
    return same and head.state == "completed" and (head.vintage is None or row.period == head.period)


def _told(row: Any) -> Told:
    return row.period, row.cell, row.value, row.status, row.marks


def _figures_of(connection: Connection, ids: Sequence[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    columns = ("run_id", "question", "unit", "period", "vintage", "breakdown", "cell", "value", "status", "marks")
    query = select(*(figure.c[name] for name in columns)).where(figure.c.run_id.in_(ids))
    for row in connection.execute(query):
        found.setdefault(row.run_id, []).append(row)
    return found


def _breakdowns_of(connection: Connection, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in connection.execute(select(tabulation).where(tabulation.c.run_id.in_(ids))):
        found.setdefault(row.run_id, []).append(row.breakdown)
    return found
