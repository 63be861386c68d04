"""What is known of the runs of one period, and up to which landing the records had come at a time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from load.connecting import Warehouse, reading
from load.schema import landed_batch, run


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A run of a period without its figures; times are in UTC, `newest_batch` is the newest landing that it counted."""

    run_id: int
    unit: str
    state: str
    newest_batch: int
    started_at: datetime
    finished_at: datetime


def runs_of_period(warehouse: Warehouse, question: str, period: str) -> list[RunSeen]:
    """Every run of a question's period (its label), completed or stopped, the newest first."""
    names = ("run_id", "unit", "state", "newest_batch", "started_at", "finished_at")
    query = (
        select(*(run.c[name] for name in names))
        .where(run.c.question == question, run.c.period == period)
        .order_by(run.c.run_id.desc())
    )
    with reading(warehouse) as connection:
        return [RunSeen(*row) for row in connection.execute(query)]


def batch_at(warehouse: Warehouse, at: datetime) -> int:
    """Number of the newest landing that was made up to `at` (aware); 0 where there was none yet."""
    with reading(warehouse) as connection:
        query = select(func.max(landed_batch.c.batch)).where(landed_batch.c.landed_at <= at)
        return connection.scalar(query) or 0
