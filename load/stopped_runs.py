"""Runs that were stopped and that no later run of the same question, unit and period completed."""

from sqlalchemy import select

from load.connecting import Warehouse, reading
from load.measured import RunLogged
from load.schema import run

_NAMES = (
    "run_id", "question", "unit", "period", "state", "stop_reason", "started_at", "finished_at", "vintage",
    "newest_batch", "as_known_at",
)  # fmt: skip


def stopped_runs(warehouse: Warehouse, question: str | None = None) -> list[RunLogged]:
    """These runs, the oldest first; of one question where one is given."""
    later = run.alias("later")
    completed = select(later.c.run_id).where(  # a column by name: not every account may read every one
        later.c.question == run.c.question,
        later.c.unit == run.c.unit,
        later.c.period == run.c.period,
        later.c.state == "completed",
        later.c.run_id > run.c.run_id,
    )
    query = (
        select(*(run.c[name] for name in _NAMES))
        .where(run.c.state == "stopped", ~completed.exists())
        .order_by(run.c.run_id)
    )
    if question is not None:
        query = query.where(run.c.question == question)
    with reading(warehouse) as connection:
        return [RunLogged(*row) for row in connection.execute(query)]
