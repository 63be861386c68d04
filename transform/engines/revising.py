"""Why the records moved a figure, found by DuckDB: both states of knowledge counted, and the units compared.

Everything stays in DuckDB until it is summed by cell, cause and landing: a landing of 100,000 late cases is a few rows.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from transform.answers import requested
from transform.contract import Answer
from transform.counting import FRAGMENTS, covers, units_sql
from transform.definition import Question
from transform.engines.duckdb import Records, bound, count_series, open_records, unit_asked
from transform.holds import holds_in_force
from transform.periods import Period, overlap
from transform.revising import OF_RECORDS, CellRevision, ReleasedFrom, given_parts

SQL = Path(__file__).resolve().parents[2] / "sql" / "revising"
_ENDING = (FRAGMENTS / "units-answer.sql").read_text(encoding="utf-8").rstrip("\n")
_DEFENDANT = "concat_ws('|', case_key, coalesce(defendant_key, ''))"
_APPLICATION = f"coalesce(application_key, {_DEFENDANT})"
HOLDERS: dict[str, str] = {
    "case": "case_key",
    "defendant": _DEFENDANT,
    "application": _APPLICATION,
    "order": f"concat_ws('|', {_APPLICATION}, coalesce(defendant_key, ''))",
}
"""Whom a result is of, for each unit: the key of the unit without what the result says."""


def record_revisions(
    question: Question,
    before: Records,
    after: Records,
    periods: Sequence[Period],
    by: Sequence[Sequence[str]] | None = None,
    *,
    unit: str | None = None,
    key: bytes,
    now: datetime,
    released: Sequence[ReleasedFrom] = (),
    counted: tuple[Sequence[Answer], Sequence[Answer]] | None = None,
) -> list[CellRevision]:
    """Why each figure differs between two states of knowledge: parts that add up to the difference.

    What the causes mean is in `transform.revising`. Parts come by period, combination (the total first), cell, cause
    and landing. A figure that is held has none; one without data counts as zero.

    Args:
        question: the definition by which both are counted.
        before, after: what was known; `after` knows all that `before` does, from the same landings and later ones, and
            has the same precedence. Its files are read for both.
        periods: as for `count_series`; `by`, `unit`, `key` and `now` too.
        released: what landings let out of quarantine.
        counted: the answers of both to the same periods, breakdowns and unit, where they are at hand; else they are
            counted for the proof.

    Raises:
        TransformError: as `count_series`.
        ValueError: `after` knows less than `before`, or has another precedence.
        ArithmeticError: the parts do not add up, or a unit has no cause. Then counting itself is at fault.
    """
    if after.newest_batch < before.newest_batch or after.as_known_at < before.as_known_at:
        raise ValueError("the later state of knowledge knows less than the earlier one")
    if set(after.precedence) != set(before.precedence):
        raise ValueError("both states of knowledge need the same precedence of sources")
    if counted is None:
        counted = (
            count_series(question, before, periods, by, unit=unit, key=key, now=now),
            count_series(question, after, periods, by, unit=unit, key=key, now=now),
        )
    combinations = requested(question, by)
    counted_in = unit_asked(question, unit)
    asked = replace(question, breakdowns=replace(question.breakdowns, allowed=combinations), evidence=())
    held = [
        days
        for period in periods
        for hold in holds_in_force(question, period, now)
        if (days := overlap(hold.period, period))
    ]
    with open_records(asked, after, periods, held, key) as connection:
        rows = _parts(connection, asked, counted_in, before, after, periods, released)
    parts = [
        CellRevision(
            periods[number - 1].label,
            tuple(zip(combinations[combination - 1], cell, strict=True)) if combination else (),
            cause,
            by_,
            batch,
        )
        for combination, number, cell, cause, batch, by_ in rows
    ]
    return given_parts(parts, *counted)


def _parts(
    connection: duckdb.DuckDBPyConnection,
    question: Question,
    unit: str,
    before: Records,
    after: Records,
    periods: Sequence[Period],
    released: Sequence[ReleasedFrom],
) -> list[tuple[Any, ...]]:
    """Rows of (combination, period number, cell, cause, landing, by); see `sql/revising/parts.sql`."""
    own = {"known_before": before.as_known_at, "batch_before": before.newest_batch}
    connection.execute(_text("untouched"), bound(after, periods) | own)
    left = [periods[number - 1] for (number,) in connection.execute("select number from asked_period").fetchall()]
    if not left:
        return []
    later = bound(after, left)
    earlier = later | {"as_known_at": before.as_known_at, "newest_batch": before.newest_batch}
    known = _known_sql(question, unit)
    connection.execute(f"create temp table known_before as {known}", earlier)
    connection.execute(f"create temp table known_after as {known}", later)
    connection.execute(_text("changed"))
    if not connection.execute("select 1 from changed_unit limit 1").fetchall():
        return []
    connection.execute("create temp table released (batch bigint, file varchar, first_day date, last_day date)")
    if released:
        lines = [[r.batch, r.file and r.file.replace("#", "!"), r.first_day, r.last_day] for r in released]
        connection.executemany("insert into released values (?, ?, ?, ?)", lines)
    causes = _text("causes").replace("{{holder}}", HOLDERS[unit]).replace("{{covers}}", covers(question))
    connection.execute(causes, later | own | {"causes": list(OF_RECORDS)})
    if connection.execute("select 1 from unit_cause where cause is null limit 1").fetchall():
        raise ArithmeticError(f"{question.id}: a {unit} counts otherwise and no statement says why")
    return connection.execute(_text("parts"), {"causes": list(OF_RECORDS)}).fetchall()


def _known_sql(question: Question, unit: str) -> str:
    """What a state of knowledge counts: the named steps of the counting statement, and what is asked of them."""
    counting = units_sql(question, unit).rstrip("\n")
    if not counting.endswith(_ENDING):
        raise ValueError("units-answer.sql no longer ends the statement of the units")
    of_combination = [", ".join(f"by_{name}::varchar" for name in one) for one in question.breakdowns.allowed]
    cells = f"[{', '.join(f'[{one}]' for one in of_combination)}]::varchar[][]"
    parts = {"cells": cells, "holder": HOLDERS[unit], "counted": f"step_{len(question.steps)}"}
    asked = _text("known")
    for name, text in parts.items():
        asked = asked.replace(f"{{{{{name}}}}}", text)
    return counting.removesuffix(_ENDING) + asked


def _text(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
