"""What the warehouse holds: runs, the current vintage of each figure, and how it stands."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, Connection, RowMapping, Table, bindparam, func, select, text

from load.columns import UtcDateTime
from load.connecting import Warehouse, reading
from load.contract import (
    AttritionRow,
    BatchRow,
    CheckRow,
    EvidenceRow,
    FigureRow,
    LoadError,
    QuestionVersion,
    StoredCheck,
    StoredFigure,
    StoredRun,
    WarehouseStatus,
    key_again,
)
from load.migrating import revision
from load.schema import (
    alert_sent,
    attrition,
    audit_entry,
    check_result,
    evidence,
    figure,
    inspection,
    landed_batch,
    metadata,
    publication,
    question_version,
    run,
    run_note,
)
from load.views import view_sql
from load.vintages import read_line, run_row, stated_figures

LAST_FAILED_CHECKS = 20


def find_run(warehouse: Warehouse, run_key: str) -> StoredRun | None:
    """The completed run that holds this key, if there is one."""
    with reading(warehouse) as connection:
        return run_with_key(connection, run_key)


def standing_run(warehouse: Warehouse, run_key: str) -> StoredRun | None:
    """The completed run with this key, if running it again would change nothing; see `run_that_stands`."""
    with reading(warehouse) as connection:
        return run_that_stands(connection, run_key)


def run_that_stands(connection: Connection, run_key: str) -> StoredRun | None:
    """The same, as one transaction sees it.

    A run that knows less than what stands has nothing to add, and neither has one whose definition and figures stand.
    Where other figures have stood since from the same records (a definition was changed and changed back, a rule of
    precedence, a hold), the same run makes the figures of then current again: then there is none.
    """
    stored = run_with_key(connection, run_key)
    if stored is None:
        return None
    line = read_line(connection, stored.run.question, stored.run.unit, stored.run.period)
    if not line.is_ahead(stored.run):
        return stored
    if not line.holds(stored.run, stored.figures):
        return None
    last = line.stated[""]
    return stored_run(connection, last.run_id) if last.run.run_key == key_again(run_key, line.last - 1) else stored


def run_details(warehouse: Warehouse, run_id: int) -> StoredRun:
    """A run with its figures, attrition, evidence, notes and checks. Raises `LoadError` for an unknown number."""
    with reading(warehouse) as connection:
        found = connection.scalar(select(run.c.run_id).where(run.c.run_id == run_id))
        if found is None:
            raise LoadError(f"there is no run {run_id}", where=warehouse.place, remedy="`courtstats status` lists runs")
        return stored_run(connection, run_id)


def current_figures(
    warehouse: Warehouse, question: str, period: str | None = None, *, as_stored_at: datetime | None = None
) -> list[StoredFigure]:
    """The figures that stand, by period, unit, breakdown and place; of one period where one is given.

    `as_stored_at` (aware) asks for what the warehouse said then. The rule is in sql/warehouse/current_figure.sql: the
    latest vintage of each cell, where a run is a vintage if it knew at least what the one before knew. So a recount
    as known last year does not displace this year's figure, and a category that has gone does not linger. A
    breakdown that was last counted by another definition or from other records than the total of its period is left
    out: the two would not add up.
    """
    with reading(warehouse) as connection:
        return read_current(connection, question, period, as_stored_at=as_stored_at)


def read_current(
    connection: Connection, question: str, period: str | None = None, *, as_stored_at: datetime | None = None
) -> list[StoredFigure]:
    """The same, as one transaction sees it."""
    figures, runs, publications = "question = :question", "run.question = :question", "figure.question = :question"
    bound: dict[str, Any] = {"question": question}
    if period is not None:
        figures, runs = figures + " and period = :period", runs + " and run.period = :period"
        bound["period"] = period
    if as_stored_at is not None:
        figures, runs = figures + " and known_from <= :at", runs + " and run.finished_at <= :at"
        publications += " and publication.recorded_at <= :at"
        bound["at"] = as_stored_at
    sql = view_sql("current_figure", figures=figures, runs=runs, publications=publications)
    names = _names(StoredFigure)
    query = text(sql)
    if as_stored_at is not None:
        query = query.bindparams(bindparam("at", type_=UtcDateTime()))
    found = connection.execute(query.columns(**dict.fromkeys(_TIMES, UtcDateTime())), bound)
    named = list(found.keys()).index
    wanted, order = itemgetter(*map(named, names)), itemgetter(*map(named, _ORDER))
    return [StoredFigure(*wanted(row)) for row in sorted(found, key=order)]


_ORDER = ("period", "unit", "breakdown", "place", "figure_id")
"""Sorted here: an `order by` keeps SQLite from indexing the parts that it joins."""
_TIMES = ("published_at", "known_from", "as_known_at")
"""Columns of the view that are times: SQLite keeps them as texts."""


def stored_version(warehouse: Warehouse, definition_hash: str) -> QuestionVersion:
    """A version of a question as a run stored it. Raises `LoadError` for one that no run used."""
    with reading(warehouse) as connection:
        query = select(question_version).where(question_version.c.definition_hash == definition_hash)
        row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise LoadError("no run used this version of a definition", where=warehouse.place, remedy="Check its digest")
    return QuestionVersion(**_part(row, QuestionVersion))


def newest_batch(warehouse: Warehouse) -> BatchRow | None:
    """The newest landing that the warehouse knows, if it knows one."""
    with reading(warehouse) as connection:
        return _newest_batch(connection)


def warehouse_status(warehouse: Warehouse, *, exact: bool = True) -> WarehouseStatus:
    """Rows by table, the last run of each question (completed or stopped), and the last checks that did not pass.

    As far as this account may read: on PostgreSQL a table that it may not read has no entry in `rows`, and of a run it
    gets what it may know, the rest as if there were nothing.

    Args:
        exact: count the rows of every table, which reads them all. Otherwise `rows` is what an index knows: the number
            of the last row where rows are numbered (at least as many as there are: what was rolled back leaves gaps on
            PostgreSQL), the count of the versions of questions, and no entry for the other tables.
    """
    with reading(warehouse) as connection:
        tables, columns = _readable(connection)
        last = connection.scalars(select(func.max(run.c.run_id)).group_by(run.c.question).order_by(run.c.question))
        whole = len(tables) == len(metadata.sorted_tables) and len(columns) == len(run.c)
        failed = (
            select(check_result)
            .where(check_result.c.outcome != "passed")
            .order_by(check_result.c.check_id.desc())
            .limit(LAST_FAILED_CHECKS)
        )
        found = connection.execute(failed).mappings().all() if check_result in tables else ()
        return WarehouseStatus(
            place=warehouse.place,
            revision=revision(connection) or "",
            rows={t.name: _rows(connection, t, exact) for t in tables if exact or t in _NUMBERED or t in _FEW},
            last_runs=tuple(
                stored_run(connection, run_id) if whole else _outline(connection, run_id, columns)
                for run_id in last.all()
            ),
            newest_batch=_newest_batch(connection) if landed_batch in tables else None,
            failed_checks=tuple(
                StoredCheck(
                    row["run_id"],
                    row["batch"],
                    row["inspection_id"],
                    row["recorded_at"],
                    CheckRow(**_part(row, CheckRow)),
                )
                for row in found
            ),
        )


_NUMBERED = (landed_batch, run, figure, inspection, check_result, alert_sent, publication, audit_entry)
_FEW = (question_version,)


def _rows(connection: Connection, table: Table, exact: bool) -> int:
    asked = func.count() if exact or table in _FEW else func.max(next(iter(table.primary_key)))
    return connection.scalar(select(asked).select_from(table)) or 0


def _newest_batch(connection: Connection) -> BatchRow | None:
    query = select(landed_batch).order_by(landed_batch.c.batch.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else BatchRow(**row)


def _readable(connection: Connection) -> tuple[list[Table], list[Column[Any]]]:
    """Tables of which this account may read at least a column, and the columns of a run that it may read."""
    tables, columns = metadata.sorted_tables, list(run.c)
    if connection.dialect.name != "postgresql":
        return tables, columns
    may_read = [func.has_any_column_privilege(table.name, "select") for table in tables]
    may_know = [func.has_column_privilege(run.name, column.name, "select") for column in columns]
    allowed = list(connection.execute(select(*may_read, *may_know)).one())
    known = allowed[len(tables) :]
    return (
        [table for table, may in zip(tables, allowed, strict=False) if may],
        [column for column, may in zip(columns, known, strict=True) if may],
    )


def _outline(connection: Connection, run_id: int, columns: Sequence[Column[Any]]) -> StoredRun:
    """A run by itself, as far as an account may know it."""
    row = connection.execute(select(*columns).where(run.c.run_id == run_id)).mappings().one()
    head = dict.fromkeys(run.c.keys()) | dict(row)
    return StoredRun(run_id, head["vintage"], head["state"], head["stop_reason"], run_row(head), (), (), (), (), ())


def run_with_key(connection: Connection, run_key: str) -> StoredRun | None:
    """The completed run that holds this key, as one transaction sees it."""
    run_id = connection.scalar(select(run.c.run_id).where(run.c.run_key == run_key))
    return None if run_id is None else stored_run(connection, run_id)


def stored_run(connection: Connection, run_id: int) -> StoredRun:
    """Everything that is stored of a run, as one transaction sees it."""
    head = connection.execute(select(run).where(run.c.run_id == run_id)).mappings().one()
    return StoredRun(
        run_id=run_id,
        vintage=head["vintage"],
        state=head["state"],
        stop_reason=head["stop_reason"],
        run=run_row(head),
        figures=figures_of(connection, run_id),
        attrition=tuple(AttritionRow(**row) for row in _parts(connection, attrition, AttritionRow, run_id)),
        evidence=tuple(EvidenceRow(**row) for row in _parts(connection, evidence, EvidenceRow, run_id)),
        notes=tuple(
            connection.scalars(select(run_note.c.text).where(run_note.c.run_id == run_id).order_by(run_note.c.position))
        ),
        checks=tuple(CheckRow(**row) for row in _parts(connection, check_result, CheckRow, run_id)),
    )


def figures_of(connection: Connection, run_id: int) -> tuple[FigureRow, ...]:
    """The figures of a run as it stated or confirmed them, the total first, then in the order of its breakdowns."""
    rows = stated_figures(connection, run_id)
    return tuple(FigureRow(r.period, r.cell, r.value, r.status, r.marks, tuple(r.notes)) for r in rows)


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
