"""Bring a warehouse to the schema of this version; Alembic runs from the installed package, without a file of its own.

To write a new migration: change `schema.py`, open a warehouse of the old version, and in it call
`alembic.command.revision(configuration(connection), "what changes", rev_id="0002", autogenerate=True)`;
then raise `schema.REVISION`. The test of the schema fails until the two agree.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column as TableColumn
from sqlalchemy import Connection, MetaData, Table, Text, func, inspect, select

from load.audit import append
from load.connecting import Warehouse, explained, reading, use_write_ahead_log, writing
from load.contract import LoadError
from load.schema import REVISION, REVISION_TABLE, run
from load.views import drop_views, make_views

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
_REVISIONS = Table(REVISION_TABLE, MetaData(), TableColumn("version_num", Text))


def migrate(warehouse: Warehouse) -> None:
    """Make or raise the schema. Safe when several open the same warehouse for the first time at once.

    Raises `LoadError` where the warehouse was made by a newer version of the program.
    """
    with reading(warehouse) as connection:
        found = revision(connection)
    if found == REVISION:
        return
    with explained(warehouse):
        if warehouse.engine.dialect.name == "sqlite":
            use_write_ahead_log(warehouse)
        else:
            _refuse_others_than_the_owner(warehouse, found)
        with writing(warehouse, "schema") as connection:
            _upgrade(connection, warehouse)


def revision(connection: Connection) -> str | None:
    """The migration that the database stands at; `None` for an empty one."""
    if not inspect(connection).has_table(REVISION_TABLE):
        return None
    return connection.scalar(select(_REVISIONS.c.version_num))


def _upgrade(connection: Connection, warehouse: Warehouse) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = configuration(connection)
    found = revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise newer(found, warehouse.place)
    drop_views(connection)
    command.upgrade(config, "head")
    make_views(connection)
    runs = connection.scalar(select(func.max(run.c.run_id))) or 0
    append(connection, warehouse, "schema raised", REVISION, before=found, runs=runs)


def _refuse_others_than_the_owner(warehouse: Warehouse, found: str | None) -> None:
    """Only the owner of the tables makes or raises them (sql/warehouse/roles.sql): anybody else is told whom to ask."""
    may = "pg_has_role(tableowner, 'member')" if found else "has_schema_privilege(current_schema(), 'create')"
    source = f"FROM pg_tables WHERE tablename = '{REVISION_TABLE}' AND schemaname = current_schema()" if found else ""
    owner = "tableowner" if found else "NULL"
    with reading(warehouse) as connection:
        allowed, owned_by = connection.exec_driver_sql(f"SELECT {may}, {owner} {source}").one()
    if not allowed and (found or "") < REVISION:
        stands = f"its schema is {found}, this version needs {REVISION}" if found else "it has no tables yet"
        raise LoadError(
            f"{stands}, and this account may not {'raise it' if found else 'make them'}",
            where=warehouse.place,
            remedy=f"Ask {owned_by or 'its owner'} to run `courtstats status` once, and to apply the roles again "
            "(`courtstats warehouse roles`)",
        )


def newer(found: str, place: str) -> LoadError:
    """The error for a warehouse that a newer version of the program made."""
    return LoadError(
        f"it was made by a newer courtstats (schema {found}; this version knows schemas up to {REVISION})",
        where=place,
        remedy="Install the newer version, or point COURTSTATS_WAREHOUSE_URL at another warehouse",
    )


def configuration(connection: Connection) -> "Config":
    """Alembic's configuration for migrating through a connection that is already in a transaction."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
