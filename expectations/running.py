"""Running rules with Great Expectations over tables in DuckDB. Importing this takes seconds: gates do it late."""

import atexit
import logging
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import duckdb
import duckdb_engine
import great_expectations as gx
from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.expectations.metadata_types import FailureSeverity
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

from expectations.contract import Outcome
from expectations.judging import measured
from expectations.rule import Rule
from expectations.thresholds import Threshold

_ROWS = "unexpected_rows_query.table"
_RESULT_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 0}
_COULD_NOT_RUN = "Check that the columns are those of the contract and that the files can be read; then run again"
# GX logs the exceptions that it meets, and the message of one may hold a value.
logging.getLogger("great_expectations").setLevel(logging.CRITICAL + 1)
# Imported together with GX, duckdb-engine outlives the interpreter's end and DuckDB prints "nanobind: leaked"
# there, whatever was closed. At exit nothing uses it any more: let go of what it refers to.
atexit.register(vars(duckdb_engine).clear)


class CountingExpectation(UnexpectedRowsExpectation):
    """A rule's query, which returns one row: the counts of each part; each must be within the limit by itself.

    The parent runs a query twice, once for its rows and once to count them; this one needs its one row.
    """

    limit_kind: str
    limit: float
    metric_dependencies = (_ROWS,)
    success_keys = ("unexpected_rows_query", "limit_kind", "limit")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: object = None,  # noqa: ARG002 - the names are GX's
        execution_engine: object = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        (row,) = metrics[_ROWS]
        parts = [tuple(part.values()) if isinstance(part, dict) else tuple(part) for part in row["parts"] or ()]
        threshold = Threshold("", self.limit_kind, self.limit)
        unexpected = sum(part[2] for part in parts)
        return {
            "success": all(threshold.tolerates(part[1], part[2]) for part in parts),
            "result": {
                "observed_value": unexpected,
                "element_count": sum(part[1] for part in parts),
                "unexpected_count": unexpected,
                "details": {"parts": [list(part) for part in parts]},
            },
        }


@contextmanager
def database() -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A database in memory, and the URL under which Great Expectations opens the same one; gone at the end."""
    url = f"duckdb:///:memory:gate-{uuid4().hex}"
    engine = create_engine(url)  # the engine's own settings, else DuckDB refuses to share the database
    try:
        with engine.connect() as connection, TemporaryDirectory() as overflow:
            own: Any = connection.connection.driver_connection
            own.execute("set temp_directory = $folder", {"folder": overflow})  # else the current folder
            yield own, url
    finally:
        engine.dispose()


def run_rules(
    url: str, rules: Sequence[type[Rule]], tables: frozenset[str], limits: Mapping[str, Threshold]
) -> list[Outcome]:
    """The outcomes of each rule, in the order given: one for each of its parts, one where it has none or could not run.

    A rule whose table is not in `tables` could not run. A context of GX for each gate costs some 4 ms, beside
    some 5 ms for each rule, so none is kept between gates.
    """
    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
    )
    source = context.data_sources.add_sql("gate", connection_string=url)
    engine = source.get_execution_engine().engine
    event.listen(engine, "after_cursor_execute", _keep_rows)
    found: dict[str, list[Outcome]] = {}
    try:
        for table in sorted(tables):
            of_table = [rule for rule in rules if rule.over == table]
            if of_table:
                found |= _outcomes(validate(source, table, of_table, limits), of_table, limits)
    finally:
        _dispose(engine, source.get_engine())
    return [outcome for rule in rules for outcome in found.get(rule.id, [not_run(rule, limits)])]


def validate(
    source: Any, table: str, rules: Sequence[type[Rule]], limits: Mapping[str, Threshold]
) -> ExpectationSuiteValidationResult:
    """Great Expectations' own result of the rules over one table."""
    suite = gx.ExpectationSuite(
        name=table,
        expectations=[
            CountingExpectation(
                unexpected_rows_query=rule.sql(),
                limit_kind=limits[rule.id].kind,
                limit=limits[rule.id].limit,
                severity=FailureSeverity(rule.severity),
                meta={"rule": rule.id},
            )
            for rule in rules
        ],
    )
    batch = source.add_table_asset(table, table_name=table).add_batch_definition_whole_table("all").get_batch()
    result: ExpectationSuiteValidationResult = batch.validate(suite, result_format=_RESULT_FORMAT)
    return result


def not_run(rule: type[Rule], limits: Mapping[str, Threshold]) -> Outcome:
    """The outcome of a rule that could not run."""
    sentence = f"Could not be checked: {rule.sentence[0].lower()}{rule.sentence[1:]}"
    limit = limits[rule.id]
    return Outcome(
        rule.gate, rule.id, rule.severity, "error", None, None, sentence, _COULD_NOT_RUN, "", limit.kind, limit.limit
    )


def _outcomes(
    result: ExpectationSuiteValidationResult, rules: Sequence[type[Rule]], limits: Mapping[str, Threshold]
) -> dict[str, list[Outcome]]:
    by_id = {rule.id: rule for rule in rules}
    found: dict[str, list[Outcome]] = {}
    for one in result.results:  # in GX's own order
        configuration, counts = one.expectation_config, one.result
        assert configuration is not None
        rule = by_id[configuration.meta["rule"]]
        # A rule that could not run has no counts, whatever the shape of its exception_info.
        if "element_count" not in counts:
            found[rule.id] = [not_run(rule, limits)]
        else:
            found[rule.id] = measured(rule, counts["details"]["parts"], limits[rule.id])
    return found


def _keep_rows(_connection: Any, cursor: Any, _statement: Any, _parameters: Any, context: Any, _many: Any) -> None:
    """Take the rows before GX closes the connection: duckdb-engine has them no more after that."""
    if cursor.description:
        context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
            cursor, cursor.description, deque(cursor.fetchall())
        )


def _dispose(*engines: Engine) -> None:
    for engine in engines:
        engine.dispose()
