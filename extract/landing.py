"""Landing: what a reader found gets into the records store once, as a whole, or not at all.

A landing is read into a staging folder first, outside the lock. Under the lock it is compared with
what the store holds, repeats are left out, and the rest is appended in one Delta commit. That commit
carries the batch number as its application transaction and is the only moment at which anything
changes: the batch's summary and its quarantine are written before it and are valid only once it is
there. A landing that dies before the commit leaves nothing that is read.
"""

import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.transaction import AddAction
from filelock import FileLock, Timeout

from extract import appending, disk_faults, holding, quarantine
from extract.contract import LANDING_COLUMNS, RECORDS, ExtractError, Refusal
from extract.holding import Reread
from extract.kept import kept_from, look_at_read
from extract.records import STAGED
from extract.store import (
    Landing,
    known_files,
    newest_batch,
    newest_landing,
    newest_received_at,
    records_folder,
    write_summary,
)

LOCK_SECONDS = 1800
MEMORY = "512MB"
THREADS = 4
"""DuckDB beyond which what it works on goes to the disk; each thread of a sort needs a share of it."""
STALE_STAGING_SECONDS = 2 * 24 * 3600
IN_USE = "in-use"
"""A lock in each staging folder: its process holds it for as long as it lives."""
CLOCKS_APART = timedelta(seconds=60)
"""By how much the clocks of two machines that land may differ."""
IN_ORDER = "hearing_date, statement_key, case_index, offence_index, result_index"
"""Of a month's rows, so that what is counted together lies together. The rows of a table come in order."""
SQL = Path(__file__).resolve().parents[1] / "sql" / "landing"


@dataclass(frozen=True, slots=True)
class Source:
    """What a landing is made of: where it comes from, when it was received, and whether somebody said when (`given`).

    `by_name` says whether a file's name marks one delivery: messages keep theirs, extracts use one name for ever.
    """

    name: str
    format: str
    files: int
    received_at: datetime
    given: bool
    by_name: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What was read for a landing: the rows in a file, what could not be used, what of the quarantine was there."""

    staged: Path
    refusals: list[Refusal]
    reread: Reread
    asked: dict[str, str]
    left: int

    @property
    def covers(self) -> tuple[date, date] | None:
        """The days that an extract said it covers."""
        first, _dots, last = self.asked.get("covers", "").partition("..")
        return (date.fromisoformat(first), date.fromisoformat(last)) if last else None


def land(
    path: Path,
    source: Source,
    batches: Iterable[pa.RecordBatch],
    refusals: Callable[[], Sequence[Refusal]],
    *,
    landed_at: datetime,
    dry_run: bool = False,
    waiting: Callable[[], None] = lambda: None,
    asked: Mapping[str, str] | None = None,
    reread: Callable[[], Reread] = Reread,
    left: Callable[[], int] = lambda: 0,
) -> Landing:
    """Land what a reader found; atomic, idempotent, one landing at a time.

    Args:
        path: folder of the store, made by `prepare`.
        batches: rows in schema `STAGED`, read once and kept in a staging folder.
        refusals: asked for after the last batch was read.
        landed_at: time of the landing (UTC).
        dry_run: compare and report, write nothing.
        waiting: called once if another landing holds the lock.
        asked: how the landing was asked for (see `Landing`).
        reread: asked for after the last batch was read: what of the quarantine was read again.
        left: asked for then too: members of archives that are of no known kind.

    Raises:
        ExtractError: the clock was set back, another landing held the lock for half an hour, the disk refused, or what
            is landed could not be read.
    """
    _check_clock(path, landed_at)
    remedy = "Free some space or mend the folder's permissions, then land the same files again"
    with (
        disk_faults.told("the landing could not be written ({}); nothing was changed", str(path), remedy),
        staging(path, dry_run=dry_run) as folder,
    ):
        staged = folder / "staged.parquet"
        with pq.ParquetWriter(staged, STAGED, compression="lz4") as writer:
            for batch in disk_faults.read(batches, source.name):
                writer.write_batch(batch)
        with nullcontext() if dry_run else locked(path, waiting):
            with disk_faults.of_input(source.name):
                found = Found(staged, list(refusals()), reread(), dict(asked or {}), left())
            return _land(path, source, found, landed_at, dry_run)


def _check_clock(path: Path, landed_at: datetime) -> None:
    """Refuse a time of landing before that of the newest landing: times of receipt decide which statement counts.

    Asked when a landing begins and not under the lock: what lands while this one reads or waits is rightly later.
    """
    newest = newest_landing(path)
    if newest and landed_at < newest.landed_at - CLOCKS_APART:
        now, then = (f"{t.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" for t in (landed_at, newest.landed_at))
        raise ExtractError(
            f"the clock of this machine says {now}, but the newest landing was made at {then}",
            where=str(path),
            remedy="Set the clock, then land the same files again. If it is right, that landing was made by a wrong "
            "one: put back a copy of the store from before it, or land the files into a new store (COURTSTATS_STORE)",
        )


def _land(path: Path, source: Source, found: Found, landed_at: datetime, dry_run: bool) -> Landing:
    newest, kept = newest_batch(path), kept_from(path)
    record = holding.from_kept(holding.on_record(path, newest, everything=False), kept)
    refusals = [r for r in found.refusals if not (kept and r.hearing_date and r.hearing_date < kept)]
    fresh = holding.unknown(record, refusals, source)
    with duckdb.connect() as con:
        limit(con, found.staged.parent)
        left_out = look_at_read(con, found.staged, kept) + len(found.refusals) - len(refusals)
        summary = _judge(con, path, source)
        released = holding.let_go(con, record, source, found.refusals, found.reread)
        landing = Landing(
            batch=None,
            landed_at=landed_at,
            received_at=source.received_at,
            received_to=summary.pop("received_to"),
            source_name=source.name,
            source_format=source.format,
            files=source.files,
            refused=quarantine.by_reason(fresh),
            refused_again=len(refusals) - len(fresh),
            released=len(released),
            asked=found.asked,
            left=found.left,
            before_kept=left_out,
            **summary,
        )
        if dry_run or not (landing.statements or fresh or released):
            return landing
        known = newest_received_at(path, newest)
        judged = source.received_at if fresh or released else None  # what is set aside then is known of then
        received = [t for t in (known, landing.received_to, judged) if t]
        landing = replace(landing, batch=newest + 1, received_to=max(received, default=None))
        quarantine.write(path, newest + 1, fresh, holding.common(con, source, fresh, found.covers), released)
        write_summary(path, landing)
        named = (path / "batches", quarantine.folder(path), quarantine.folder(path) / "released")
        appending.sync(*(folder for folder in named if folder.is_dir()))  # the names must be there before the commit
        _append(con, path, landing)
    return landing


def limit(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Have a connection work in bounded memory: what does not fit goes to the folder."""
    con.execute("set temp_directory = $folder", {"folder": str(folder)})
    con.execute("set timezone = 'UTC'")
    con.execute(f"set memory_limit = '{MEMORY}'")
    con.execute(f"set threads = {min(THREADS, os.cpu_count() or 1)}")


def _judge(con: duckdb.DuckDBPyConnection, path: Path, source: Source) -> dict[str, Any]:
    """Make the relation `judged` (which of the statements in `staged` are repeats), and count."""
    span = con.execute("select min(hearing_date), max(hearing_date) from staged").fetchall()[0]
    files = known_files(path, *span) if span[0] else ()
    if files:
        con.read_parquet(list(files), union_by_name=True).create_view("landed")
    else:
        empty = RECORDS.empty_table()
        con.register("landed", empty)
    if source.format == "table":
        _refuse_other_filter(con, path, source)
    asked = {"given": source.given, "by_name": source.by_name and not source.given}
    con.execute("create temp table judged as " + (SQL / "repeats.sql").read_text(), asked)
    counted = con.execute(
        """
        select
            count(*) filter (not repeat), coalesce(sum(greatest(results, 1)) filter (not repeat), 0)::bigint,
            count(*) filter (repeat), count(*) filter (presumed), count(*) filter (not repeat and late),
            max(received_at) filter (not repeat),
            (select count(*) from (
                select 1 from judged where not repeat group by statement_key, stated_at
                having count(distinct payload_hash) > 1))
        from judged
        """
    ).fetchall()[0]
    names = ("statements", "rows", "repeated", "presumed", "late", "received_to", "undecided")
    return dict(zip(names, counted, strict=True))


def _refuse_other_filter(con: duckdb.DuckDBPyConnection, path: Path, source: Source) -> None:
    """Raise where the source's days are held under another filter: see sql/landing/other-filter.sql."""
    query = (SQL / "other-filter.sql").read_text()
    days, first, last = con.execute(query, {"source": source.name}).fetchall()[0]
    if days:
        raise ExtractError(
            f"{source.name} has landed {days:,} of these days, {first} to {last}, with another declared filter, and "
            "both would count",
            where=str(path),
            remedy="If the mapping speaks of other records, give it another source name; if it replaces the other one, "
            "first land an extract without rows under the old filter with --covers for those days",
        )


def _append(con: duckdb.DuckDBPyConnection, path: Path, landing: Landing) -> None:
    """Append what is new, month after month, in one Delta commit that carries the batch number."""
    folder = records_folder(path)
    table = appending.ready(folder)
    columns = ", ".join(f.name for f in appending.STORED if f.name not in LANDING_COLUMNS)
    query = f"""
        select {columns}, $batch::bigint as landed_batch, $landed_at::timestamptz as landed_at
        from staged
        anti join (from judged where repeat) using (
            statement_key, payload_hash, case_index, stated_at, received_at, delivery
        )
        where hearing_month = $month
        {"" if landing.source_format == "table" else "order by " + IN_ORDER}
        """  # noqa: S608 - only column names of the contract
    actions: list[AddAction] = []
    with appending.all_or_none(folder, actions):
        for (month,) in con.execute("select distinct hearing_month from staged order by all").fetchall():
            rows = con.sql(query, params={"batch": landing.batch, "landed_at": landing.landed_at, "month": month})
            batches = rows.select(*appending.STORED.names).to_arrow_reader(appending.ROW_GROUP)
            actions += appending.write_month(folder, month, batches)
        appending.commit(table, actions, batch=landing.batch)


@contextmanager
def staging(path: Path, *, dry_run: bool = False) -> Iterator[Path]:
    """A folder for one landing's rows; what landings that died have left is cleared after two days."""
    if dry_run:
        with tempfile.TemporaryDirectory(prefix="courtstats-") as elsewhere:
            yield Path(elsewhere)
        return
    root = path / "staging"
    root.mkdir(parents=True, exist_ok=True)
    for left in root.iterdir():
        with suppress(FileNotFoundError):  # another landing has just cleared it
            if unused_for(left) > STALE_STAGING_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
    folder = root / uuid.uuid4().hex
    folder.mkdir()
    try:
        with FileLock(folder / IN_USE):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unused_for(folder: Path) -> float:
    """Seconds since a staging folder, or what is in it, was last touched. Raises FileNotFoundError."""
    return time.time() - max(entry.stat().st_mtime for entry in (folder, *folder.iterdir()))


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Nobody else lands or compacts meanwhile. Raises ExtractError after half an hour of waiting."""
    lock = FileLock(path / "landing.lock")
    try:
        try:
            lock.acquire(timeout=0.2)
        except Timeout:
            waiting()
            lock.acquire(timeout=LOCK_SECONDS)
    except Timeout:
        raise ExtractError(
            "another landing has held the store for half an hour",
            where=str(path),
            remedy="Wait for it or stop it, then land the same files again",
            passing=True,
        ) from None
    try:
        yield
    finally:
        lock.release()
