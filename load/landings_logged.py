"""What the warehouse knows of landings, source by source and month by month, and of which schema it is."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from load.connecting import Warehouse, reading
from load.migrating import newer, revision
from load.schema import REVISION, landed_batch


@dataclass(frozen=True, slots=True)
class SourceLogged:
    """All landings of one source: how many, how many things they set aside, when the last was made and received."""

    name: str
    format: str
    landings: int
    refused: int
    last_landed_at: datetime
    last_received_at: datetime


def schema_found(warehouse: Warehouse) -> str | None:
    """The schema of the warehouse, as it is: it is not raised. Raises `LoadError` where a newer version made it."""
    with reading(warehouse) as connection:
        found = revision(connection)
    if found is not None and found > REVISION:
        raise newer(found, warehouse.place)
    return found


def sources_logged(warehouse: Warehouse) -> list[SourceLogged]:
    """Every source that something was landed of, by name; its format is that of its newest landing."""
    at = landed_batch.c
    totals = select(
        func.max(at.batch), func.count(), func.sum(at.refused), func.max(at.landed_at), func.max(at.received_at)
    ).group_by(at.source_name)
    with reading(warehouse) as connection:
        found = connection.execute(totals).all()
        newest = [row[0] for row in found]
        named = select(at.batch, at.source_name, at.source_format).where(at.batch.in_(newest))
        names = {row.batch: (row.source_name, row.source_format) for row in connection.execute(named)}
    return sorted((SourceLogged(*names[row[0]], *row[1:]) for row in found), key=lambda s: s.name)


def volumes_logged(warehouse: Warehouse, since: datetime) -> list[tuple[str, str, int, int]]:
    """Month of receipt (UTC, `2020-03`), source, rows and landings since `since` (aware), in this order."""
    at = landed_batch.c
    rows: Counter[tuple[str, str]] = Counter()
    landings: Counter[tuple[str, str]] = Counter()
    with reading(warehouse) as connection:
        query = select(at.received_at, at.source_name, at.rows).where(at.received_at >= since)
        for received_at, name, number in connection.execute(query):
            rows[f"{received_at:%Y-%m}", name] += number
            landings[f"{received_at:%Y-%m}", name] += 1
    return [(month, name, rows[month, name], landings[month, name]) for month, name in sorted(rows)]


def empty_landings(warehouse: Warehouse) -> frozenset[int]:
    """Numbers of the landings of which no row was landed: repeats, and what was wholly set aside."""
    with reading(warehouse) as connection:
        return frozenset(connection.scalars(select(landed_batch.c.batch).where(landed_batch.c.rows == 0)))
