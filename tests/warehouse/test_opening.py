"""Opening a warehouse: the schema is made or raised, a newer one is refused, and no password is ever shown."""

import logging
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, text

from load.contract import LoadError
from load.migrating import configuration
from load.schema import NEVER_CHANGED, REVISION, REVISION_TABLE, metadata
from load.warehouse import current_figures, open_warehouse, warehouse_status

ADDRESS = "postgresql://clerk:s3cret@127.0.0.1:1/statistics"


def test_the_migrations_make_exactly_the_described_schema(warehouse):
    with warehouse.engine.connect() as connection:
        options = {"version_table": REVISION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
        assert ScriptDirectory.from_config(configuration(connection)).get_heads() == [REVISION]
    assert warehouse_status(warehouse).revision == REVISION


def test_every_table_and_column_says_what_it_means():
    columns = [column for table in metadata.tables.values() for column in table.columns]
    assert len(columns) > 60
    assert [str(column) for column in columns if not column.comment] == []
    assert [table.name for table in metadata.tables.values() if not table.comment] == []
    assert set(NEVER_CHANGED) <= set(metadata.tables)


def test_opening_again_keeps_what_is_there_and_runs_no_migration(url, sample, monkeypatch):
    with open_warehouse(url) as warehouse:
        sample.load(warehouse)
    monkeypatch.setattr("load.migrating._upgrade", lambda *_: pytest.fail("migrated again"))
    with open_warehouse(url) as warehouse:
        assert len(current_figures(warehouse, "spo")) == 2


def test_many_first_openings_at_once_make_one_schema(url):
    start = threading.Barrier(6)

    def first(_):
        start.wait()
        with open_warehouse(url) as warehouse:
            return warehouse_status(warehouse).revision

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(first, range(6))) == [REVISION] * 6


def test_a_migration_that_fails_leaves_no_half_schema(url, monkeypatch):
    def fail_late(connection, cursor, statement, parameters, context, executemany):
        if "check_result" in statement:
            raise RuntimeError("power cut")

    from load import migrating

    real = migrating._upgrade

    def upgrade(connection, warehouse):
        event.listen(connection.engine, "before_cursor_execute", fail_late)
        real(connection, warehouse)

    monkeypatch.setattr(migrating, "_upgrade", upgrade)
    with pytest.raises(RuntimeError, match="power cut"):
        open_warehouse(url)
    monkeypatch.setattr(migrating, "_upgrade", real)
    with open_warehouse(url) as warehouse:
        assert warehouse_status(warehouse).rows["figure"] == 0


def test_a_warehouse_of_a_newer_version_is_refused_with_advice(url):
    with open_warehouse(url) as warehouse, warehouse.engine.begin() as connection:
        connection.execute(text(f"UPDATE {REVISION_TABLE} SET version_num = '0999'"))
    with pytest.raises(LoadError, match=r"newer courtstats \(schema 0999.*Install the newer version"):
        open_warehouse(url)


def test_opening_does_not_touch_the_logging_of_the_program(url):
    before = logging.getLogger().handlers[:], logging.getLogger().level, logging.getLogger("alembic").level
    open_warehouse(url).dispose()
    assert (logging.getLogger().handlers[:], logging.getLogger().level, logging.getLogger("alembic").level) == before
    assert not logging.getLogger("load").disabled


@pytest.mark.parametrize(
    "address",
    [
        ADDRESS,
        "postgres://clerk:s3cret@127.0.0.1:1/statistics",
        "postgresql://127.0.0.1:1/statistics?user=clerk&password=s3cret",
        "postgresql://clerk:a@s3cret@127.0.0.1:1/statistics",
        "postgresql://clerk:a@b/s3cret@127.0.0.1:1/statistics",
        "postgresql://clerk:s3cret@127.0.0.1:port/statistics",
        "mysql://clerk:s3cret@127.0.0.1/statistics",
        "clerk:s3cret@127.0.0.1",
        "nosuch+driver://clerk:s3cret@127.0.0.1/statistics",
    ],
)
def test_no_error_shows_a_password(address):
    with pytest.raises(LoadError) as caught:
        open_warehouse(address)
    shown = "".join(traceback.format_exception(caught.value, chain=True)) + repr(caught.value)
    assert "s3cret" not in shown.replace(address, "")
    assert caught.value.remedy
    assert caught.value.exit_code == 6


def test_an_unreachable_database_is_named_with_what_to_do():
    with pytest.raises(LoadError, match=r"statistics on 127\.0\.0\.1: nothing answers at that address. Check that"):
        open_warehouse(ADDRESS)


def test_the_handle_shows_no_password(monkeypatch):
    monkeypatch.setattr("load.warehouse.migrate", lambda warehouse: None)
    with open_warehouse(ADDRESS.replace("127.0.0.1:1/statistics", "h/d?password=s3cret")) as warehouse:
        assert "s3cret" not in repr(warehouse)


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x.db?uri=true"])
def test_a_warehouse_that_would_be_forgotten_is_refused(address):
    with pytest.raises(LoadError, match="a SQLite warehouse is a file"):
        open_warehouse(address)


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("minutes of the meeting\n" * 100)
    with pytest.raises(LoadError, match="not a SQLite database"):
        open_warehouse(f"sqlite:///{file}")
    assert file.read_text().startswith("minutes")


def test_a_folder_that_cannot_be_made_is_an_error_with_advice(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LoadError, match="folder cannot be made"):
        open_warehouse(f"sqlite:///{tmp_path / 'file' / 'deeper' / 'w.db'}")


def test_a_connection_lost_in_the_middle_leaves_nothing_and_says_so(warehouse, sample):
    """SQLite has no connection to lose, so there its file is locked up instead."""

    def cut(rows):
        if warehouse.engine.dialect.name == "postgresql":
            with warehouse.engine.connect() as other:
                other.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
        else:
            event.listen(warehouse.engine, "before_cursor_execute", refuse)
        return [sample.check()]

    def refuse(connection, cursor, statement, parameters, context, executemany):
        cursor.execute("PRAGMA query_only = ON")

    with pytest.raises(LoadError, match=r"connection was lost|cannot be written to"):
        sample.load(warehouse, verify=cut)
    if event.contains(warehouse.engine, "before_cursor_execute", refuse):
        event.remove(warehouse.engine, "before_cursor_execute", refuse)
    warehouse.dispose()
    assert warehouse_status(warehouse).rows["run"] == 0
    assert not sample.load(warehouse).already_there


def test_a_writer_that_waits_too_long_says_who_is_in_the_way(url, sample, monkeypatch):
    monkeypatch.setattr("load.connecting.BUSY_SECONDS", 1)
    with open_warehouse(url) as warehouse, pytest.raises(LoadError) as caught:
        sample.load(warehouse, verify=lambda rows: sample.load(warehouse) and [])
    assert isinstance(caught.value.__cause__, LoadError)
    assert "another writer kept it locked" in str(caught.value.__cause__)
