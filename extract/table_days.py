"""Days of a table extract: the hash of each day, and the records in Arrow batches."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from extract.contract import PARSED
from extract.mapping import Mapping
from extract.table_files import Array
from extract.table_order import BATCH_ROWS, read_sorted
from extract.table_rows import RECORD_COLUMNS


@dataclass(frozen=True, slots=True)
class Day:
    """A statement: `first` is the position of its first row in the sorted spool, `results` counts results."""

    day: date
    first: int
    results: int
    complete: bool
    payload_hash: str


def empty_statement_case_key(statement_key: str) -> str:
    """Case key of the one row that stands for a day without results; its strength is `weak`."""
    return f"none:{statement_key}"


def days_of(
    in_order: Path | None,
    covers: tuple[date, date] | None,
    bad_days: dict[date, list[str]],
    *,
    whole: bool,
    all_read: bool,
) -> list[Day]:
    """Every day that the extract speaks about, in order.

    Args:
        in_order: rows as `table_order.sorted_rows` left them.
        covers: days that the extract restates, rows or not.
        bad_days: hashes of the rows that were set aside, by their day.
        whole: nothing was set aside that could belong to any day.
        all_read: every file could be read, so that a covered day without rows is empty.
    """
    counts: dict[date, tuple[int, int]] = {}
    digests: dict[date, hashlib._Hash] = {}
    for batch in read_sorted(in_order, ["hearing_date", "has_result", "row_digest"]):
        # Days are runs of the sorted rows: one joined text of digests for each run is hashed.
        runs: Array = pc.call_function("run_end_encode", [batch.column("hearing_date")])
        ends = pa.concat_arrays([pa.array([0], pa.int32()), runs.run_ends])
        joined: Array = pc.binary_join(pa.ListArray.from_arrays(ends, batch.column("row_digest")), "")
        results: Array = batch.column("has_result")
        for day, start, end, text in zip(
            runs.values.to_pylist(), ends.to_pylist(), ends.to_pylist()[1:], joined.to_pylist(), strict=False
        ):
            rows, with_result = counts.get(day, (0, 0))
            counts[day] = rows + end - start, with_result + (results.slice(start, end - start).true_count)
            digests.setdefault(day, hashlib.sha256()).update(text.encode())
    days = set(counts) | set(bad_days)
    if covers and all_read:
        days |= {covers[0] + timedelta(n) for n in range((covers[1] - covers[0]).days + 1)}
    made, first = [], 0
    for day in sorted(days):
        rows, with_result = counts.get(day, (0, 0))
        bad = sorted(bad_days.get(day, ()))
        complete = whole and not bad
        content = digests.get(day, hashlib.sha256()).hexdigest()
        made.append(Day(day, first, with_result, complete, _day_hash(content, bad, complete)))
        first += rows
    return made


def _day_hash(content: str, bad: Sequence[str], complete: bool) -> str:
    """Payload hash of a day: its usable rows, the rows set aside, and whether it is complete.

    `content` is the SHA-256 of the sorted row digests (hex, joined), `bad` the sorted hashes of rows that
    were set aside. Completeness is part of it so that a day that is mended is a new statement.
    """
    return hashlib.sha256(
        "\n".join(("courtstats/table-day@1", content, *bad, "complete" if complete else "incomplete")).encode()
    ).hexdigest()


def record_batches(
    in_order: Path | None, days: Sequence[Day], mapping: Mapping, received_at: datetime, file: str
) -> Iterator[pa.RecordBatch]:
    """Rows with results as they lie in the spool, then one row for each day without."""
    known: Array = pa.array([day.day for day in days], pa.date32())
    hashes, complete, firsts = (
        pa.array([getattr(day, name) for day in days]) for name in ("payload_hash", "complete", "first")
    )
    position = 0
    for batch in read_sorted(in_order, [*RECORD_COLUMNS, "has_result"]):
        positions = pa.array(np.arange(position, position + batch.num_rows))
        position += batch.num_rows
        which = pc.index_in(batch.column("hearing_date"), known)
        columns = {name: batch.column(name) for name in RECORD_COLUMNS} | {
            "payload_hash": hashes.take(which),
            "statement_complete": complete.take(which),
            "offence_index": pc.add(pc.subtract(positions, firsts.take(which)), 1),
            "result_index": _repeated(1, pa.int32(), batch.num_rows),
            "case_key_strength": _repeated("strong", pa.string(), batch.num_rows),
        }
        with_result: Array = batch.column("has_result")
        record = _record(columns, mapping, received_at, batch.num_rows).filter(with_result)
        if record.num_rows:
            yield record
    empty = [day for day in days if not day.results]
    for at in range(0, len(empty), BATCH_ROWS):
        some = empty[at : at + BATCH_ROWS]
        yield _record(
            {
                "hearing_date": pa.array([day.day for day in some], pa.date32()),
                "source_file": _repeated(file, pa.string(), len(some)),
                "payload_hash": pa.array([day.payload_hash for day in some]),
                "statement_complete": pa.array([day.complete for day in some]),
                "case_key": pa.array([empty_statement_case_key(mapping.statement_key(day.day)) for day in some]),
                "case_key_strength": _repeated("weak", pa.string(), len(some)),
            },
            mapping,
            received_at,
            len(some),
        )


def _record(columns: dict[str, Array], mapping: Mapping, received_at: datetime, n: int) -> pa.RecordBatch:
    """The columns in schema `PARSED`: what all rows share is added, what is not given is null."""
    day = columns["hearing_date"]
    shared = {
        "source_name": mapping.source,
        "source_format": "table",
        "source_system": mapping.system,
        "received_at": received_at,
        "stated_at": received_at,
        "hearing_date_basis": "column",
        "case_index": 1,
    }
    columns = columns | {
        "statement_key": pc.binary_join_element_wise(mapping.key_start, day.cast(pa.string()), ""),
        "hearing_month": pc.utf8_slice_codeunits(day.cast(pa.string()), 0, 7),
    }
    arrays = [
        columns[f.name].cast(f.type) if f.name in columns else _repeated(shared.get(f.name), f.type, n) for f in PARSED
    ]
    table = pa.Table.from_arrays(arrays, names=PARSED.names).cast(PARSED)  # the cast refuses nulls where none may be
    return table.combine_chunks().to_batches()[0] if n else pa.RecordBatch.from_pylist([], PARSED)


def _repeated(value: object, kind: pa.DataType, n: int) -> Array:
    scalar: Any = pa.scalar(value, kind)
    return pa.repeat(scalar, n)
