"""Rows of a table extract in the order of their days and content, each with the digest of its content.

The digest of a row is SHA-256 over `column=length in bytes:value;` of every column that has a value, by name, so
a column added later changes nothing while it is empty.

Rows go from the spool into buckets, files of a range of days each, and every bucket is sorted by itself: memory
holds one bucket. A day too large for one is divided by the first bits of the digest, which are even. Only equal
rows have equal digests, and so many of them that they fill buckets are left to DuckDB, which sorts on the disk.
"""

import binascii
import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from extract.table_files import Array
from extract.table_rows import SPOOLED

BUCKET_ROWS = 100_000
MOST_BUCKETS = 2
"""How many times as many a bucket may hold and be sorted in memory: digests are not quite even."""
MEMORY = "256MB"
"""DuckDB beyond which what it sorts goes to the disk."""
THREADS = 2
"""Batches or buckets worked on at once; what remains of the work is Python's, one at a time."""
BATCH_ROWS = 65_536
_HASHED = sorted(set(SPOOLED.names) - {"source_file", "result_text", "result_text_digest", "has_result"})
_DIGEST = pa.field("row_digest", pa.binary(32))
_BUCKETED: pa.Schema = pa.schema([f for f in SPOOLED if f.name != "result_text_hash"]).append(_DIGEST)
SORTED: pa.Schema = _BUCKETED.set(len(_BUCKETED) - 1, pa.field("row_digest", pa.string()))
"""A row in order: a usable one, and the digest of its content in hex."""
_PACKED = pa.ipc.IpcWriteOptions(compression="lz4")


@dataclass(frozen=True, slots=True)
class _Buckets:
    """Which bucket a row belongs to: of each day (days since 1970, rising) the first one, and how many it has."""

    days: Any
    first: Any
    parts: Any
    count: int

    def of(self, days: Any, digests: Any) -> Any:
        """The bucket of each row; `digests` as an array of 32 bytes each."""
        at = np.searchsorted(self.days, days)
        start = digests[:, 0].astype(np.int64) * 256 + digests[:, 1]
        return self.first[at] + (start * self.parts[at] >> 16)


def sorted_rows(parts: Sequence[Path], spool: Path) -> Path | None:
    """All rows (Arrow file, schema `SORTED`) by day, digest and file; the parts (schema `SPOOLED`) are removed."""
    if not parts:
        return None
    buckets = _planned(parts)
    paths = [spool / f"bucket-{n:05}.arrow" for n in range(buckets.count)]
    filled: Counter[int] = Counter()
    target = spool / "sorted.arrow"
    with ThreadPoolExecutor(THREADS) as pool:
        with ExitStack() as stack:
            sinks = [stack.enter_context(pa.ipc.new_file(str(path), _BUCKETED, options=_PACKED)) for path in paths]
            for part in parts:
                for divided in _ahead(pool, lambda batch: _divided(batch, buckets), _spooled(part)):
                    for bucket, rows in divided:
                        sinks[bucket].write_batch(rows)
                        filled[bucket] += rows.num_rows
                part.unlink()
        with pa.ipc.new_file(str(target), SORTED, options=_PACKED) as sink:
            full = {path for bucket, path in enumerate(paths) if filled[bucket] > MOST_BUCKETS * BUCKET_ROWS}
            ordered = _ahead(pool, lambda path: _in_order_on_disk(path) if path in full else _in_order(path), paths)
            for path, rows in zip(paths, ordered, strict=True):
                for batch in rows:
                    sink.write_batch(batch)
                path.unlink()
    return target


def read_sorted(in_order: Path | None, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Some columns of the sorted rows, in batches."""
    if in_order:
        fields = sorted(SORTED.get_field_index(name) for name in columns)
        with pa.ipc.open_file(str(in_order), options=pa.ipc.IpcReadOptions(included_fields=fields)) as source:
            for number in range(source.num_record_batches):
                yield source.get_batch(number)


def _spooled(part: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(part) as file:
        yield from file.iter_batches(BATCH_ROWS, columns=list(columns) if columns else None)


def _planned(parts: Sequence[Path]) -> _Buckets:
    """Days that follow one another share a bucket until it is full."""
    rows: Counter[int] = Counter()
    for part in parts:
        for batch in _spooled(part, ["hearing_date"]):
            days, counts = np.unique(_days(batch), return_counts=True)
            rows.update(dict(zip(days.tolist(), counts.tolist(), strict=True)))
    first, divided = [], []
    bucket = filled = 0
    for day in sorted(rows):
        if filled and filled + rows[day] > BUCKET_ROWS:
            bucket, filled = bucket + 1, 0
        of_day = -(-rows[day] // BUCKET_ROWS)
        first.append(bucket)
        divided.append(of_day)
        bucket, filled = bucket + of_day - 1, filled + rows[day] // of_day
    return _Buckets(
        np.array(sorted(rows), np.int32), np.array(first, np.int64), np.array(divided, np.int64), bucket + 1
    )


def _ahead(pool: ThreadPoolExecutor, work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """What work makes of each item, in order; a few are worked on while the last one is used, not all."""
    waiting: deque[Future[Any]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) > THREADS:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _divided(batch: pa.RecordBatch, buckets: _Buckets) -> list[tuple[int, pa.RecordBatch]]:
    """The rows of a batch, with their digests, by bucket."""
    if not batch.num_rows:
        return []
    packed = _digests(batch)
    digests = np.frombuffer(packed, np.uint8).reshape(-1, 32)
    which = buckets.of(_days(batch), digests)
    order: Any = np.argsort(which, kind="stable")
    at: Any = pa.array(order)
    column = pa.FixedSizeBinaryArray.from_buffers(_DIGEST.type, batch.num_rows, [None, pa.py_buffer(packed)])
    columns = [batch.column(name) for name in _BUCKETED.names[:-1]]
    rows = pa.RecordBatch.from_arrays([*columns, column], schema=_BUCKETED).take(at)
    there, starts = np.unique(which[order], return_index=True)
    runs = pairwise([*starts.tolist(), batch.num_rows])
    return [(bucket, rows.slice(start, end - start)) for bucket, (start, end) in zip(there.tolist(), runs, strict=True)]


def _in_order(path: Path) -> Iterable[pa.RecordBatch]:
    """The rows of a bucket by day, digest and file."""
    with pa.ipc.open_file(str(path)) as source:
        whole: Any = source.read_all().to_struct_array().combine_chunks()
    rows = pa.RecordBatch.from_struct_array(whole)
    words = np.frombuffer(_packed(rows.column("row_digest")), ">u8").reshape(-1, 4).astype(np.uint64)
    files: Array = rows.column("source_file").dictionary_encode()
    names = files.dictionary.to_pylist()
    in_order = {name: rank for rank, name in enumerate(sorted(names))}
    rank = np.array([in_order[name] for name in names])[_int32(files.indices)]
    order: Any = pa.array(np.lexsort((rank, *(words[:, n] for n in (3, 2, 1, 0)), _days(rows))))
    ordered = rows.take(order)
    hexed = _hex(_packed(ordered.column("row_digest")))
    in_hex = pa.RecordBatch.from_arrays([*ordered.columns[:-1], hexed], schema=SORTED)
    return [in_hex.slice(start, BATCH_ROWS) for start in range(0, in_hex.num_rows, BATCH_ROWS)]


def _in_order_on_disk(path: Path) -> Iterator[pa.RecordBatch]:
    """The same of a bucket that memory should not hold."""
    names = ", ".join(SORTED.names[:-1])
    query = f"""
        select {names}, lower(hex(row_digest)) as row_digest from bucket
        order by hearing_date, bucket.row_digest, source_file
        """  # noqa: S608 - only column names of the contract
    with pa.ipc.open_file(str(path)) as source, duckdb.connect() as con:
        con.execute("set temp_directory = $folder", {"folder": str(path.with_suffix(".sorting"))})
        con.execute(f"set memory_limit = '{MEMORY}'")
        con.execute("set threads = 1")
        batches = (source.get_batch(n) for n in range(source.num_record_batches))
        con.register("bucket", pa.RecordBatchReader.from_batches(source.schema, batches))
        for batch in con.sql(query).to_arrow_reader(BATCH_ROWS):
            yield pa.RecordBatch.from_arrays([batch.column(f.name).cast(f.type) for f in SORTED], schema=SORTED)


def _days(rows: pa.RecordBatch) -> Any:
    """Days since 1970 of the hearing dates."""
    return _int32(rows.column("hearing_date"))


def _int32(column: Array) -> Any:
    """Four-byte values without nulls, as they lie in memory (Arrow's own way there imports pandas)."""
    return np.frombuffer(column.buffers()[1], np.int32, len(column), column.offset * 4)


def _digests(batch: pa.RecordBatch) -> bytes:
    """SHA-256 of the content of each row, one after the other."""
    said = [_said(name, batch.column(name)) for name in _HASHED if batch.column(name).null_count < batch.num_rows]
    content: Array = pc.binary_join_element_wise(*said, "")
    ends = np.frombuffer(content.buffers()[1], np.int32, len(content) + 1, content.offset * 4).tolist()
    data = memoryview(content.buffers()[2])
    sha256 = hashlib.sha256
    return b"".join([sha256(data[start:end]).digest() for start, end in pairwise(ends)])


def _said(name: str, column: Array) -> Array:
    """`name=length in bytes:value;` of each value, worked out once for equal ones; empty where there is none."""
    encoded = column.dictionary_encode()
    text = encoded.dictionary.cast(pa.string())
    length = pc.binary_length(text).cast(pa.string())
    said = pc.binary_join_element_wise(f"{name}=", length, ":", text, ";", "").take(encoded.indices)
    return pc.fill_null(said, "")


def _packed(column: Array) -> memoryview:
    """The bytes of digests, one after the other."""
    width = _DIGEST.type.byte_width
    start = column.offset * width
    return memoryview(column.buffers()[1])[start : start + len(column) * width]


def _hex(packed: memoryview) -> Array:
    """Digests as texts of hexadecimal digits."""
    text = binascii.hexlify(packed)
    ends = np.arange(0, len(text) + 1, 64, dtype=np.int32)
    return pa.StringArray.from_buffers(len(ends) - 1, pa.py_buffer(ends.tobytes()), pa.py_buffer(text))
