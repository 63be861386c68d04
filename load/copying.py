"""A warehouse whole, from one database to another: out into a SQLite file for a backup, and in again from one.

Row by row through the tables of `load.schema`, so either database can be copied into either. A copy holds the same rows
under the same numbers, the audit log included: its last entry tells which state of the warehouse it is.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, insert, inspect, select, text

from load.connecting import Warehouse, at_file, explained, reading, use_write_ahead_log, writing
from load.contract import LoadError
from load.migrating import configuration, migrate, newer, revision
from load.schema import REVISION, REVISION_TABLE, audit_entry, metadata
from load.views import drop_views, make_views

AT_ONCE = 5_000
"""Rows that are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a warehouse holds: its schema, rows by table, and number and digest of the last audit entry (`N:DIGEST`).

    `bare` says that nothing was ever stored in it: somebody has only looked into it, which made its tables.
    """

    schema: str
    rows: Mapping[str, int]
    head: str
    bare: bool

    @property
    def all_rows(self) -> int:
        """Rows of all tables."""
        return sum(self.rows.values())


def contents(warehouse: Warehouse) -> Contents | None:
    """What a warehouse holds; `None` where it has no tables of ours. Raises `LoadError` for a newer schema."""
    with reading(warehouse) as connection:
        return _contents(connection, warehouse)


def size(warehouse: Warehouse) -> int:
    """Bytes that a warehouse takes, about as many as a copy of it will."""
    with reading(warehouse) as connection:
        if connection.dialect.name == "postgresql":
            return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
        pages, each = (connection.scalar(text(f"PRAGMA {name}")) or 0 for name in ("page_count", "page_size"))
        return int(pages) * int(each)


def copy_out(warehouse: Warehouse, target: Path, advance: Callable[[int], None] = lambda _rows: None) -> Contents:
    """Write one state of a warehouse, whatever is stored meanwhile, into a new SQLite file; returns that state.

    Raises `LoadError` where the warehouse cannot be read, is not of this version's schema, or the file not written.
    """
    with at_file(target) as copy, reading(warehouse) as source:
        found = _contents(source, warehouse)
        if found is None or found.schema != REVISION:
            raise LoadError("its schema is not that of this version", where=warehouse.place, remedy="Open it first")
        with explained(copy), writing(copy, "schema") as sink:
            _make_schema(sink)
            _copy(source, warehouse, sink, advance)
            make_views(sink)
    return found


def copy_in(source: Path, warehouse: Warehouse, advance: Callable[[int], None] = lambda _rows: None) -> Contents:
    """Make a warehouse what a copy of one is, in one transaction; returns what it holds then.

    A copy with an older schema is raised to this version's beforehand (not in the file itself). Where the warehouse is
    the same already nothing is done, so what was interrupted can be done again.

    Raises:
        LoadError: the warehouse holds something else, or either cannot be used; nothing was changed.
    """
    with _raised(source) as file, at_file(file) as copy, reading(copy) as backup:
        found = _contents(backup, copy)
        if found is None:
            raise LoadError("there is no warehouse in it", where=copy.place, remedy="Name a backup that is whole")
        if warehouse.engine.dialect.name == "sqlite":
            with explained(warehouse):
                use_write_ahead_log(warehouse)
        with explained(warehouse), writing(warehouse, "schema") as sink:
            _keep_others_out(sink)
            there = _contents(sink, warehouse)
            if there == found:
                return found
            if there is not None and not there.bare:
                raise LoadError(
                    f"it holds something already ({there.all_rows:,} rows)",
                    where=warehouse.place,
                    remedy="Restore into a new one: set COURTSTATS_WAREHOUSE_URL",
                )
            if there is not None:
                _drop_all(sink)
            _make_schema(sink)
            _copy(backup, copy, sink, advance)
            if sink.dialect.name == "postgresql":
                _number_on(sink)
            make_views(sink)
    return found


def same_as(source: Path, there: Contents) -> bool:
    """Whether a warehouse holds just what a copy in a file holds. Raises `LoadError` where that cannot be read."""
    with _raised(source) as file, at_file(file) as copy:
        return contents(copy) == there


def _contents(connection: Connection, warehouse: Warehouse) -> Contents | None:
    found = revision(connection)
    if found is None:
        return None
    if found > REVISION:
        raise newer(found, warehouse.place)
    if found < REVISION:  # its tables are others; somebody used it, so it is not bare
        return Contents(found, {}, "", bare=False)
    rows = {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in metadata.sorted_tables
    }
    last = connection.execute(
        select(audit_entry.c.entry, audit_entry.c.digest).order_by(audit_entry.c.entry.desc()).limit(1)
    ).one_or_none()
    done = set(connection.scalars(select(audit_entry.c.action).distinct()))
    bare = done <= {"schema raised"} and not any(n for name, n in rows.items() if name != audit_entry.name)
    return Contents(found, rows, f"{last.entry}:{last.digest}" if last else "", bare)


def _keep_others_out(connection: Connection) -> None:
    """Have runs and landings wait to the end of the transaction: what they stored in between would be taken away.

    In SQLite whoever writes is alone anyway. The lock on the schema keeps out whoever would make the tables.
    """
    if connection.dialect.name == "postgresql":
        there = set(inspect(connection).get_table_names())
        if names := ", ".join(table.name for table in metadata.sorted_tables if table.name in there):
            connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")


def _make_schema(connection: Connection) -> None:
    """The tables of this version, without an entry in the audit log: the copy brings its own."""
    from alembic import command

    command.upgrade(configuration(connection), "head")


def _drop_all(connection: Connection) -> None:
    """Take away the tables of a warehouse in which nothing was ever stored."""
    drop_views(connection)
    metadata.drop_all(connection)
    connection.exec_driver_sql(f"DROP TABLE {REVISION_TABLE}")
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS refuse_change()")


def _copy(source: Connection, of: Warehouse, sink: Connection, advance: Callable[[int], None]) -> None:
    for table in metadata.sorted_tables:  # what is referred to comes before what refers to it
        for rows in _pages(source, of, table):
            sink.execute(insert(table), [dict(row) for row in rows])
            advance(len(rows))


def _pages(source: Connection, of: Warehouse, table: Table) -> Iterator[Sequence[RowMapping]]:
    """The rows of a table by their key, some at a time; what cannot be read is the fault of the source."""
    query = select(table).order_by(*table.primary_key).execution_options(yield_per=AT_ONCE)
    with explained(of):
        found = source.execute(query).mappings()
    while True:
        with explained(of):
            rows = found.fetchmany(AT_ONCE)
        if not rows:
            return
        yield rows


def _number_on(connection: Connection) -> None:
    """Have PostgreSQL number new rows after those that were copied with their numbers."""
    for table in metadata.sorted_tables:
        column: Any = table.autoincrement_column
        if column is None:
            continue
        sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
        if sequence:
            last = connection.scalar(select(func.max(column))) or 0
            connection.execute(select(func.setval(sequence, last + 1, False)))


@contextmanager
def _raised(source: Path) -> Iterator[Path]:
    """A file with the schema of this version: the one given, or a raised copy of it that is gone afterwards."""
    with at_file(source) as copy, reading(copy) as connection:
        found = revision(connection)
    if found is None or found >= REVISION:
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="courtstats-") as folder:
        file = Path(shutil.copy(source, folder))
        with at_file(file) as copy:
            migrate(copy)
        yield file
