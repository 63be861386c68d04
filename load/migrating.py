"""Bring a warehouse to the schema of this version; Alembic runs from the installed package, without a file of its own.

To write a new migration: change `schema.py`, open a warehouse of the old version, and in it call
`alembic.command.revision(configuration(connection), "what changes", rev_id="0002", autogenerate=True)`;
then raise `schema.REVISION`. The test of the schema fails until the two agree.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column as TableColumn
from sqlalchemy import Connection, MetaData, Table, Text, inspect, select

from load.connecting import Warehouse, explained, reading, use_write_ahead_log, writing
from load.contract import LoadError
from load.schema import REVISION, REVISION_TABLE

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
        with writing(warehouse, "schema") as connection:
            _upgrade(connection, warehouse.place)


def revision(connection: Connection) -> str | None:
    """The migration that the database stands at; `None` for an empty one."""
    if not inspect(connection).has_table(REVISION_TABLE):
        return None
    return connection.scalar(select(_REVISIONS.c.version_num))


def _upgrade(connection: Connection, place: str) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = configuration(connection)
    found = revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise newer(found, place)
    command.upgrade(config, "head")


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
