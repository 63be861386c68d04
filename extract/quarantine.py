"""What could not be used, kept aside: why, in which file, where in it. Never what it said.

A refusal holds a reason code, the file, the place and a hash of the bytes. The bytes themselves stay
where they were delivered, because they name people: the hash finds them again. One Parquet file per
landing, valid once that landing is in the records store (see extract/store.py).
"""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from extract.contract import Refusal

_FIELDS: list[Any] = [
    pa.field("landed_batch", pa.int64(), nullable=False),
    pa.field("reason", pa.string(), nullable=False),
    pa.field("file", pa.string(), nullable=False),
    pa.field("place", pa.string(), nullable=False),
    pa.field("content_hash", pa.string(), nullable=False),
    pa.field("hearing_date", pa.date32()),
]
QUARANTINE = pa.schema(_FIELDS)


def folder(store: Path) -> Path:
    """Where the quarantine of a records store lies."""
    return store / "quarantine"


def write(store: Path, batch: int, refusals: Sequence[Refusal]) -> None:
    """Write the refusals of one landing, all or nothing; nothing is written where there are none."""
    target = folder(store) / f"{batch:09d}.parquet"
    target.unlink(missing_ok=True)  # left by a landing that did not finish
    if not refusals:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(
        [
            {
                "landed_batch": batch,
                "reason": r.reason,
                "file": r.file,
                "place": r.place,
                "content_hash": r.content_hash,
                "hearing_date": r.hearing_date,
            }
            for r in refusals
        ],
        schema=QUARANTINE,
    )
    unfinished = target.with_suffix(".tmp")
    with unfinished.open("wb") as sink:
        pq.write_table(table, sink)
        sink.flush()
        os.fsync(sink.fileno())
    unfinished.replace(target)


def read(store: Path, newest_batch: int) -> pa.Table:
    """Every refusal of the landings up to `newest_batch` (schema `QUARANTINE`)."""
    files = [f for f in sorted(folder(store).glob("*.parquet")) if int(f.stem) <= newest_batch]
    tables = [pq.read_table(f, schema=QUARANTINE) for f in files]
    return pa.concat_tables(tables) if tables else QUARANTINE.empty_table()


def unknown(store: Path, newest_batch: int, refusals: Iterable[Refusal]) -> list[Refusal]:
    """Those refusals that are not held already: the same bytes refused in a later landing are one fault, not two."""
    held = read(store, newest_batch)
    seen = {(r["reason"], r["place"], r["content_hash"] or r["file"]) for r in held.to_pylist()}
    return [r for r in dict.fromkeys(refusals) if (r.reason, r.place, r.content_hash or r.file) not in seen]


def by_reason(refusals: Iterable[Refusal]) -> dict[str, int]:
    """How many were refused for each reason, most frequent first."""
    return dict(Counter(r.reason for r in refusals).most_common())
