"""The warehouse: open it, record landings, load runs with their figures, note runs that were stopped.

Everything of a run is stored in one transaction, or nothing is: written, checked as read back, made current, with its
entry in the audit log. Only a completed run claims its key, so the same run again changes nothing, and a stopped one
can be run again. Reading is in `load.reading` and is offered here too.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from secrets import token_hex

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from load.audit import append, figures_digest
from load.connecting import Warehouse, connect, explained, this_machines_clock, writing
from load.contract import (
    AttritionRow,
    BatchRow,
    CheckRow,
    EvidenceRow,
    FigureRow,
    Loaded,
    LoadError,
    OvertakenError,
    QuestionVersion,
    RevisionRow,
    RunRow,
    key_again,
)
from load.measured import subject_of_run, subject_of_source
from load.migrating import migrate
from load.reading import (
    current_figures,
    figures_of,
    find_run,
    run_details,
    run_that_stands,
    run_with_key,
    stored_run,
    warehouse_status,
)
from load.schema import landed_batch
from load.storing import (
    store_checks,
    store_figures,
    store_reached,
    store_revision,
    store_run,
    store_tabulations,
    values_of,
)
from load.vintages import changed_figures, checked_parts, counted_breakdowns, dated, read_line, whole

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


def open_warehouse(url: str, *, who: str = "", clock: Callable[[], datetime] = this_machines_clock) -> Warehouse:
    """Connect to `sqlite:///FILE` or `postgresql://...`, and make or raise its schema to this version's.

    `who` signs what is written, `clock` (aware) dates it. Raises `LoadError` for an address that cannot be used, a
    database that does not answer, and one that a newer version made. Close it with `dispose()`, or use it in a `with`.
    """
    warehouse = replace(connect(url), who=who, clock=clock)
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
        connection.execute(insert(landed_batch), values_of(batch))
        subject = subject_of_source(batch.source_name)
        store_checks(connection, checks, batch.landed_at, subject=subject, batch=batch.batch)
        facts = {"statements": batch.statements, "repeated": batch.repeated, "refused": batch.refused}
        append(connection, warehouse, "landed", f"batch {batch.batch}", source=batch.source_name, **facts)
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
    *,
    parts: Sequence[RevisionRow] | None = None,
    after: int | None = None,
    waiting: Callable[[], None] = lambda: None,
) -> Loaded:
    """Store a run with all that belongs to it in one transaction, checked before it is committed.

    `verify` gets the figures as read back through the same connection and returns the results of its checks, which
    are stored too. Where one of them stops the run, or `verify` raises, nothing is stored and `LoadError` is raised
    (with those checks); the caller then calls `record_stopped_run`. Where the same run is there already, also by
    somebody who loads it at this moment, nothing changes and the stored run is returned; unless other figures have
    stood since from the same records, then it becomes current again (`load.reading.run_that_stands`).

    Args:
        parts: why the figures differ from those of the vintage before, adding up cell by cell (`None`: not recounted).
        after: the number of the vintage that the parts were made against (`Line.last`); raises `OvertakenError` where
            another run has become current meanwhile.
        waiting: called once where another writer is in the way.
    """
    if run.run_key is None:
        raise ValueError("a run that is to be loaded needs its key")
    key = run.run_key
    with explained(warehouse):
        try:
            with writing(warehouse, f"question {run.question}", waiting) as connection:
                stored = run_that_stands(connection, key)
                if stored is not None:
                    return Loaded(stored, already_there=True)
                line = read_line(connection, run.question, run.unit, run.period)
                if run_with_key(connection, key) is not None:
                    key = key_again(key, line.last)
                row = replace(run, run_key=key, finished_at=dated(connection, warehouse, run.question))
                ahead = line.is_ahead(row)
                if ahead and after not in (None, line.last):
                    raise _overtaken(warehouse, row)
                vintage = line.last + 1 if ahead else None
                salt = token_hex(16)
                run_id = store_run(connection, warehouse, version, row, state="completed", vintage=vintage, salt=salt)
                store_tabulations(connection, run_id, counted_breakdowns(row, figures))
                if ahead:
                    store_figures(
                        connection, run_id, row, changed_figures(connection, row, figures, notes, line), vintage
                    )
                    store_revision(connection, run_id, checked_parts(line, row, figures, parts))
                else:
                    store_figures(connection, run_id, row, whole(figures), None)
                store_reached(connection, run_id, attrition, evidence, notes)
                found = _verified(warehouse, verify, figures_of(connection, run_id))
                subject = subject_of_run(row.question, row.unit, row.period)
                store_checks(connection, [*checks, *found], row.finished_at, subject=subject, run_id=run_id)
                said = {"run": run_id, "key": row.run_key, "vintage": vintage}
                digest = figures_digest(figures, salt)
                append(connection, warehouse, "ran", f"{row.question} {row.period}", **said, figures=digest)
                return Loaded(stored_run(connection, run_id), already_there=False)
        except IntegrityError:
            # Writers of one question wait for each other, so this is a key that another question's run took meanwhile.
            stored = find_run(warehouse, key)
            if stored is None:
                raise
            return Loaded(stored, already_there=True)


def record_stopped_run(
    warehouse: Warehouse, version: QuestionVersion, run: RunRow, reason: str, checks: Sequence[CheckRow]
) -> int:
    """Note a run that was stopped, and why: no figures, no value, no claim on its key. Returns its number."""
    bare = replace(run, run_key=None, value=None, status=None, weak_units=None, incomplete_statements=None)
    with explained(warehouse), writing(warehouse, f"question {run.question}") as connection:
        row = replace(bare, finished_at=dated(connection, warehouse, run.question))
        run_id = store_run(connection, warehouse, version, row, state="stopped", stop_reason=reason)
        subject = subject_of_run(row.question, row.unit, row.period)
        store_checks(connection, checks, row.finished_at, subject=subject, run_id=run_id)
        append(connection, warehouse, "ran", f"{row.question} {row.period}", run=run_id, stopped=reason)
    return run_id


def _overtaken(warehouse: Warehouse, row: RunRow) -> OvertakenError:
    return OvertakenError(
        f"another run of {row.question} became current for {row.period} meanwhile",
        where=warehouse.place,
        remedy="Nothing was stored; run again",
        passing=True,
    )


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
