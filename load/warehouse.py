"""The warehouse: open it, record landings, load runs with their figures, note runs that were stopped.

Everything of a run is stored in one transaction, or nothing is. Only a completed run claims its key, so the same run
again changes nothing, and a stopped one can be run again. Reading is in `load.reading` and is offered here too.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.exc import IntegrityError

from load.connecting import Warehouse, connect, explained, writing
from load.contract import (
    AttritionRow,
    BatchRow,
    CheckRow,
    EvidenceRow,
    FigureRow,
    Loaded,
    LoadError,
    QuestionVersion,
    RunRow,
    breakdown_of,
)
from load.migrating import migrate
from load.reading import (
    current_figures,
    figures_of,
    find_run,
    run_details,
    run_with_key,
    stored_run,
    warehouse_status,
)
from load.schema import attrition, check_result, evidence, figure, landed_batch, question_version, run, run_note

__all__ = [
    "Warehouse",
    "current_figures",
    "find_run",
    "load_run",
    "open_warehouse",
    "record_batch",
    "record_stopped_run",
    "run_details",
    "warehouse_status",
]

Verify = Callable[[list[FigureRow]], list[CheckRow]]
"""Checks the figures as read back; see `load_run`."""


def open_warehouse(url: str) -> Warehouse:
    """Connect to `sqlite:///FILE` or `postgresql://...`, and make or raise its schema to this version's.

    Raises `LoadError` for an address that cannot be used, a database that does not answer, and one that a newer
    version made. Close it with `dispose()`, or use it in a `with`.
    """
    warehouse = connect(url)
    try:
        migrate(warehouse)
    except BaseException:
        warehouse.dispose()
        raise
    return warehouse


def record_batch(warehouse: Warehouse, batch: BatchRow, checks: Sequence[CheckRow]) -> bool:
    """Note a landing and its checks. False where it was noted before: then nothing changes.

    Raises `LoadError` where the number belongs to another landing: the warehouse serves another records store.
    """
    with explained(warehouse), writing(warehouse, "landed batches") as connection:
        noted = connection.execute(
            select(landed_batch.c.landed_at, landed_batch.c.source_name).where(landed_batch.c.batch == batch.batch)
        ).one_or_none()
        if noted is not None:
            if tuple(noted) != (batch.landed_at, batch.source_name):
                raise LoadError(
                    f"it knows another landing as batch {batch.batch}",
                    where=warehouse.place,
                    remedy="Each records store needs a warehouse of its own",
                )
            return False
        connection.execute(insert(landed_batch), _values(batch))
        _store_checks(connection, checks, batch.landed_at, batch=batch.batch)
    return True


def load_run(
    warehouse: Warehouse,
    version: QuestionVersion,
    run: RunRow,
    figures: Sequence[FigureRow],
    attrition: Sequence[AttritionRow],
    evidence: Sequence[EvidenceRow],
    notes: Sequence[str],
    checks: Sequence[CheckRow],
    verify: Verify,
) -> Loaded:
    """Store a run with all that belongs to it in one transaction, checked before it is committed.

    `verify` gets the figures as read back through the same connection and returns the results of its checks, which
    are stored too. Where one of them stops the run, or `verify` raises, nothing is stored and `LoadError` is raised
    (with those checks); the caller then calls `record_stopped_run`. Where the key of the run is taken, also by
    somebody who loads it at this moment, nothing changes and the stored run is returned.
    """
    if run.run_key is None:
        raise ValueError("a run that is to be loaded needs its key")
    with explained(warehouse):
        try:
            with writing(warehouse, f"question {run.question}") as connection:
                stored = run_with_key(connection, run.run_key)
                if stored is not None:
                    return Loaded(stored, already_there=True)
                run_id = _store_run(connection, version, run, state="completed")
                _store_parts(connection, run_id, run, figures, attrition, evidence, notes)
                found = _verified(warehouse, verify, figures_of(connection, run_id))
                _store_checks(connection, [*checks, *found], run.finished_at, run_id=run_id)
                return Loaded(stored_run(connection, run_id), already_there=False)
        except IntegrityError:
            # Writers of one question wait for each other, so this is a key that another question's run took meanwhile.
            stored = find_run(warehouse, run.run_key)
            if stored is None:
                raise
            return Loaded(stored, already_there=True)


def record_stopped_run(
    warehouse: Warehouse, version: QuestionVersion, run: RunRow, reason: str, checks: Sequence[CheckRow]
) -> int:
    """Note a run that was stopped, and why: no figures, no value, no claim on its key. Returns its number."""
    bare = replace(run, run_key=None, value=None, status=None, weak_units=None, incomplete_statements=None)
    with explained(warehouse), writing(warehouse, f"question {run.question}") as connection:
        run_id = _store_run(connection, version, bare, state="stopped", stop_reason=reason)
        _store_checks(connection, checks, run.finished_at, run_id=run_id)
    return run_id


def _verified(warehouse: Warehouse, verify: Verify, figures: Iterable[FigureRow]) -> list[CheckRow]:
    try:
        checks = verify(list(figures))
    except Exception as error:
        raise LoadError(
            f"the check of the loaded figures broke off ({type(error).__name__})",
            where=warehouse.place,
            remedy="Nothing was stored; mend the check and run again",
        ) from error
    stopping = [check for check in checks if check.stops]
    if stopping:
        raise LoadError(
            "the loaded figures did not pass: " + "; ".join(check.rule for check in stopping),
            where=warehouse.place,
            remedy="Nothing was stored; the checks of the stopped run say what was found",
            checks=checks,
        )
    return checks


def _store_run(
    connection: Connection, version: QuestionVersion, row: RunRow, *, state: str, stop_reason: str | None = None
) -> int:
    known = select(question_version.c.definition_hash).where(
        question_version.c.definition_hash == version.definition_hash
    )
    if connection.scalar(known) is None:
        values = _values(version) | {"recorded_at": row.finished_at}
        connection.execute(insert(question_version), values)
    values = _values(row) | {"state": state, "stop_reason": stop_reason}
    return int(connection.execute(insert(run).returning(run.c.run_id), values).scalar_one())


def _store_parts(
    connection: Connection,
    run_id: int,
    row: RunRow,
    figures: Iterable[FigureRow],
    steps: Iterable[AttritionRow],
    kinds: Iterable[EvidenceRow],
    notes: Iterable[str],
) -> None:
    of_run = {"run_id": run_id}
    vintage = of_run | {"question": row.question, "known_from": row.finished_at}
    _insert(connection, figure, (vintage | _values(f) | {"breakdown": breakdown_of(f.cell)} for f in figures))
    _insert(connection, attrition, (of_run | {"position": n} | _values(step) for n, step in enumerate(steps, 1)))
    _insert(connection, evidence, (of_run | {"position": n} | _values(kind) for n, kind in enumerate(kinds, 1)))
    _insert(connection, run_note, (of_run | {"position": n, "text": note} for n, note in enumerate(notes, 1)))


def _store_checks(
    connection: Connection,
    checks: Iterable[CheckRow],
    recorded_at: datetime,
    *,
    run_id: int | None = None,
    batch: int | None = None,
) -> None:
    of = {"run_id": run_id, "batch": batch, "recorded_at": recorded_at}
    _insert(connection, check_result, (of | _values(check) for check in checks))


def _insert(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    values = list(rows)
    if values:
        connection.execute(insert(table), values)


def _values(row: Any) -> dict[str, Any]:
    """The fields of a row by column name; mappings as plain dictionaries, which JSON columns need."""
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    return {
        name: dict(value) if isinstance(value, Mapping) else list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
    }
