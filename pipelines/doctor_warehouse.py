"""Checks of `courtstats doctor` about the warehouse: reachable, of this schema, whole, and of these records."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from load.connecting import NotAllowedError
from pipelines import recording
from pipelines.doctor_findings import FAULT, OK, WARNING, Finding
from pipelines.settings import Settings

if TYPE_CHECKING:
    from load.health import Health

CLOCKS_APART = timedelta(seconds=60)
OLDEST_SERVER = 15
NOT_FOR_IT = "not for this account"
"""What an account may not read it has not to look after: that is no fault (sql/warehouse/roles.sql)."""
RESTORE = "Restore it from a backup: courtstats restore"


def warehouse(settings: Settings) -> Iterator[Finding]:
    """Whether it answers, stands at this schema, has its views, and is not damaged. Raises LoadError otherwise."""
    from load.health import health
    from load.schema import REVISION

    if not recording.there_is_one(settings):
        yield Finding("warehouse", OK, "there is none yet; the first landing or run makes it")
        return
    found = health(settings.warehouse_url)
    place = found.place.removeprefix("warehouse ")
    if found.revision != REVISION:
        state = f"schema {found.revision}, this version needs {REVISION}" if found.revision else "it has no tables yet"
        remedy = "The next landing or run does it, where the account owns the warehouse"
        yield Finding("warehouse", WARNING, f"{place}: {state}", remedy)
    elif found.missing:
        yield Finding("warehouse", FAULT, f"{place}: {', '.join(found.missing)} missing", RESTORE)
    else:
        yield Finding("warehouse", OK, f"{place}, schema {found.revision}")
        yield from _server(found) if found.server else _file(found)


def _file(found: "Health") -> Iterator[Finding]:
    if found.file != "ok":
        yield Finding("warehouse file", FAULT, "it is damaged", RESTORE)
    elif found.journal != "wal":
        seen = f"journal mode {found.journal}, so whoever reads waits for whoever writes"
        yield Finding("warehouse file", WARNING, seen, "PRAGMA journal_mode = WAL, on a disk of this machine")
    else:
        yield Finding("warehouse file", OK, "not damaged, write-ahead log")


def _server(found: "Health") -> Iterator[Finding]:
    number = found.server // 10_000
    if number < OLDEST_SERVER:
        seen = f"PostgreSQL {number} is older than what this version is tried with"
        yield Finding("database server", WARNING, seen, f"Use PostgreSQL {OLDEST_SERVER} or newer")
    else:
        yield Finding("database server", OK, f"PostgreSQL {number}")
    rights = (("read figures", found.reads), ("add rows", found.adds), ("change tables", found.owns))
    may = [what for what, allowed in rights if allowed]
    seen = f"this account may {', '.join(may)}" if may else "this account may read no figure"
    if found.owns:
        yield Finding("rights", WARNING, seen, "Run day to day as a loader: courtstats warehouse roles")
    else:
        yield Finding("rights", OK, seen)


def both(settings: Settings) -> Iterator[Finding]:
    """Whether the warehouse speaks of these records: the same landings, counted from this store."""
    from extract import store
    from load.health import counted_stores, noted_landings

    if not _usable(settings):
        return
    try:
        with recording.opened(settings) as opened:
            known, stores = noted_landings(opened), counted_stores(opened)
    except NotAllowedError:
        yield Finding("records and warehouse", OK, NOT_FOR_IT)
        return
    here = {one.batch: (one.landed_at, one.source_name) for one in store.summaries(settings.store) if one.batch}
    own = "Each records store needs a warehouse of its own: set COURTSTATS_STORE or COURTSTATS_WAREHOUSE_URL"
    faults = []
    if foreign := stores - {store.store_id(settings.store)}:
        many = "another records store" if len(foreign) == 1 else f"{len(foreign)} other records stores"
        faults.append(f"runs of {many} are in the warehouse")
    if differ := sorted(n for n in known.keys() & here.keys() if known[n] != here[n]):
        faults.append(f"landing {_some(differ)} is another one in the warehouse")
    if beyond := sorted(known.keys() - here.keys()):
        faults.append(f"landing {_some(beyond)} is known to the warehouse, and not in the store")
    for fault in faults:
        yield Finding("records and warehouse", FAULT, fault, own)
    if later := sorted(here.keys() - known.keys()):
        seen = f"landing {_some(later)} is not noted in the warehouse"
        yield Finding("records and warehouse", WARNING, seen, "The next run notes it")
    elif not faults:
        yield Finding("records and warehouse", OK, f"the same {len(here):,} landings")


def audit_log(settings: Settings) -> Iterator[Finding]:
    """Whether the audit log is whole; the figures that it speaks of are not read again, which may take minutes."""
    from load import audit

    if not _usable(settings):
        return
    try:
        with recording.opened(settings) as opened:
            found = audit.verify(opened, figures=False)
    except NotAllowedError:
        yield Finding("audit log", OK, NOT_FOR_IT)
        return
    if found.faults:
        more = f" and {len(found.faults) - 1} more" if len(found.faults) > 1 else ""
        yield Finding("audit log", FAULT, found.faults[0] + more, "courtstats audit verify names them all; " + RESTORE)
    else:
        compare = "figures are compared with them by courtstats audit verify"
        yield Finding("audit log", OK, f"whole, {found.entries:,} entries; {compare}")


def clock(settings: Settings) -> Iterator[Finding]:
    """This machine's clock against the newest run, and against the database server's."""
    from load.health import clocks

    if not _usable(settings):
        return
    try:
        with recording.opened(settings) as opened:
            newest, theirs = clocks(opened)
            now = datetime.now(UTC)
    except NotAllowedError:
        yield Finding("database clock", OK, NOT_FOR_IT)
        return
    ok = True
    if newest and newest - now > CLOCKS_APART:
        ok = False
        seen = (
            f"the newest run was stored at {newest:%Y-%m-%d %H:%M:%S} UTC, and it is {now:%Y-%m-%d %H:%M:%S} UTC here"
        )
        yield Finding("database clock", FAULT, seen, "Set the clock of this machine: no run can be stored until then")
    if theirs and abs(theirs - now) > CLOCKS_APART:
        ok = False
        seen = f"it differs from that of the database server by {abs(theirs - now).total_seconds():,.0f} seconds"
        yield Finding("database clock", WARNING, seen, "Let both machines keep network time")
    if ok:
        yield Finding("database clock", OK, "not behind what was stored")


def _usable(settings: Settings) -> bool:
    """Whether there is a warehouse of this schema: opening an older one would raise it, and looking changes nothing."""
    from load.health import health

    return recording.there_is_one(settings) and health(settings.warehouse_url).usable


def _some(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:5])) + (f" and {len(numbers) - 5} more" if len(numbers) > 5 else "")
