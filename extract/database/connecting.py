"""Connections to a source's database: read only, one state of it, connected again where one is lost."""

import time as clock
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import uniform
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from extract.contract import ExtractError
from extract.database_faults import Fault, explained
from extract.database_source import DatabaseSource

TRIES = 5
"""How often one portion is tried; between tries a wait of one second, doubled each time, with up to half of it more."""
CONNECT_SECONDS = 10
_POSTGRESQL = {
    "connect_timeout": CONNECT_SECONDS,
    "client_encoding": "utf8",
    "application_name": "courtstats",
    "keepalives_idle": 30,  # a silent network would hold a fetch for hours otherwise
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
_LOOK = "Write it as DIALECT://USER:PASSWORD@HOST/DATABASE, with %40 for an @ in the password"
T = TypeVar("T")


@dataclass(slots=True)
class Patience:
    """How often it was tried in vain; `progress` is told whenever a portion is done."""

    note: Callable[[str], None] = lambda _text: None
    waiting: Callable[[float], None] = clock.sleep
    failed: int = field(default=0, init=False)

    def progress(self) -> None:
        """A portion is done: the next one has all tries again."""
        self.failed = 0

    def wait(self, fault: Fault, place: str) -> None:
        """Wait before the next try. Raises `ExtractError` where another would not help."""
        self.failed += 1
        if not fault.again or self.failed >= TRIES:
            raise fault.error(place)
        seconds = 2.0 ** (self.failed - 1)
        self.note(f"{place}: {fault.what}; trying again")
        self.waiting(seconds * uniform(1, 1.5))  # noqa: S311 - so that readers do not all come back at once


def connected(source: DatabaseSource, work: Callable[[Connection], T], patience: Patience) -> T:
    """Do work in a snapshot of the database; where the connection is lost, do it again in another one.

    Raises:
        ExtractError: the database cannot be used, or was lost too often.
    """
    url, place = _address(source.url)
    engine = _engine(url, place)
    while True:
        try:
            with _snapshot(engine, source.statement_timeout) as connection:
                return work(connection)
        except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error, UnicodeDecodeError) as error:
            lost = isinstance(error, DBAPIError) and error.connection_invalidated
            fault = explained(error, lost=lost)
        patience.wait(fault, place)


def place_of(url: str) -> str:
    """Dialect, database and host of an address, for errors. Raises `ExtractError` for what is no address."""
    return _address(url)[1]


def _address(text: str) -> tuple[URL, str]:
    """The address with our driver, and its name. Its text appears in no error: there may be a password in it."""
    try:
        url = make_url(text.strip().replace("postgres://", "postgresql://", 1))
        dialect = url.get_backend_name()
    except (ArgumentError, ValueError):
        raise ExtractError("the address of the database is not a database URL", remedy=_LOOK) from None
    if dialect == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if text.count("@") > 1:  # a piece of a password may have slipped into the other parts
        return url, f"{dialect} database"
    host = url.host or url.query.get("host") or "this machine"
    return url, f"{dialect} database {url.database}" + ("" if dialect == "sqlite" else f" on {host}")


def _engine(url: URL, place: str) -> Engine:
    try:
        if url.get_backend_name() == "sqlite":
            return create_engine("sqlite://", creator=lambda: _sqlite(url), poolclass=NullPool, hide_parameters=True)
        ours = _POSTGRESQL if url.get_backend_name() == "postgresql" else {}
        arguments = {name: value for name, value in ours.items() if name not in url.query}
        return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
    except (ImportError, NoSuchModuleError):
        raise ExtractError(
            "the driver for this database is not installed", where=place, remedy="Install it beside courtstats"
        ) from None
    except (ArgumentError, TypeError, ValueError):
        raise ExtractError("the address of the database has a part too many", where=place, remedy=_LOOK) from None


def _sqlite(url: URL) -> Any:
    """A connection that cannot write, to a file that has to be there."""
    import sqlite3

    file = Path(str(url.database)).absolute().as_uri()
    connection = sqlite3.connect(f"{file}?mode=ro", uri=True, timeout=CONNECT_SECONDS, isolation_level=None)
    connection.execute("pragma query_only = on")
    return connection


@contextmanager
def _snapshot(engine: Engine, timeout: float) -> Iterator[Connection]:
    """A transaction that reads only and sees one state of the database; nothing of it is ever committed.

    PostgreSQL: READ ONLY, REPEATABLE READ, and no statement may take longer than the timeout (seconds). SQLite: a
    connection that cannot write, and a transaction. Others: REPEATABLE READ or SERIALIZABLE where they have
    it; that nothing is written is up to the rights of the user. No others are tested.
    """
    with engine.connect() as connection:
        dialect = connection.dialect.name
        if dialect == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            settings = {
                "statement_timeout": str(max(1, round(timeout * 1000))),
                "idle_in_transaction_session_timeout": "0",
                "timezone": "Europe/London",  # so that a view or query that casts a time gives the day in London
                "datestyle": "ISO, YMD",
            }
            for name, value in settings.items():
                connection.exec_driver_sql(f"SET LOCAL {name} = '{value}'")
        elif dialect == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            _isolate(connection)
        yield connection


def _isolate(connection: Connection) -> None:
    try:
        known = connection.dialect.get_isolation_level_values(connection.connection.dbapi_connection)  # type: ignore[arg-type]
    except NotImplementedError:
        return
    for level in ("REPEATABLE READ", "SERIALIZABLE"):
        if level in known:
            connection.execution_options(isolation_level=level)
            return
