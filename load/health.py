"""How a warehouse stands, looked at without changing anything: an older schema is not raised, a file is not made."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, create_engine, func, inspect, select

from load.connecting import Warehouse, connect, reading
from load.migrating import newer, revision
from load.schema import REVISION, landed_batch, metadata, run
from load.views import VIEWS, make_views


@dataclass(frozen=True, slots=True)
class Health:
    """How it stands. `revision` is None where it has no tables yet.

    Of SQLite: what `quick_check` found (`ok`), and the journal mode. Of PostgreSQL: the server's version number, and
    whether the account may read figures, add rows, change tables (as their owner).
    """

    place: str
    revision: str | None
    missing: tuple[str, ...] = ()
    file: str = ""
    journal: str = ""
    server: int = 0
    reads: bool = True
    adds: bool = True
    owns: bool = True

    @property
    def usable(self) -> bool:
        """Whether it is of this version's schema, with all its tables and views."""
        return self.revision == REVISION and not self.missing


def health(url: str) -> Health:
    """Look at a warehouse. Raises `LoadError` where it does not answer, or a newer version made it."""
    with connect(url) as warehouse, reading(warehouse) as connection:
        found = revision(connection)
        if found is not None and found > REVISION:
            raise newer(found, warehouse.place)
        if found != REVISION:
            return Health(warehouse.place, found)
        looked = inspect(connection)
        there = {*looked.get_table_names(), *looked.get_view_names()}
        missing = tuple(sorted({*metadata.tables, *VIEWS} - there))
        if missing:
            return Health(warehouse.place, found, missing)
        if connection.dialect.name == "sqlite":
            file = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
            journal = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
            return Health(warehouse.place, found, file=file, journal=journal)
        return _of_server(connection, warehouse.place, found)


def _of_server(connection: Connection, place: str, found: str) -> Health:
    row = connection.exec_driver_sql(
        "SELECT current_setting('server_version_num')::integer AS server, "
        "has_table_privilege('figure', 'select') AS reads, has_table_privilege('figure', 'insert') AS adds, "
        "(SELECT pg_has_role(tableowner, 'member') FROM pg_tables "
        "WHERE tablename = 'figure' AND schemaname = current_schema()) AS owns"
    ).one()
    return Health(place, found, server=row.server, reads=row.reads, adds=row.adds, owns=row.owns)


def noted_landings(warehouse: Warehouse) -> dict[int, tuple[datetime, str]]:
    """The landings that the warehouse knows: number to when and from which source."""
    query = select(landed_batch.c.batch, landed_batch.c.landed_at, landed_batch.c.source_name)
    with reading(warehouse) as connection:
        return {row.batch: (row.landed_at, row.source_name) for row in connection.execute(query)}


def counted_stores(warehouse: Warehouse) -> set[str]:
    """Ids of the records stores that runs were counted from."""
    with reading(warehouse) as connection:
        return set(connection.scalars(select(run.c.store).where(run.c.store.is_not(None)).distinct()))


def clocks(warehouse: Warehouse) -> tuple[datetime | None, datetime | None]:
    """When the newest run was stored, and what the database server's clock says (None on SQLite)."""
    with reading(warehouse) as connection:
        newest: datetime | None = connection.scalar(select(func.max(run.c.finished_at)))
        if connection.dialect.name != "postgresql":
            return newest, None
        return newest, connection.exec_driver_sql("SELECT clock_timestamp()").scalar()


def columns_of_views() -> dict[str, list[str]]:
    """The columns of each view in their order, as an empty database of this schema has them."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        make_views(connection)
        looked = inspect(connection)
        found = {name: [str(column["name"]) for column in looked.get_columns(name)] for name in VIEWS}
    engine.dispose()
    return found
