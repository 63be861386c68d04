"""Which runs there are: those to be counted again, and what a question has figures of."""

from collections.abc import Sequence

from sqlalchemy import and_, func, select

from load.connecting import Warehouse, reading
from load.contract import FigureRow, QuestionVersion, StoredRun
from load.reading import figures_of, stored_version
from load.schema import run, tabulation
from load.vintages import run_row

COMPLETED = "completed"


def completed_runs(warehouse: Warehouse, question: str | None = None) -> list[int]:
    """Numbers of all runs that have figures, those of recounts that never became current too; of one question if given.

    A stopped run has no figures, so it is none of them.
    """
    query = select(run.c.run_id).where(run.c.state == COMPLETED).order_by(run.c.run_id)
    with reading(warehouse) as connection:
        return list(connection.scalars(query if question is None else query.where(run.c.question == question)))


def standing_runs(warehouse: Warehouse) -> list[int]:
    """Numbers of the runs that current figures rest on: of every question, unit, period and breakdown the last one."""
    line = (run.c.question, run.c.unit, run.c.period)
    last = (
        select(*line, tabulation.c.breakdown, func.max(run.c.vintage).label("vintage"))
        .join(tabulation, tabulation.c.run_id == run.c.run_id)
        .where(run.c.vintage.is_not(None))
        .group_by(*line, tabulation.c.breakdown)
        .subquery()
    )
    same = [last.c[column.name] == column for column in (*line, run.c.vintage)]
    query = select(run.c.run_id).join(last, and_(*same)).distinct().order_by(run.c.run_id)
    with reading(warehouse) as connection:
        return list(connection.scalars(query))


def run_heads(warehouse: Warehouse, numbers: Sequence[int]) -> list[StoredRun]:
    """Runs by themselves, without figures and whatever else was stored with them; in the order of their numbers.

    Numbers that no run has are left out.
    """
    found: list[StoredRun] = []
    with reading(warehouse) as connection:
        for start in range(0, len(numbers), AT_ONCE):
            asked = select(run).where(run.c.run_id.in_(numbers[start : start + AT_ONCE]))
            found += [
                StoredRun(r["run_id"], r["vintage"], r["state"], r["stop_reason"], run_row(r), (), (), (), (), ())
                for r in connection.execute(asked).mappings()
            ]
    return sorted(found, key=lambda one: one.run_id)


AT_ONCE = 500
"""Databases bound how many values one statement may have."""


def figures_of_run(warehouse: Warehouse, run_id: int) -> tuple[FigureRow, ...]:
    """The figures of a run, as it stated or confirmed them."""
    with reading(warehouse) as connection:
        return figures_of(connection, run_id)


def figure_count(warehouse: Warehouse, run_id: int) -> int:
    """How many figures a run stated or confirmed."""
    return len(figures_of_run(warehouse, run_id))


def questions_with_runs(warehouse: Warehouse) -> list[str]:
    """Questions that have a run with figures."""
    with reading(warehouse) as connection:
        asked = select(run.c.question).where(run.c.state == COMPLETED).distinct().order_by(run.c.question)
        return list(connection.scalars(asked))


def newest_version(warehouse: Warehouse, question: str) -> QuestionVersion | None:
    """The definition of a question that its last run used; `None` for one that no run was ever about."""
    query = select(run.c.definition_hash).where(run.c.question == question).order_by(run.c.run_id.desc()).limit(1)
    with reading(warehouse) as connection:
        digest = connection.scalar(query)
    return None if digest is None else stored_version(warehouse, digest)


def counted_lines(warehouse: Warehouse, question: str) -> list[tuple[str, str]]:
    """(unit, period) of which a question has vintages, in the order of the periods."""
    query = (
        select(run.c.unit, run.c.period, run.c.period_from, run.c.period_to)
        .where(run.c.question == question, run.c.vintage.is_not(None))
        .distinct()
        .order_by(run.c.period_from, run.c.period_to, run.c.unit)
    )
    with reading(warehouse) as connection:
        return [(row.unit, row.period) for row in connection.execute(query)]
