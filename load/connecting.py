"""Connections: one address to one engine, reading and writing transactions, and errors that can be read.

Driver messages are never repeated: they hold parameters, and pieces of a password where an address
was mistyped. What a person needs of them is recognised and said in our own words.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from re import search
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, BigInteger, Connection, Engine, cast, create_engine, event, func, literal, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from load.contract import LoadError

BUSY_SECONDS = 60
"""How long a writer waits for another before it gives up, on either database."""
CONNECT_SECONDS = 10
QUIET_MILLISECONDS = 200
_SETTING = "Set COURTSTATS_WAREHOUSE_URL to sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"


_ROLES = "See which account may, and how to give the right: courtstats warehouse roles"


class NotAllowedError(LoadError):
    """This account has no right to what was asked (PostgreSQL)."""


def this_machines_clock() -> datetime:
    """Now. The one place in loading that reads the clock: what is stored is dated by the handle."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Warehouse:
    """An open warehouse. `place` names it without user or password; `dispose` closes its connections.

    `who` signs what is written (the audit log), `clock` (aware) dates it: nothing else in loading reads a clock.
    """

    engine: Engine = field(repr=False)
    place: str
    who: str = ""
    clock: Callable[[], datetime] = field(default=this_machines_clock, repr=False)

    def dispose(self) -> None:
        """Close every connection; the handle opens new ones if it is used again."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.dispose()


def connect(url: str) -> Warehouse:
    """An engine for the address, not yet connected. Raises `LoadError` for one that cannot be used."""
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return Warehouse(_sqlite(parsed), f"warehouse {parsed.database}")
    engine = create_engine(
        parsed,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={} if "connect_timeout" in parsed.query else {"connect_timeout": CONNECT_SECONDS},
    )
    return Warehouse(engine, f"warehouse {_named(parsed)}")


def at_file(path: Path) -> Warehouse:
    """An engine for a SQLite file wherever it lies, such as one in a backup. Raises `LoadError` as `connect`."""
    return Warehouse(_sqlite(URL.create("sqlite", database=str(path))), f"warehouse {path}")


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite warehouse; `None` for PostgreSQL. Raises `LoadError` for an unusable address."""
    parsed = _parse(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def is_missing(url: str) -> bool:
    """Whether the address is of a SQLite file that is not there yet. Raises `LoadError` for an unusable address."""
    file = sqlite_file(url)
    return file is not None and not file.exists()


def _parse(url: str) -> URL:
    """The address with our driver. Its text appears in no error: there may be a password in it."""
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError, NoSuchModuleError):
        raise LoadError("the address of the warehouse is not a database URL", remedy=_SETTING) from None
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise LoadError("the warehouse can be SQLite or PostgreSQL, nothing else", remedy=_SETTING)
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        raise LoadError("a SQLite warehouse is a file", remedy="Give its path: sqlite:////absolute/path/warehouse.db")
    return parsed.set(drivername="sqlite")


def _named(url: URL) -> str:
    """Database and host, unless a password with unescaped characters may have slipped into them."""
    host = url.host or url.query.get("host") or "this machine"
    name = f"{url.database} on {host}"
    return "(PostgreSQL)" if "@" in name else name


def _sqlite(url: URL) -> Engine:
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise LoadError(
            "the folder cannot be made", where=f"warehouse {path}", remedy="Check the path and your permissions"
        ) from None
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # sqlite3 would begin late and commit before DDL; `_begin` says when
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A write that begins as a read cannot wait for another writer (it would act on an old snapshot): lock at once.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def use_write_ahead_log(warehouse: Warehouse) -> None:
    """Let readers go on while a writer writes (SQLite). Kept in the file; the switch itself cannot wait by itself."""
    raw = warehouse.engine.raw_connection()
    try:
        for attempt in range(BUSY_SECONDS * 20):
            try:
                raw.cursor().execute("PRAGMA journal_mode = WAL")
                return
            except warehouse.engine.dialect.loaded_dbapi.OperationalError as error:
                if "BUSY" not in _code(error) or attempt == BUSY_SECONDS * 20 - 1:
                    raise
                time.sleep(0.05)
    finally:
        raw.close()


@contextmanager
def reading(warehouse: Warehouse) -> Iterator[Connection]:
    """A transaction that sees one state of the warehouse. Raises `LoadError` where it cannot be read."""
    with explained(warehouse), warehouse.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def writing(warehouse: Warehouse, what: str, waiting: Callable[[], None] = lambda: None) -> Iterator[Connection]:
    """A transaction in which nobody else writes `what` (SQLite: anything). Commits at the end, or leaves nothing.

    `waiting` is called once where another writer is in the way.
    """
    with warehouse.engine.connect().execution_options(writes=True) as connection, _begun(connection, waiting):
        alone(connection, what, waiting)
        yield connection


def alone(connection: Connection, what: str, waiting: Callable[[], None] = lambda: None) -> None:
    """Wait until nobody else writes `what`, to the end of the transaction (in SQLite nobody else writes anyway)."""
    if connection.dialect.name != "postgresql":
        return
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
    key = cast(
        literal(int.from_bytes(sha256(f"courtstats {what}".encode()).digest()[:8], "big", signed=True)), BigInteger
    )
    if not connection.scalar(select(func.pg_try_advisory_xact_lock(key))):
        waiting()
        connection.execute(select(func.pg_advisory_xact_lock(key)))


@contextmanager
def _begun(connection: Connection, waiting: Callable[[], None]) -> Iterator[None]:
    """The transaction begun; on SQLite that is where one waits, for a moment quietly, then after having said so."""
    if connection.dialect.name == "sqlite":
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.execute(f"PRAGMA busy_timeout = {QUIET_MILLISECONDS}")
        try:
            transaction = connection.begin()
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        except OperationalError as busy:
            if "BUSY" not in _code(busy.orig or busy):
                raise
            waiting()
            raw.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
            transaction = connection.begin()
    else:
        transaction = connection.begin()
    with transaction:
        yield


@contextmanager
def explained(warehouse: Warehouse) -> Iterator[None]:
    """Turn what a driver raises into a `LoadError` that says what to do."""
    try:
        yield
    except IntegrityError as error:
        what = f"what was to be stored breaks a rule of the warehouse ({_constraint(error.orig)})"
        raise LoadError(
            what, where=warehouse.place, remedy="Nothing was stored; this is a fault of the program or of a definition"
        ) from None
    except PoolTimeoutError:
        raise LoadError("every connection is in use", where=warehouse.place, remedy="Try again", passing=True) from None
    except (DBAPIError, warehouse.engine.dialect.loaded_dbapi.Error) as error:
        if _code(getattr(error, "orig", None) or error) == "42501":
            raise NotAllowedError(_refused(error), where=warehouse.place, remedy=_ROLES) from None
        what, remedy, passing = _explain(error)
        raise LoadError(what, where=warehouse.place, remedy=remedy, passing=passing) from None


_EXPLANATIONS = (
    ("password authentication failed", "the user or the password was refused", "Check COURTSTATS_WAREHOUSE_URL", False),
    ("no password supplied", "a password is needed", "Put it into COURTSTATS_WAREHOUSE_URL", False),
    ("SQLITE_BUSY", "another writer kept it locked", "Try again when the other run has ended", True),
    ("55P03", "another writer kept it locked", "Try again when the other run has ended", True),
    ("SQLITE_FULL", "the disc is full", "Make room and try again", True),
    ("53100", "the disc is full", "Make room and try again", True),
    (
        "SQLITE_IOERR_SHM",
        "the disc is full, or nothing can be written beside the file",
        "Make room and try again",
        True,
    ),
    ("SQLITE_IOERR", "the disc could not be read or written", "Check the disc and try again", True),
    ("SQLITE_READONLY", "it cannot be written to", "Check who owns the file and its folder", False),
    (
        "SQLITE_CANTOPEN",
        "the file cannot be opened, or nothing can be written beside it",
        "Check the path, who owns the file and its folder, and that the disc is not mounted read-only",
        False,
    ),
    ("SQLITE_NOTADB", "the file is not a SQLite database", "Point COURTSTATS_WAREHOUSE_URL at another file", False),
    ("SQLITE_CORRUPT", "the file is damaged", "Restore it from a backup", False),
    ("does not exist", "the user, the database or a table does not exist", "Create it, or check the address", False),
    ("Temporary failure in name", "the host could not be looked up", "Check the network and the address", True),
    ("translate host", "the host is not known", "Check COURTSTATS_WAREHOUSE_URL", False),
    ("resolve host", "the host is not known", "Check COURTSTATS_WAREHOUSE_URL", False),
    ("starting up", "the database is starting", "Try again in a minute", True),
    ("shutting down", "the database is stopping", "Try again when it runs again", True),
    ("too many clients", "the database has no connection left", "Try again when others have ended", True),
    ("refused", "nothing answers at that address", "Check that the database runs and the address is right", True),
    ("No such file", "nothing answers at that address", "Check that the database runs and the address is right", True),
    ("timeout", "it did not answer in time", "Check the network and that the database runs", True),
)
"""(sign in the driver's code or message, what it means, what to do, may it pass by itself), the first that fits."""


_MAY_BE_STORED = "This step may or may not be stored: the same command again completes it"
"""The connection may have been lost while it was committed, after the server had done so."""


def _explain(error: Exception) -> tuple[str, str, bool]:
    """What it is, what to do, and whether it may pass by itself."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    signs = f"{_code(cause)} {cause}"
    for sign, what, remedy, passing in _EXPLANATIONS:
        if sign in signs:
            return what, remedy, passing
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return "the connection was lost", _MAY_BE_STORED, True
    reported = f"the database reported {type(cause).__name__} {_code(cause)}".rstrip()
    return reported, "Nothing was stored; try again", False


def _refused(error: Exception) -> str:
    """What the account has no right to: the server names the table or view, and nothing else is taken from it."""
    named = search(
        r"permission denied for (?:table|view|relation|schema|database) ([a-z_]+)$", str(error).split("\n")[0]
    )
    return "this account has no right to this" + (f" ({named[1]})" if named else "")


def _code(error: BaseException) -> str:
    return str(getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or "")


def _constraint(error: BaseException | None) -> str:
    """Name of the broken constraint. SQLite says it after a colon (a name or columns), never with values."""
    diagnosis = getattr(error, "diag", None)
    if diagnosis is not None:
        return str(diagnosis.constraint_name or diagnosis.column_name or "a constraint")
    return str(error).partition(": ")[2] or "a foreign key"
