"""Rows of the warehouse as they are written, each part of a run to its table; the caller holds the transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from load.audit import append
from load.connecting import Warehouse
from load.contract import AttritionRow, CheckRow, EvidenceRow, QuestionVersion, RevisionRow, RunRow, breakdown_of
from load.schema import (
    attrition,
    check_result,
    evidence,
    figure,
    question_version,
    revision_part,
    run,
    run_note,
    tabulation,
)


def store_run(
    connection: Connection,
    warehouse: Warehouse,
    version: QuestionVersion,
    row: RunRow,
    *,
    state: str,
    vintage: int | None = None,
    salt: str | None = None,
    stop_reason: str | None = None,
) -> int:
    """The run itself, and the version of its question where no run used it before. Returns the run's number.

    A version other than that of the question's run before is a change of the definition, also one back to an earlier.
    """
    known = select(question_version.c.definition_hash).where(
        question_version.c.definition_hash == version.definition_hash
    )
    if connection.scalar(known) is None:
        connection.execute(insert(question_version), values_of(version) | {"recorded_at": row.finished_at})
    last = select(run.c.definition_hash).where(run.c.question == version.question)
    before = connection.scalar(last.order_by(run.c.run_id.desc()).limit(1))
    if before != version.definition_hash:
        action = "definition changed" if before else "definition recorded"
        append(connection, warehouse, action, version.question, version=version.definition_hash, before=before)
    values = values_of(row) | {"state": state, "stop_reason": stop_reason, "vintage": vintage, "salt": salt}
    return int(connection.execute(insert(run).returning(run.c.run_id), values).scalar_one())


def store_tabulations(connection: Connection, run_id: int, breakdowns: Iterable[str]) -> None:
    """Which breakdowns a run counted."""
    _insert(connection, tabulation, ({"run_id": run_id, "breakdown": name} for name in breakdowns))


def store_figures(
    connection: Connection, run_id: int, row: RunRow, figures: Iterable[Mapping[str, Any]], vintage: int | None
) -> None:
    """The figures that are new (see load.vintages), as of a vintage or of none."""
    of_run = {
        "run_id": run_id,
        "question": row.question,
        "unit": row.unit,
        "vintage": vintage,
        "known_from": row.finished_at,
    }
    _insert(connection, figure, (of_run | dict(one) for one in figures))


def store_revision(connection: Connection, run_id: int, parts: Sequence[RevisionRow]) -> None:
    """Why they differ from the vintage before, part by part."""
    rows = (
        {"run_id": run_id, "position": n, "breakdown": breakdown_of(part.cell)} | values_of(part)
        for n, part in enumerate(parts, 1)
    )
    _insert(connection, revision_part, rows)


def store_reached(
    connection: Connection,
    run_id: int,
    steps: Iterable[AttritionRow],
    kinds: Iterable[EvidenceRow],
    notes: Iterable[str],
) -> None:
    """How the figures were reached, and what goes with them."""
    of_run = {"run_id": run_id}
    _insert(connection, attrition, (of_run | {"position": n} | values_of(step) for n, step in enumerate(steps, 1)))
    _insert(connection, evidence, (of_run | {"position": n} | values_of(kind) for n, kind in enumerate(kinds, 1)))
    _insert(connection, run_note, (of_run | {"position": n, "text": note} for n, note in enumerate(notes, 1)))


def store_checks(
    connection: Connection,
    checks: Iterable[CheckRow],
    recorded_at: datetime,
    *,
    subject: str,
    run_id: int | None = None,
    batch: int | None = None,
    inspection_id: int | None = None,
) -> None:
    """What the checks of a run, a landing or an inspection found; `subject` is what it measures (load.measured)."""
    owner = {"run_id": run_id, "batch": batch, "inspection_id": inspection_id}
    of = owner | {"subject": subject, "recorded_at": recorded_at}
    _insert(connection, check_result, (of | values_of(check) for check in checks))


def _insert(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    values = list(rows)
    if values:
        connection.execute(insert(table), values)


def values_of(row: Any) -> dict[str, Any]:
    """The fields of a row by column name; mappings as plain dictionaries, which JSON columns need."""
    return {field.name: _plain(getattr(row, field.name)) for field in fields(row)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
