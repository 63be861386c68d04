"""Statements to rows of the hearing-result record, in Arrow batches."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from extract.contract import PARSED, Result, Statement

ROWS_PER_BATCH = 16_384
_RESULT_FIELDS = tuple(f for f in Result.__dataclass_fields__)
_STATEMENT_FIELDS = tuple(f for f in Statement.__dataclass_fields__ if f != "results")


def rows(statement: Statement) -> Iterator[dict[str, Any]]:
    """One dict per result, in the columns of `PARSED`; a statement without results is one row."""
    head = {name: getattr(statement, name) for name in _STATEMENT_FIELDS}
    head["hearing_month"] = f"{statement.hearing_date:%Y-%m}"
    if not statement.results:
        yield head | dict.fromkeys(_RESULT_FIELDS)
    for result in statement.results:
        yield head | {name: getattr(result, name) for name in _RESULT_FIELDS}


def batches(statements: Iterable[tuple[int, Statement]]) -> Iterator[pa.RecordBatch]:
    """Arrow batches (schema `PARSED` plus `delivery`, the number of the file in this landing).

    Columns are filled statement by statement: the twenty-two columns that a statement shares with all
    its results are repeated as lists, which is several times quicker than a dict for every row.
    """
    columns: dict[str, list[Any]] = {name: [] for name in STAGED.names}
    size = 0
    for delivery, statement in statements:
        results = statement.results
        height = len(results) or 1
        for name in _STATEMENT_FIELDS:
            columns[name].extend([getattr(statement, name)] * height)
        columns["hearing_month"].extend([f"{statement.hearing_date:%Y-%m}"] * height)
        columns["delivery"].extend([delivery] * height)
        for name in _RESULT_FIELDS:
            columns[name].extend([getattr(r, name) for r in results] if results else [None])
        size += height
        if size >= ROWS_PER_BATCH:
            yield _batch(columns)
            columns = {name: [] for name in STAGED.names}
            size = 0
    if size:
        yield _batch(columns)


STAGED = PARSED.append(pa.field("delivery", pa.int32(), nullable=False))
"""`PARSED` and the position, in this landing, of the file that a row was read from."""


def with_delivery(batches: Iterable[pa.RecordBatch], delivery: int = 0) -> Iterator[pa.RecordBatch]:
    """`PARSED` batches as `STAGED` ones: all rows belong to one delivery."""
    for batch in batches:
        column = pa.repeat(pa.scalar(delivery, pa.int32()), batch.num_rows)
        yield pa.RecordBatch.from_arrays([*batch.columns, column], schema=STAGED)


def _batch(columns: dict[str, list[Any]]) -> pa.RecordBatch:
    arrays = [pa.array(columns[field.name], field.type) for field in STAGED]
    return pa.RecordBatch.from_arrays(arrays, schema=STAGED)
