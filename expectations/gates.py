"""The three gates. Each returns the outcome of every one of its rules; the caller decides with `stops`.

Great Expectations is imported when there is something to check, not before: that takes seconds.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from expectations.contract import Outcome
from expectations.judging import measured
from expectations.landed_tables import COUNTING_TABLES, KNOWN, LANDED_TABLES
from expectations.rule import Rule
from expectations.rules_counted import COUNTED
from expectations.rules_landed import LANDED
from expectations.rules_loaded import LOADED
from expectations.thresholds import Threshold, load_thresholds, threshold_of, thresholds_hash

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

__all__ = ["Arrived", "check_counted", "check_landed", "check_loaded", "thresholds_hash"]

_FIGURES = {"period": "string", "cell": "string", "value": "int64", "status": "string"}
_ATTRITION = {"position": "int64", "step": "string", "rows": "int64", "units": "int64"}
_EVIDENCE = {"name": "string", "units": "int64"}


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a landing says of itself: the source, and how many files, new statements, rows of these (`results`),
    statements that were known already, and things refused there were."""

    source_name: str
    files: int
    statements: int
    results: int
    repeated: int
    refused: int


def check_landed(
    files: Sequence[str],
    *,
    newest_batch: int,
    batches: tuple[int, int] | None = None,
    first: date | None = None,
    last: date | None = None,
    as_known_at: datetime | None = None,
    counting: bool = False,
    question: str | None = None,
    arrived: Arrived | None = None,
    as_at: date | None = None,
) -> list[Outcome]:
    """Check landed records, in DuckDB over the files themselves: each source by itself (the outcome's segment).

    Args:
        files: Parquet files of the records store (`extract.contract.RECORDS` without `hearing_month`); none:
            every rule holds.
        newest_batch: leave out later landings.
        batches: first and last landing to check, both included.
        first, last: days of hearing to check, both included.
        as_known_at: leave out what was received later (with a time zone).
        counting: check only statements that count, so that a fault which a later one has put right holds
            nothing back.
        question: leave out rules that are about other questions alone; None: check all.
        arrived: what the landing says of itself; None: the rules on landings are left out.
        as_at: the day that decides which thresholds have expired; None: that of `as_known_at`, without it none has.

    Raises:
        ExceptionGroup: of GateError, where thresholds.csv cannot be used.
    """
    rules = [
        r
        for r in LANDED
        if (arrived or r.over != "landing") and (question is None or not r.questions or question in r.questions)
    ]
    limits = _limits(rules, as_at or (as_known_at.date() if as_known_at else None))
    if not files and not (arrived and arrived.files):
        return [one for rule in rules for one in measured(rule, (), limits[rule.id])]
    import duckdb
    from duckdb import ColumnExpression as Column
    from duckdb import ConstantExpression as Constant

    from expectations.running import database, run_rules

    low, high = batches or (None, None)
    conditions = [Column("landed_batch") <= Constant(newest_batch)]
    for column, at_least, at_most in (
        ("landed_batch", low, high),
        ("hearing_date", first, last),
        ("received_at", None, as_known_at),
    ):
        if at_least is not None:
            conditions.append(Column(column) >= Constant(at_least))
        if at_most is not None:
            conditions.append(Column(column) <= Constant(at_most))
    tables: set[str] = set()
    with database() as (connection, url):
        if arrived:
            connection.execute(
                "create table landing "
                "(source_name text, files bigint, statements bigint, results bigint, repeated bigint, refused bigint)"
            )
            connection.execute("insert into landing values (?, ?, ?, ?, ?, ?)", astuple(arrived))
            tables.add("landing")
        if not files:
            empty = [one for rule in rules if rule.over != "landing" for one in measured(rule, (), limits[rule.id])]
            on_landing = [rule for rule in rules if rule.over == "landing"]
            return [*empty, *run_rules(url, on_landing, frozenset(tables), limits)]
        try:
            records = connection.read_parquet(list(files))
            for condition in conditions:
                records = records.filter(condition)
            records.create_view("known" if counting else "records")
            if counting:
                for statement in COUNTING_TABLES:
                    connection.execute(statement)
            connection.execute(KNOWN)
            tables.add("records")
        except duckdb.Error:
            pass  # the rules over what could not be made are reported as such; the message may hold a value
        for name, statement in LANDED_TABLES.items() if "records" in tables else ():
            try:
                connection.execute(statement)
                tables.add(name)
            except duckdb.Error:
                pass  # as above
        return run_rules(url, rules, frozenset(tables), limits)


def check_counted(
    figures: "pd.DataFrame",
    attrition: "pd.DataFrame",
    evidence: "pd.DataFrame",
    breakdowns: Collection[Sequence[str]],
) -> list[Outcome]:
    """Check one answer before it is loaded.

    Args:
        figures: `period`, `cell` (canonical JSON, `{}` is the total), `value` (nullable integer), `status`.
        attrition: `position`, `step`, `rows`, `units`.
        evidence: `name`, `units`.
        breakdowns: the combinations of attributes that were asked for.

    Raises:
        ExceptionGroup: of GateError, where thresholds.csv cannot be used.
    """
    import pandas as pd

    if "cell" in figures:
        figures = figures.assign(breakdown=figures["cell"].map(_breakdown))
    asked = pd.DataFrame({"breakdown": [",".join(sorted(combination)) for combination in breakdowns]})
    return _check_frames(
        COUNTED,
        {
            "figures": (figures, _FIGURES | {"breakdown": "string"}),
            "attrition": (attrition, _ATTRITION),
            "evidence": (evidence, _EVIDENCE),
            "asked": (asked, {"breakdown": "string"}),
        },
    )


def check_loaded(computed: "pd.DataFrame", stored: "pd.DataFrame") -> list[Outcome]:
    """Check that the warehouse holds what was computed: the same cells, values and statuses, no more, no fewer.

    Args:
        computed, stored: `period`, `cell`, `value` (nullable integer), `status`.

    Raises:
        ExceptionGroup: of GateError, where thresholds.csv cannot be used.
    """
    return _check_frames(LOADED, {"computed": (computed, _FIGURES), "stored": (stored, _FIGURES)})


def _check_frames(
    rules: Sequence[type[Rule]], frames: Mapping[str, tuple["pd.DataFrame", dict[str, str]]]
) -> list[Outcome]:
    from expectations.running import database, run_rules

    limits = _limits(rules, None)
    with database() as (connection, url):
        tables = frozenset(name for name, (frame, types) in frames.items() if _store(connection, name, frame, types))
        return run_rules(url, rules, tables, limits)


def _limits(rules: Sequence[type[Rule]], as_at: date | None) -> dict[str, Threshold]:
    thresholds = load_thresholds()
    return {rule.id: threshold_of(rule, thresholds, as_at) for rule in rules}


def _store(con: "duckdb.DuckDBPyConnection", name: str, frame: "pd.DataFrame", types: Mapping[str, str]) -> bool:
    """A frame as a table; a column that is missing or not of its type is left out, and its rules cannot run."""
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for column, type_ in types.items():
        try:
            columns[column] = pa.array(frame[column], type=type_, from_pandas=True)
        except (KeyError, pa.ArrowInvalid, pa.ArrowTypeError):
            continue
    if columns:
        con.from_arrow(pa.table(columns)).create(name)
    return bool(columns)


def _breakdown(cell: object) -> str | None:
    """Names of a cell's attributes joined by commas; None where the cell is not canonical JSON."""
    try:
        parsed = json.loads(cell) if isinstance(cell, str) else None
    except ValueError:
        return None
    if not isinstance(parsed, dict):
        return None
    canonical = json.dumps(parsed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return ",".join(parsed) if canonical == cell else None
