"""Warehouses that are copies of one: SQLite as a file, PostgreSQL by the first as template. For crash tests."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url


@contextmanager
def copies(request: pytest.FixtureRequest, folder: Path, fill: Callable[[str], object]) -> Iterator[Callable[[], str]]:
    """Gives a function that makes the URL of another copy of what `fill` made; `request.param` names the database."""
    if request.param == "sqlite":
        first = folder / "first.db"
        fill(f"sqlite:///{first}")

        def copied() -> str:
            copy = folder / f"{uuid.uuid4().hex}.db"
            shutil.copy(first, copy)
            return f"sqlite:///{copy}"

        yield copied
        return
    server = make_url(request.getfixturevalue("postgresql_server"))
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    names: list[str] = []

    def created() -> str:
        names.append(f"c{uuid.uuid4().hex}")
        like = f" TEMPLATE {names[0]}" if names[1:] else ""
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {names[-1]}{like}")
        return str(server.set(database=names[-1]).render_as_string(hide_password=False))

    fill(created())
    yield created
    with admin.connect() as connection:
        for name in names:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()
