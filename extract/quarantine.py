"""What could not be used, kept aside: why, in which file, where in it. Never what it said.

A refusal holds a reason code, the file, the place and a hash of the bytes. The bytes themselves stay
where they were delivered, because they name people: the hash finds them again. One Parquet file per
landing holds what it set aside, one in the folder `released` what it let go (extract/holding.py says
when); both are valid once that landing is in the records store (see extract/store.py). What is set
aside and not let go is *held*.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from extract.contract import Refusal
from extract.kept import kept_from

_TIME = pa.timestamp("us", tz="UTC")
_FIELDS: list[Any] = [
    pa.field("landed_batch", pa.int64(), nullable=False),
    pa.field("number", pa.int32(), nullable=False),  # position among what the landing set aside, from 1
    pa.field("reason", pa.string(), nullable=False),
    pa.field("file", pa.string(), nullable=False),
    pa.field("place", pa.string(), nullable=False),
    pa.field("content_hash", pa.string(), nullable=False),
    pa.field("hearing_date", pa.date32()),
    pa.field("origin", pa.string(), nullable=False),
    pa.field("source_name", pa.string(), nullable=False),
    pa.field("source_format", pa.string(), nullable=False),
    pa.field("received_at", _TIME, nullable=False),
    pa.field("whole", pa.bool_(), nullable=False),  # no statement landed that it is a part of
    pa.field("first_day", pa.date32()),  # the days that its extract spoke about, where it is of a table
    pa.field("last_day", pa.date32()),
    pa.field("bounded", pa.bool_(), nullable=False),  # the extract said that it speaks about these days alone
]
QUARANTINE = pa.schema(_FIELDS)
_RELEASED_FIELDS: list[Any] = [
    pa.field("landed_batch", pa.int64(), nullable=False),  # of the landing that let it go
    pa.field("received_at", _TIME, nullable=False),
    pa.field("refused_batch", pa.int64(), nullable=False),
    pa.field("number", pa.int32(), nullable=False),
    pa.field("why", pa.string(), nullable=False),
    pa.field("because", pa.string(), nullable=False),
]
RELEASED = pa.schema(_RELEASED_FIELDS)
_KINDS = {
    pa.int64(): "bigint",
    pa.int32(): "integer",
    pa.string(): "varchar",
    pa.date32(): "date",
    pa.bool_(): "boolean",
    _TIME: "timestamptz",
}
_OF_LANDING = ("landed_batch", "source_name", "source_format", "received_at")
SQL = Path(__file__).resolve().parents[1] / "sql" / "landing"


@dataclass(frozen=True, slots=True)
class Held:
    """Things set aside as a whole and held, by hearing day: within the days asked for, and of no known day."""

    of_days: int
    of_unknown_day: int


@dataclass(frozen=True, slots=True)
class Common:
    """What the refusals of one landing have in common.

    `parts` are those about a part of a statement that landed (marked incomplete, and counted as such); `days` are
    those that a table extract spoke about, `bounded` says that it can be about no other.
    """

    source_name: str
    source_format: str
    received_at: datetime
    parts: frozenset[Refusal] = frozenset()
    days: tuple[date, date] | None = None
    bounded: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """One refusal let go: which one, and why (`why` is of extract.holding.WHY, `because` a person's reason)."""

    batch: int
    number: int
    why: str
    because: str = ""


def folder(store: Path) -> Path:
    """Where the quarantine of a records store lies."""
    return store / "quarantine"


def write(store: Path, batch: int, refusals: Sequence[Refusal], common: Common, releases: Sequence[Release]) -> None:
    """Write what one landing sets aside and lets go, each file all or nothing; none where there is nothing to say."""
    first, last = common.days or (None, None)
    shared = {
        "landed_batch": batch,
        "source_name": common.source_name,
        "source_format": common.source_format,
        "received_at": common.received_at,
        "first_day": first,
        "last_day": last,
        "bounded": common.bounded,
    }
    refused = [
        shared
        | {f: getattr(r, f) for f in ("reason", "file", "place", "content_hash", "hearing_date", "origin")}
        | {"number": number, "whole": r not in common.parts}
        for number, r in enumerate(refusals, 1)
    ]
    let_go = [
        {
            "landed_batch": batch,
            "received_at": common.received_at,
            "refused_batch": r.batch,
            "number": r.number,
            "why": r.why,
            "because": r.because,
        }
        for r in releases
    ]
    _write(folder(store) / f"{batch:09d}.parquet", refused, QUARANTINE)
    _write(folder(store) / "released" / f"{batch:09d}.parquet", let_go, RELEASED)


def _write(target: Path, lines: Sequence[Mapping[str, Any]], schema: pa.Schema) -> None:
    target.unlink(missing_ok=True)  # left by a landing that did not finish
    if not lines:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    columns: list[Any] = [pa.array([line[f.name] for line in lines], f.type) for f in schema]
    _replace(target, pa.Table.from_arrays(columns, schema=schema))


def _replace(target: Path, table: pa.Table) -> None:
    """Put a table in the place of a file; no file, where it has no rows."""
    if not table.num_rows:
        target.unlink(missing_ok=True)
        return
    unfinished = target.with_suffix(".tmp")
    with unfinished.open("wb") as sink:
        pq.write_table(table, sink)
        sink.flush()
        os.fsync(sink.fileno())
    unfinished.replace(target)


def look(con: duckdb.DuckDBPyConnection, store: Path, newest_batch: int, known_at: datetime | None = None) -> None:
    """Make the table `set_aside` in a connection: what is on record, and which landing let it go.

    Columns are those of `QUARANTINE` and `released_batch`, `why` and `because`, which are null while it is held.
    Looks at landings up to `newest_batch` whose content was received by `known_at` (None: at any time), without what is
    of hearing days before the month from which the store keeps records.
    """
    con.execute("set timezone = 'UTC'")
    _load(con, "refused", QUARANTINE, folder(store), newest_batch)
    _load(con, "let_go", RELEASED, folder(store) / "released", newest_batch)
    _table(con, "landing", {name: QUARANTINE.field(name).type for name in _OF_LANDING})
    for (batch,) in con.execute("select distinct landed_batch from refused where received_at is null").fetchall():
        said = json.loads((store / "batches" / f"{batch:09d}.json").read_text())  # written before these columns were
        con.execute("insert into landing values (?, ?, ?, ?)", [batch, *(said[name] for name in _OF_LANDING[1:])])
    known = known_at or datetime.max.replace(tzinfo=UTC)
    asked = {"known_at": known, "kept_from": kept_from(store)}
    con.execute("create temp table set_aside as " + (SQL / "set-aside.sql").read_text(), asked)


def _load(con: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema, where: Path, newest_batch: int) -> None:
    _table(con, name, {f.name: f.type for f in schema})
    if files := [str(f) for f in sorted(where.glob("*.parquet")) if int(f.stem) <= newest_batch]:
        con.execute(f"insert into {name} by name from read_parquet($files, union_by_name = true)", {"files": files})


def _table(con: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, pa.DataType]) -> None:
    con.execute(f"create temp table {name} ({', '.join(f'{c} {_KINDS[kind]}' for c, kind in columns.items())})")


def read(store: Path, newest_batch: int) -> pa.Table:
    """Every refusal of the landings up to `newest_batch`, held or not (schema `QUARANTINE`), in their order."""
    with duckdb.connect() as con:
        look(con, store, newest_batch)
        found = con.sql("from set_aside order by landed_batch, number")
        table: pa.Table = found.select(*QUARANTINE.names).to_arrow_table()
        return table.cast(QUARANTINE)


def on_record(store: Path, newest_batch: int) -> tuple[int, int]:
    """How many refusals there are of the landings up to `newest_batch`, and how many of them are held."""
    if not folder(store).exists():
        return 0, 0
    with duckdb.connect() as con:
        look(con, store, newest_batch)
        query = "select count(*), count(*) filter (released_batch is null) from set_aside"
        ((refused, still_held),) = con.execute(query).fetchall()
    return refused, still_held


def held_for(
    store: Path, newest_batch: int, known_at: datetime, spans: Sequence[tuple[date, date]]
) -> tuple[Held, ...]:
    """How many things were set aside as a whole that could touch figures of hearing days, for each span of days.

    A thing is a message, a file or a row of a table of which nothing landed, however many faults it has and under
    however many names it was found. What is a part of a statement that landed is not among them: that statement is
    marked incomplete. Nor is what was received before any of the days, or what an extract of other days set aside.

    Args:
        store: folder of the records store.
        newest_batch: the newest landing that is known.
        known_at: leave out what was received later (UTC).
        spans: first and last hearing day, both included.
    """
    if not folder(store).exists():
        return (Held(0, 0),) * len(spans)
    with duckdb.connect() as con:
        look(con, store, newest_batch, known_at)
        _table(con, "spans", {"position": pa.int32(), "first": pa.date32(), "last": pa.date32()})
        con.executemany("insert into spans values (?, ?, ?)", [[n, *span] for n, span in enumerate(spans)])
        return tuple(Held(*counted) for counted in con.execute((SQL / "held.sql").read_text()).fetchall())


def by_reason(refusals: Iterable[Refusal]) -> dict[str, int]:
    """How many were refused for each reason, most frequent first."""
    return dict(Counter(r.reason for r in refusals).most_common())


def older(store: Path, newest_batch: int, day: date) -> int:
    """How many refusals on record are of hearings before a day."""
    if not folder(store).exists():
        return 0
    with duckdb.connect() as con:
        look(con, store, newest_batch)
        ((found,),) = con.execute("select count(*) from set_aside where hearing_date < $day", {"day": day}).fetchall()
    return int(found)


def clear(store: Path, newest_batch: int) -> None:
    """Take out of the files what is not on record any more, because it is of days that the store keeps nothing of.

    Nobody lands meanwhile. What is left keeps its numbers; each file is replaced as a whole, so it can be done again.
    """
    where = folder(store)
    if not where.exists():
        return
    for left in (*where.glob("*.tmp"), *where.glob("released/*.tmp")):
        left.unlink()
    for file in (*where.glob("*.parquet"), *where.glob("released/*.parquet")):
        if int(file.stem) > newest_batch:  # of a landing that did not finish
            file.unlink()
    with duckdb.connect() as con:
        look(con, store, newest_batch)
        con.execute(
            "create view refused_left as select distinct * exclude (released_batch, why, because) from set_aside"
        )
        con.execute(
            "create view let_go_left as from let_go semi join set_aside "
            "on (set_aside.landed_batch, set_aside.number) = (let_go.refused_batch, let_go.number)"
        )
        for name, at, schema in (("refused", where, QUARANTINE), ("let_go", where / "released", RELEASED)):
            query = f"""
                select landed_batch from (select landed_batch, count(*) as all_of_it from {name} group by all)
                left join (select landed_batch, count(*) as kept from {name}_left group by all) using (landed_batch)
                where kept is distinct from all_of_it
            """  # noqa: S608 - names of the two relations
            for (batch,) in con.execute(query).fetchall():
                rows = con.sql(f"from {name}_left where landed_batch = $batch order by number", params={"batch": batch})
                table: pa.Table = rows.select(*schema.names).to_arrow_table()
                _replace(at / f"{batch:09d}.parquet", table.cast(schema))
