"""Files of a table extract: CSV or Parquet in, batches of text columns out; unmapped columns are never read.

Everything is text, so that leading zeros stay. A column with native dates (Parquet) becomes ISO text
and says so; a time with a zone is a day in Europe/London.
"""

import codecs
import csv
import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from extract.contract import ExtractError, Refusal
from extract.kinds import origin_of
from extract.mapping import Mapping, nearest
from extract.marks import mark_of

Array: TypeAlias = Any
"""An Arrow array; its stubs know too few of the compute functions."""
CSV_BLOCK_BYTES = 4 << 20
PARQUET_BATCH_ROWS = 65_536
_SCAN_BYTES = 1 << 20
_NO_HEADER = "No mapped column is in its first line: see that it has a header, and to `delimiter` in the mapping"
_NOT_TABLES = (b"PK\x03\x04", b"\x1f\x8b", b"<", b"\xef\xbb\xbf<", b"\xd0\xcf\x11\xe0", b"%PDF")


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that holds every mapped column: `columns` are ours to theirs."""

    path: Path
    name: str
    parquet: bool
    columns: dict[str, str]


@dataclass(frozen=True, slots=True)
class Rows:
    """A batch of rows: `numbers` are data rows of the file from 1; `columns` are ours, as text.

    `native` are the columns that held dates, not text: theirs is ISO text.
    """

    numbers: Array
    columns: dict[str, Array]
    native: frozenset[str]


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A CSV row that has not as many fields as the header: its number from 1, and a hash of its text."""

    number: int
    content_hash: str


class FileRefusedError(Exception):
    """The whole file cannot be used; `reason` is one of `extract.contract.REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def inspect(path: Path, name: str, mapping: Mapping) -> TableFile:
    """Find out what a file is and that it has every mapped column, before any row is read.

    Raises:
        FileRefusedError: it cannot be read, is no table, or is not UTF-8.
        ExceptionGroup: of `ExtractError`, one for each mapped column that it has not. Without any of them the
            first line of a CSV may be a row, so nothing of it is shown.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
        parquet = start == b"PAR1"
        if not start:
            raise FileRefusedError("unreadable")
        if not parquet and start.startswith(_NOT_TABLES):
            raise FileRefusedError("unknown-kind")
        names = pq.read_schema(path).names if parquet else _csv_header(path, mapping.delimiter)
    except (OSError, pa.ArrowInvalid, csv.Error):
        raise FileRefusedError("unreadable") from None
    faults = []
    shown = parquet or is_header(names, mapping)
    for ours, theirs in mapping.columns.items():
        if theirs not in names:
            what = f"there is no column {theirs!r}, which the mapping names for `{ours}`"
            faults.append(ExtractError(what, where=name, remedy=nearest(theirs, names) if shown else _NO_HEADER))
        elif names.count(theirs) > 1:
            what = f"the column {theirs!r}, which the mapping names for `{ours}`, is there more than once"
            faults.append(ExtractError(what, where=name, remedy="Rename one of them in the extract"))
    if faults:
        raise ExceptionGroup(f"{name}: the mapping {mapping.path} does not fit", faults)
    return TableFile(path, name, parquet, mapping.columns)


def is_header(names: Collection[str], mapping: Mapping) -> bool:
    """Whether the first line of a CSV holds names of columns, as far as it can be told: one that is mapped is there."""
    return any(theirs in names for theirs in mapping.columns.values())


def read(file: TableFile, delimiter: str, unreadable: Callable[[UnreadableRow], None]) -> Iterator[Rows]:
    """Batches of the mapped columns, as text, in the order of the file.

    Raises:
        FileRefusedError: the rest of the file cannot be read; what came before is not to be used either.
        ExtractError: a mapped Parquet column holds lists, structs or the like.
    """
    try:
        yield from _read_parquet(file) if file.parquet else _read_csv(file, delimiter, unreadable)
    except (OSError, pa.ArrowInvalid):
        raise FileRefusedError("unreadable") from None


def refused_file(path: Path, name: str, reason: str) -> Refusal:
    """The refusal of a whole file, with the hash of its bytes, or its mark where they cannot be read."""
    return Refusal(reason, name, "file", mark_of(origin_of(path)))


def _csv_header(path: Path, delimiter: str) -> list[str]:
    """Names in the first record, once the whole file is known to be UTF-8 without NUL."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(_SCAN_BYTES):
                if b"\0" in block:
                    raise FileRefusedError("bad-encoding")
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise FileRefusedError("bad-encoding") from None
    with path.open(encoding="utf-8-sig", newline="") as text:
        return next((row for row in csv.reader(text, delimiter=delimiter) if row), [])


def _read_csv(file: TableFile, delimiter: str, unreadable: Callable[[UnreadableRow], None]) -> Iterator[Rows]:
    theirs = list(dict.fromkeys(file.columns.values()))
    skipped: list[int] = []

    def skip(row: pacsv.InvalidRow) -> Literal["skip", "error"]:
        number = (row.number or 0) - 1  # records are numbered from 1, the header is the first
        skipped.append(number)
        unreadable(UnreadableRow(number, hashlib.sha256((row.text or "").encode()).hexdigest()))
        return "skip"

    reader = pacsv.open_csv(
        file.path,
        # Only a single thread knows the number of a row that it cannot read.
        read_options=pacsv.ReadOptions(use_threads=False, block_size=CSV_BLOCK_BYTES),
        parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip),
        convert_options=pacsv.ConvertOptions(
            include_columns=theirs, column_types=dict.fromkeys(theirs, pa.string()), strings_can_be_null=False
        ),
    )
    usable = 0
    with reader:
        for batch in reader:
            columns = {ours: batch.column(name) for ours, name in file.columns.items()}
            yield Rows(_numbers(usable, batch.num_rows, skipped), columns, frozenset())
            usable += batch.num_rows


def _numbers(before: int, count: int, skipped: list[int]) -> Array:
    """Data row numbers of `count` usable rows after `before` others, given the numbers that were skipped."""
    ranks = np.arange(before + 1, before + count + 1, dtype=np.int64)
    gaps = np.asarray(skipped, dtype=np.int64) - np.arange(len(skipped), dtype=np.int64)
    return pa.array(ranks + np.searchsorted(gaps, ranks, side="right"), pa.int64())


def _read_parquet(file: TableFile) -> Iterator[Rows]:
    before = 0
    with pq.ParquetFile(file.path) as source:
        for batch in source.iter_batches(PARQUET_BATCH_ROWS, columns=list(dict.fromkeys(file.columns.values()))):
            columns, native = {}, set()
            for ours, theirs in file.columns.items():
                columns[ours], is_date = as_text(batch.column(theirs), file.name, theirs)
                if is_date:
                    native.add(ours)
            yield Rows(_numbers(before, batch.num_rows, []), columns, frozenset(native))
            before += batch.num_rows


def as_text(column: Array, name: str, theirs: str) -> tuple[Array, bool]:
    """A column of any plain type as text, and whether it held dates: theirs is ISO text, of the day in London.

    Raises:
        ExtractError: its type has no text.
        FileRefusedError: a text is not UTF-8 or holds NUL.
    """
    kind = column.type
    is_date = pa.types.is_date(kind) or pa.types.is_timestamp(kind)
    try:
        if pa.types.is_timestamp(kind):
            if kind.tz:
                column = pc.local_timestamp(column.cast(pa.timestamp(kind.unit, "Europe/London")))
            column = pc.floor_temporal(column, unit="day").cast(pa.date32())
        elif pa.types.is_date(kind):
            column = column.cast(pa.date32())
        text = column.cast(pa.string())
        text.validate(full=True)
    except pa.ArrowNotImplementedError:
        raise ExtractError(f"the column {theirs!r} is of type {kind} and has no text", where=name) from None
    except pa.ArrowInvalid:
        raise FileRefusedError("bad-encoding") from None
    if pc.any(pc.match_substring(text, "\0")).as_py():
        raise FileRefusedError("bad-encoding")
    return text, is_date
