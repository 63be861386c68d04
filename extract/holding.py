"""What is held in quarantine, and when a landing lets it go. What is uncertain stays held.

A message or file that was set aside is let go when its very bytes are read without that fault, or when a
file at the same place, with the same name inside it, is read without any fault and speaks of the same day.

Extracts keep one name for ever, so for tables a name proves nothing. A row that was set aside on a known
day is let go when a later extract of the same source is complete for that day, and does not hold the same
row with the same fault. A row without a date could be of any day of its extract: it is let go when a later
extract of the same source is complete for every day from the first to the last of that extract, those that the
source ever spoke about, and both ends. A file that cannot be read could be of days that the rest of its extract
says nothing of: it is let go so only where its extract said which days it covers, and the later one is complete
for every one of them. An extract of which no day is known is let go only by its bytes, or by a person.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from extract import quarantine
from extract.contract import Refusal
from extract.deliveries import Delivery, SourceFile
from extract.kinds import name_inside, origin_of
from extract.marks import marks_of
from extract.quarantine import Common, Release
from extract.reasons import MORE_FAULTS, NOT_OF_THE_DAY

if TYPE_CHECKING:
    from extract.landing import Source

WHY: dict[str, str] = {
    "read-again": "The same bytes were read without the fault",
    "corrected": "A file at the same place was read without faults",
    "day-complete": "A later extract of the source is complete for its day",
    "extract-complete": "A later extract of the source is complete for all days of its extract",
    "by-hand": "A person let it go",
}
"""Why something was let go. Codes are stored, so none is ever reused."""
_COLUMNS = (
    "landed_batch, number, reason, file, place, content_hash, hearing_date, origin, source_name, source_format, "
    "received_at, whole, first_day, last_day, bounded, released_batch, why, because"
)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A refusal on record (columns of extract.quarantine.QUARANTINE); `released_batch` is None while it is held."""

    batch: int
    number: int
    reason: str
    file: str
    place: str
    content_hash: str
    hearing_date: date | None
    origin: str
    source_name: str
    source_format: str
    received_at: datetime
    whole: bool
    first_day: date | None
    last_day: date | None
    bounded: bool
    released_batch: int | None
    why: str | None
    because: str | None


@dataclass(frozen=True, slots=True)
class Watch:
    """What to look out for while files are read: the hashes of what is held, and the files that it was in.

    Rows of tables are not among it: they are let go by their days. `origins` are absolute paths.
    """

    hashes: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reread:
    """What of it a landing has read again: hashes, and the name in this landing of each file at a known place.

    `in_part` are those of the names of which not everything was read, `by_hand` is what a person lets go, without
    anything being read.
    """

    hashes: Collection[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    in_part: Collection[str] = frozenset()
    by_hand: Sequence[Release] = ()


def on_record(store: Path, newest_batch: int, *, everything: bool = True) -> list[SetAside]:
    """What was set aside by the landings up to `newest_batch`, in their order; without `everything` not what was read.

    That is what a landing has to know: what is held, and what a person let go.
    """
    if not quarantine.folder(store).exists():
        return []
    with duckdb.connect() as con:
        quarantine.look(con, store, newest_batch)
        which = "" if everything else "where released_batch is null or why = 'by-hand'"
        lines = con.execute(f"select {_COLUMNS} from set_aside {which} order by landed_batch, number")  # noqa: S608
        return [SetAside(*line) for line in lines.fetchall()]


def from_kept(record: Iterable[SetAside], kept: date | None) -> list[SetAside]:
    """The record, its extracts cut to the days that are kept: for a day that was removed nothing can be complete."""
    return [
        replace(s, first_day=kept) if kept and s.first_day and s.last_day and s.first_day < kept <= s.last_day else s
        for s in record
    ]


def watch(store: Path, newest_batch: int) -> Watch:
    """What to look out for, so that a landing can tell what can be read now."""
    held = [h for h in on_record(store, newest_batch, everything=False) if h.released_batch is None and not _is_row(h)]
    return Watch(frozenset(h.content_hash for h in held if h.content_hash), frozenset(h.origin for h in held) - {""})


def noticing(deliveries: Iterable[Delivery], watched: Watch, hashes: set[str]) -> Iterator[Delivery]:
    """The deliveries as they are; the hashes of those that are held are put into `hashes`."""
    for delivery in deliveries:
        if watched.hashes and delivery.data is not None:
            content_hash = sha256(delivery.data).hexdigest()
            if content_hash in watched.hashes:
                hashes.add(content_hash)
        yield delivery


def read_again(
    watched: Watch,
    files: Iterable[SourceFile],
    hashes: Collection[str] | None = None,
    only: Collection[str] | None = None,
) -> Reread:
    """What a landing has read again: the hashes that were noticed, and which of its files are at a known place.

    Without hashes the files themselves are the content (tables), and those at a known place are hashed.
    A name that two files share says nothing, so neither is taken for the file that was set aside.
    `only` names what of the files was read (see `Deliveries`); None: everything.
    """
    files = list(files) if watched.origins else []
    found = {origin: f for f in files if (origin := origin_of(f.path)) in watched.origins}
    if hashes is None:
        hashes = {mark for origin in found for mark in marks_of(origin) if mark in watched.hashes}
    wanted = {f.name for f in found.values()}
    shared = Counter(f.name for f in files if f.name in wanted)
    names = {origin: f.name for origin, f in found.items() if shared[f.name] == 1}
    return Reread(hashes, names, frozenset() if only is None else frozenset(names.values()) - frozenset(only))


def unknown(record: Iterable[SetAside], refusals: Iterable[Refusal], source: "Source") -> list[Refusal]:
    """Those refusals that are not held already: the same bytes refused in a later landing are one fault, not two.

    Other bytes at the same place are another fault (what cannot be read is told by the mark of its file).

    What a person let go stays let go.
    """
    known = {_mark(s, s.source_name) for s in record if s.released_batch is None or s.why == "by-hand"}
    return [r for r in dict.fromkeys(refusals) if _mark(r, source.name) not in known]


def common(
    con: duckdb.DuckDBPyConnection, source: "Source", refusals: Sequence[Refusal], covers: tuple[date, date] | None
) -> Common:
    """What goes on record with the refusals of a landing, of which `all_read` are the rows read."""
    if not refusals:
        return Common(source.name, source.format, source.received_at)
    query = "select distinct source_file, hearing_date from all_read where not statement_complete"
    rows = con.execute(query).fetchall()
    if source.format != "table":
        incomplete = set(rows)
        if source.format == "common-platform":  # a share is read as a whole, on whichever of its days the fault is
            incomplete |= {(file, None) for file, _day in rows}
        parts = {
            r
            for r in refusals
            if (r.file, r.hearing_date) in incomplete
            and r.reason != MORE_FAULTS
            and (source.format != "spi" or r.place.startswith("Case "))  # any other place is of a message, or of all
        }
        return Common(source.name, source.format, source.received_at, frozenset(parts))
    days = {day for _file, day in rows} | ({None} if rows else set())
    parts = {r for r in refusals if _is_row(r) and r.reason not in NOT_OF_THE_DAY and r.hearing_date in days}
    first, last = con.execute("select min(hearing_date), max(hearing_date) from all_read").fetchall()[0]
    ends = sorted([d for d in (first, last) if d] + list(covers or ()))
    span = (ends[0], ends[-1]) if ends else None
    return Common(source.name, source.format, source.received_at, frozenset(parts), span, bool(covers))


def let_go(
    con: duckdb.DuckDBPyConnection,
    record: Sequence[SetAside],
    source: "Source",
    refusals: Sequence[Refusal],
    reread: Reread,
) -> list[Release]:
    """What a landing lets go, of what is on record. `all_read` are the rows read, `landed` what the store holds.

    Where it has more faults than are kept, it may have any of them again, so it lets nothing go.
    """
    again = {_mark(r, source.name) for r in refusals}
    told = all(r.reason != MORE_FAULTS for r in refusals)
    held = [s for s in record if told and s.released_batch is None and _mark(s, s.source_name) not in again]
    found = {(s.batch, s.number): "read-again" for s in held if s.content_hash and s.content_hash in reread.hashes}
    held = [s for s in held if (s.batch, s.number) not in found and s.received_at <= source.received_at]
    if source.format == "table":
        of_source = [s for s in held if (s.source_name, s.source_format) == (source.name, "table")]
        found |= _by_days(con, of_source, source) if of_source else {}
    else:
        at_place = [s for s in held if s.source_format != "table" and s.origin in reread.names]
        found |= _by_place(con, at_place, refusals, reread) if at_place else {}
    by_hand = {(r.batch, r.number): r for r in reread.by_hand}
    chosen = [r for s in record if s.released_batch is None and (r := by_hand.get((s.batch, s.number)))]
    return chosen + [Release(*of, why) for of, why in sorted(found.items()) if of not in by_hand]


def _by_place(
    con: duckdb.DuckDBPyConnection, held: Sequence[SetAside], refusals: Sequence[Refusal], reread: Reread
) -> dict[tuple[int, int], str]:
    """Messages of which a file at the same place, and the same name inside it, was read without faults.

    A fault of the file as a whole is not answered by a part of it.
    """
    names = reread.names
    now = {(s.batch, s.number): names[s.origin] + name_inside(s.origin, s.file) for s in held}
    refused = {r.file for r in refusals}
    spoken: dict[str, set[date]] = {}
    query = "select distinct source_file, hearing_date from all_read where source_file in (select unnest($names))"
    for name, day in con.execute(query, {"names": list(set(now.values()))}).fetchall():
        spoken.setdefault(name, set()).add(day)
    archives = [names[s.origin] for s in held if not name_inside(s.origin, s.file) and names[s.origin] not in spoken]
    inside = (
        "select 1 from all_read where starts_with(source_file, $name || '!') or starts_with(source_file, $name || '#')"
    )
    opened = {n for n in set(archives) if con.execute(inside + " limit 1", {"name": n}).fetchall()}
    return {
        (s.batch, s.number): "corrected"
        for s in held
        if (name := now[s.batch, s.number]) not in refused
        and name not in reread.in_part
        and (name in opened or (name in spoken and s.hearing_date in (None, *spoken[name])))
    }


def _by_days(con: duckdb.DuckDBPyConnection, held: Sequence[SetAside], source: "Source") -> dict[tuple[int, int], str]:
    """Rows and files of extracts whose days this extract is complete for."""
    query = "select hearing_date from all_read group by hearing_date having bool_and(statement_complete)"
    complete = {day for (day,) in con.execute(query).fetchall()}
    query = "select distinct hearing_date from landed where source_format = 'table' and source_name = $source"
    known = {day for (day,) in con.execute(query, {"source": source.name}).fetchall()} if complete else set()
    answered: dict[tuple[date, date, bool], bool] = {}

    def covered(first: date | None, last: date | None, every_day: bool) -> bool:
        if not (complete and first and last and first >= min(complete) and last <= max(complete)):
            return False
        span = first, last, every_day
        if span not in answered:
            days = (first + timedelta(n) for n in range((last - first).days + 1))
            answered[span] = all(day in complete for day in days if every_day or day in known)
        return answered[span]

    def is_answered(of: SetAside) -> bool:
        if of.hearing_date:
            return of.hearing_date in complete
        if _is_row(of):
            return covered(of.first_day, of.last_day, every_day=False)
        return of.bounded and covered(of.first_day, of.last_day, every_day=True)

    return {
        (s.batch, s.number): "day-complete" if s.hearing_date else "extract-complete" for s in held if is_answered(s)
    }


def _is_row(refusal: Refusal | SetAside) -> bool:
    return refusal.place.startswith("row ")


def _mark(refusal: Refusal | SetAside, source_name: str) -> tuple[str, str, str]:
    """What makes two refusals the same fault; the row of a table may move from one extract to the next."""
    content = refusal.content_hash or f"{refusal.origin}\n{refusal.file}"
    return (refusal.reason, source_name, content) if _is_row(refusal) else (refusal.reason, refusal.place, content)
