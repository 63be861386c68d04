"""What the warehouse holds: runs, the current vintage of each figure, and how it stands."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, select

from load.connecting import Warehouse, reading
from load.contract import (
    AttritionRow,
    BatchRow,
    CheckRow,
    EvidenceRow,
    FigureRow,
    LoadError,
    RunRow,
    StoredCheck,
    StoredFigure,
    StoredRun,
    WarehouseStatus,
)
from load.migrating import revision
from load.schema import attrition, check_result, evidence, figure, landed_batch, metadata, run, run_note
from transform.contract import COUNTED, HELD

LAST_FAILED_CHECKS = 20
TOTAL = "{}"


def find_run(warehouse: Warehouse, run_key: str) -> StoredRun | None:
    """The completed run that holds this key, if there is one."""
    with reading(warehouse) as connection:
        return run_with_key(connection, run_key)


def run_details(warehouse: Warehouse, run_id: int) -> StoredRun:
    """A run with its figures, attrition, evidence, notes and checks. Raises `LoadError` for an unknown number."""
    with reading(warehouse) as connection:
        found = connection.scalar(select(run.c.run_id).where(run.c.run_id == run_id))
        if found is None:
            raise LoadError(f"there is no run {run_id}", where=warehouse.place, remedy="`courtstats status` lists runs")
        return stored_run(connection, run_id)


def current_figures(warehouse: Warehouse, question: str, period: str | None = None) -> list[StoredFigure]:
    """The figures that hold now, by period, unit and cell; of one period where one is given.

    Each breakdown of a period in one unit is taken whole from one run: the one known latest, that is with the greatest
    (`as_known_at`, `newest_batch`, `known_from`, `run_id`). So a recount as known last year does not displace
    this year's figure, and a category that no longer has a figure does not linger. A breakdown that was last
    counted by another definition or from other records than the total of its period is left out: the two would
    not add up.
    """
    latest = (
        func.rank()
        .over(
            partition_by=(figure.c.period, run.c.unit, figure.c.breakdown),
            order_by=(
                run.c.as_known_at.desc(),
                run.c.newest_batch.desc(),
                figure.c.known_from.desc(),
                figure.c.run_id.desc(),
            ),
        )
        .label("latest")
    )
    columns = [figure.c[name] if name in figure.c else run.c[name] for name in _names(StoredFigure)]
    vintages = select(*columns, latest).join(run, run.c.run_id == figure.c.run_id).where(figure.c.question == question)
    if period is not None:
        vintages = vintages.where(figure.c.period == period)
    ranked = vintages.subquery()
    query = select(*(ranked.c[name] for name in _names(StoredFigure))).where(ranked.c.latest == 1)
    with reading(warehouse) as connection:
        found = [StoredFigure(**row) for row in connection.execute(query).mappings()]
    totals = {(f.period, f.unit): f for f in found if f.cell == TOTAL}
    current = [f for f in found if (total := totals.get((f.period, f.unit))) and _fits(f, total)]
    return sorted(current, key=lambda f: (f.period, f.figure_id))


def _fits(figure: StoredFigure, total: StoredFigure) -> bool:
    """Whether a figure may stand beside the total: from the same basis, and not loaded under a hold that has ended."""
    held_then = figure.status == HELD and total.status == COUNTED
    return _basis(figure) == _basis(total) and not held_then


def _basis(figure: StoredFigure) -> tuple[object, ...]:
    """What a figure was counted from and by: figures of one period with the same basis add up."""
    return figure.as_known_at, figure.newest_batch, figure.definition_hash


def warehouse_status(warehouse: Warehouse) -> WarehouseStatus:
    """Rows by table, the last run of each question (completed or stopped), and the last checks that did not pass."""
    with reading(warehouse) as connection:
        last = connection.scalars(select(func.max(run.c.run_id)).group_by(run.c.question).order_by(run.c.question))
        newest = connection.execute(select(landed_batch).order_by(landed_batch.c.batch.desc()).limit(1)).mappings()
        failed = connection.execute(
            select(check_result)
            .where(check_result.c.outcome != "passed")
            .order_by(check_result.c.check_id.desc())
            .limit(LAST_FAILED_CHECKS)
        ).mappings()
        return WarehouseStatus(
            place=warehouse.place,
            revision=revision(connection) or "",
            rows={
                table.name: connection.scalar(select(func.count()).select_from(table)) or 0
                for table in metadata.sorted_tables
            },
            last_runs=tuple(stored_run(connection, run_id) for run_id in last.all()),
            newest_batch=next((BatchRow(**row) for row in newest), None),
            failed_checks=tuple(
                StoredCheck(row["run_id"], row["batch"], row["recorded_at"], CheckRow(**_part(row, CheckRow)))
                for row in failed
            ),
        )


def run_with_key(connection: Connection, run_key: str) -> StoredRun | None:
    """The completed run that holds this key, as one transaction sees it."""
    run_id = connection.scalar(select(run.c.run_id).where(run.c.run_key == run_key))
    return None if run_id is None else stored_run(connection, run_id)


def stored_run(connection: Connection, run_id: int) -> StoredRun:
    """Everything that is stored of a run, as one transaction sees it."""
    head = connection.execute(select(run).where(run.c.run_id == run_id)).mappings().one()
    asked = _part(head, RunRow) | {"breakdowns": tuple(tuple(names) for names in head["breakdowns"])}
    return StoredRun(
        run_id=run_id,
        state=head["state"],
        stop_reason=head["stop_reason"],
        run=RunRow(**asked),
        figures=figures_of(connection, run_id),
        attrition=tuple(AttritionRow(**row) for row in _parts(connection, attrition, AttritionRow, run_id)),
        evidence=tuple(EvidenceRow(**row) for row in _parts(connection, evidence, EvidenceRow, run_id)),
        notes=tuple(
            connection.scalars(select(run_note.c.text).where(run_note.c.run_id == run_id).order_by(run_note.c.position))
        ),
        checks=tuple(CheckRow(**row) for row in _parts(connection, check_result, CheckRow, run_id)),
    )


def figures_of(connection: Connection, run_id: int) -> tuple[FigureRow, ...]:
    """The figures of a run in the order in which they were loaded."""
    rows = _parts(connection, figure, FigureRow, run_id)
    return tuple(FigureRow(**{**row, "notes": tuple(row["notes"])}) for row in rows)


def _parts(connection: Connection, table: Table, row_type: type, run_id: int) -> Sequence[RowMapping]:
    order = table.c.position if "position" in table.c else next(iter(table.primary_key))
    query = select(*(table.c[name] for name in _names(row_type))).where(table.c.run_id == run_id).order_by(order)
    return connection.execute(query).mappings().all()


def _part(row: RowMapping, row_type: type) -> dict[str, Any]:
    return {name: row[name] for name in _names(row_type)}


def _names(row_type: type) -> list[str]:
    """Columns of a row: its fields are named after them."""
    return [field.name for field in fields(row_type)]


def last_run(warehouse: Warehouse, question: str, unit: str) -> StoredRun | None:
    """The run of a question in one unit that knows most, of those the newest; `None` where none was completed."""
    wanted = (run.c.question == question, run.c.unit == unit, run.c.state == "completed")
    order = (run.c.as_known_at.desc(), run.c.newest_batch.desc(), run.c.run_id.desc())
    with reading(warehouse) as connection:
        run_id = connection.scalar(select(run.c.run_id).where(*wanted).order_by(*order).limit(1))
        return None if run_id is None else stored_run(connection, run_id)
