"""The audit log: who did what and when, each entry chained to the one before by its digest.

Entries are appended in the transaction of what they speak of, so neither is there without the other. A changed,
removed or slipped-in entry breaks the chain at its place. That the last entries were cut off shows only to somebody who
kept the last digest elsewhere, which is why `verify` gives it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from re import compile as pattern
from typing import Any

from sqlalchemy import Connection, insert, select

from load.connecting import Warehouse, alone, explained, reading, writing
from load.contract import FigureRow, LoadError, canonical, in_utc
from load.schema import audit_entry, run
from load.stated import Told, runs_that_are_gone, stated_by_run

AT_ONCE = 1_000
_HEAD = pattern("[0-9]{1,18}:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: what was done (`action`) to what (`subject`), by whom and when, and more about it by name."""

    entry: int
    at: datetime
    who: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What verifying found: how many entries there are, number and digest of the last, and every fault in words.

    `figures_compared` is false where the account may not read figures, or it was not asked for: then only entries were
    verified, and that each run has one.
    """

    entries: int
    last: str
    faults: tuple[str, ...]
    figures_compared: bool = True


def append(connection: Connection, warehouse: Warehouse, action: str, subject: str, **detail: Any) -> None:
    """Add an entry, signed and dated by the warehouse's handle, within a transaction that writes."""
    alone(connection, "audit")
    last = connection.execute(
        select(audit_entry.c.entry, audit_entry.c.digest).order_by(audit_entry.c.entry.desc()).limit(1)
    ).one_or_none()
    number, previous = (last.entry + 1, last.digest) if last else (1, "")
    values: dict[str, Any] = {
        "entry": number,
        "at": in_utc(warehouse.clock()),
        "who": warehouse.who,
        "action": action,
        "subject": subject,
        "detail": detail,
        "previous": previous,
    }
    connection.execute(insert(audit_entry), values | {"digest": digest_of(values)})


def note(warehouse: Warehouse, action: str, subject: str, **detail: Any) -> None:
    """Add an entry about something that is not written to the warehouse. Raises `LoadError` where it cannot be."""
    with explained(warehouse), writing(warehouse, "audit") as connection:
        append(connection, warehouse, action, subject, **detail)


def digest_of(values: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over every other column of an entry."""
    return sha256(
        canonical({**values, "at": in_utc(values["at"]).isoformat(timespec="microseconds")}).encode()
    ).hexdigest()


def figures_digest(figures: Iterable[FigureRow], salt: str) -> str:
    """SHA-256 (hex) of the figures of a run as it stated them, in whatever order: an entry about a run carries it.

    Counts are small numbers, so without the salt (`run.salt`) whoever reads the log could find them by trying.
    """
    return _digest(((f.period, f.cell, f.value, f.status, f.marks) for f in figures), salt)


def _digest(told: Iterable[Told], salt: str | None) -> str:
    return sha256(canonical([salt, *sorted(told)]).encode()).hexdigest()


def entries(warehouse: Warehouse, *, last: int | None = None, action: str | None = None) -> list[Entry]:
    """The entries in their order; only those of an action, and the last so many, where it is given."""
    query = select(audit_entry).order_by(audit_entry.c.entry.desc())
    if action:
        query = query.where(audit_entry.c.action == action)
    with reading(warehouse) as connection:
        rows = connection.execute(query.limit(last) if last else query).mappings().all()
    return [Entry(**row) for row in reversed(rows)]


def verify(
    warehouse: Warehouse,
    head: str | None = None,
    advance: Callable[[int], None] = lambda _number: None,
    *,
    figures: bool = True,
) -> Verified:
    """Check every entry against its digest and the one before, and every run against the entry about it.

    Args:
        head: `NUMBER:DIGEST` of an entry as noted elsewhere, which has to be there still (`Verified.last` of then).
        advance: called with the number of entries checked since the last call.
        figures: false leaves out whether figures are those that the entries speak of, which takes minutes where
            there are millions of them; then `Verified.figures_compared` is false too.

    Raises:
        LoadError: the head is none, the warehouse cannot be read, or this account may not read the log.
    """
    wanted = _head(head) if head is not None else None
    with reading(warehouse) as connection:
        compared = figures and _may_read_figures(connection)
        chain = _chain(connection, wanted, advance, compared)
        faults = chain.faults
        if chain.readable:
            faults += _runs_without(connection, chain)
        if chain.readable and compared:
            faults += _other_figures(connection, chain.about, advance)
    if wanted and not chain.met:
        faults.append(f"entry {wanted[0]} is not there with the digest given: entries were cut off or made anew")
    return Verified(chain.number, f"{chain.number}:{chain.last}" if chain.number else "", tuple(faults), compared)


def is_head(text: str) -> bool:
    """Whether a text is `NUMBER:DIGEST`."""
    return _HEAD.fullmatch(text) is not None


def _head(text: str) -> tuple[int, str]:
    if not is_head(text):
        raise LoadError("the head is not NUMBER:DIGEST", remedy="Give it as `courtstats audit verify` prints it")
    number, _, digest = text.partition(":")
    return int(number), digest


@dataclass(slots=True)
class _Chain:
    """What going through the entries found. `about` is by run: its entry, and the digest of its figures if it has any.

    `before` is how many runs there were before the log was. Not `readable` is a log with an entry that is not even one:
    what follows on it is not known.
    """

    number: int = 0
    last: str = ""
    before: int = 0
    met: bool = False
    readable: bool = True
    faults: list[str] = field(default_factory=list)
    about: dict[int, tuple[int, str | None]] = field(default_factory=dict)


def _chain(
    connection: Connection, wanted: tuple[int, str] | None, advance: Callable[[int], None], compared: bool
) -> _Chain:
    """Every entry against its digest and the one before. Entries whose figures are to be compared are not yet done."""
    found = _Chain()
    query = select(audit_entry).order_by(audit_entry.c.entry)
    try:
        for row in connection.execute(query, execution_options={"yield_per": AT_ONCE}).mappings():
            _check(found, row)
            found.met = found.met or (found.number, found.last) == wanted
            told = row["action"] == "ran" and _speaks_of(found, row["detail"])
            advance(0 if told and compared else 1)
    except (AttributeError, KeyError, TypeError, ValueError):  # whoever tampers need not leave values of their types
        found.faults.append(f"an entry after {found.number} cannot be read, and so what follows on it was not verified")
        found.readable = False
    return found


def _check(found: _Chain, row: Mapping[Any, Any]) -> None:
    found.number += 1
    if row["entry"] != found.number:
        found.faults.append(f"entry {found.number} is missing: {row['entry']} follows on {found.number - 1}")
        found.number = row["entry"]
    if row["previous"] != found.last:
        found.faults.append(f"entry {found.number} does not follow on the one before it")
    if digest_of({name: row[name] for name in row if name != "digest"}) != row["digest"]:
        found.faults.append(f"entry {found.number} is not as it was written")
    found.last = row["digest"]
    if row["action"] == "schema raised" and found.number == 1:
        found.before = int(row["detail"].get("runs", 0))


def _speaks_of(found: _Chain, detail: Mapping[str, Any]) -> bool:
    """Keep what an entry says about a run; whether it says anything of figures."""
    run_id, digest = int(detail.get("run", 0)), detail.get("figures")
    if run_id in found.about:
        said = f"entry {found.number} speaks of run {run_id}, of which entry {found.about[run_id][0]} speaks already"
        found.faults.append(said)
        return False
    found.about[run_id] = (found.number, digest)
    return bool(digest)


def _runs_without(connection: Connection, chain: _Chain) -> list[str]:
    """Runs without an entry (those of before the log have none), and entries without their run."""
    unmet, faults = set(chain.about), []
    query = select(run.c.run_id).order_by(run.c.run_id)
    for run_id in connection.scalars(query, execution_options={"yield_per": AT_ONCE}):
        if run_id not in chain.about and run_id > chain.before:
            faults.append(f"run {run_id} has no entry")
        unmet.discard(run_id)
    return faults + [
        f"run {run_id}, of which entry {chain.about[run_id][0]} speaks, is gone" for run_id in sorted(unmet)
    ]


def _other_figures(
    connection: Connection, about: Mapping[int, tuple[int, str | None]], advance: Callable[[int], None]
) -> list[str]:
    """Runs whose figures are not those that their entry speaks of, by number."""
    faults = {}
    for run_id, salt, told in stated_by_run(connection):
        entry, digest = about.get(run_id, (0, None))
        if told is None:
            faults[run_id] = f"figures of run {run_id} say that they belong to another run"
        if digest is not None:
            if told is None or _digest(told, salt) != digest:
                faults[run_id] = f"the figures of run {run_id} are not those that entry {entry} speaks of"
            advance(1)
    faults |= {run_id: f"there are figures of run {run_id}, which is gone" for run_id in runs_that_are_gone(connection)}
    return [faults[run_id] for run_id in sorted(faults)]


def _may_read_figures(connection: Connection) -> bool:
    """Whether the account may read figures: on PostgreSQL those who look after the warehouse may not."""
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.exec_driver_sql("SELECT has_table_privilege('figure', 'select')").scalar())
