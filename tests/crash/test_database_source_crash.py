"""A database that stops while it is read, or a reader that is killed, loses nothing and lands nothing twice.

All rows are made. Run as a script, this file is the reader that kills itself:
python test_database_source_crash.py URL STORE BATCHES
"""

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import create_engine

from extract import landing as module
from extract import store
from extract.contract import Texts
from extract.database import DatabaseSource, read_database
from extract.mapping import Mapping
from extract.records import with_delivery

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]
_spec = importlib.util.spec_from_file_location("own_server", HERE.with_name("own_server.py"))
assert _spec
assert _spec.loader
own_server = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(own_server)
LONG = os.environ.get("LONG_TESTS") == "1"
POINTS = range(1, 11) if LONG else (7,)
"""Batches seen when it happens. There are twelve, four a month for three months."""
COLUMNS = {"case_number": "case_no", "hearing_date": "heard", "offence_code": "offence", "result": "result"}
MAPPING = Mapping(Path("live.toml"), "live", None, "%Y-%m-%d", ",", COLUMNS, {}, "", ())
WINDOW = date(2020, 1, 1), date(2020, 3, 31)
NOW = datetime(2020, 6, 1, 9, tzinfo=UTC)


def land(
    url: str, records: Path, done: Callable[[int], None], waiting: Callable[[float], None] = lambda _s: None
) -> module.Landing:
    with tempfile.TemporaryDirectory() as spool:
        read = read_database(
            DatabaseSource(url, table="hearing", batch_rows=100), MAPPING, window=WINDOW, received_at=NOW,
            texts=Texts(frozenset(), b"key"), spool=Path(spool), done=done, waiting=waiting,
        )  # fmt: skip
        source = module.Source("live", "table", 1, NOW, given=False, by_name=False)
        return module.land(records, source, with_delivery(read.batches), lambda: read.refusals, landed_at=NOW)


def main(url: str, records: str, batches: str) -> None:
    left = int(batches)

    def die(rows: int) -> None:
        nonlocal left
        left -= rows > 0
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    land(url, Path(records), die)


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with tempfile.TemporaryDirectory() as folder:
        made = own_server.Server(Path(folder))
        engine = create_engine(made.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("create table hearing (case_no text, heard date, offence text, result text)")
            connection.exec_driver_sql(
                "insert into hearing select 'C' || n, date '2020-01-01' + mod(n, 91), 'ST19501', '3307'"
                " from generate_series(1, 1100) n"
            )
            connection.exec_driver_sql("insert into hearing values ('C0', '2020-02-02', 'TOO LONG A CODE', 'SPO')")
        engine.dispose()
        yield made
        made.server.cleanup()


def rows(records: Path) -> list[Any]:
    columns = "select * exclude (landed_batch, landed_at) from read_parquet($files) order by all"
    return duckdb.execute(columns, {"files": list(store.known_files(records))}).fetchall()


def a_store(folder: Path, name: str) -> Path:
    store.prepare(folder / name, "check")
    return folder / name


@pytest.fixture(scope="module")
def undisturbed(server: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    records = a_store(tmp_path_factory.mktemp("undisturbed"), "records")
    seen: list[int] = []
    landing = land(server.url, records, seen.append)
    assert (sum(seen), len(seen)) == (1101, 12)
    assert landing.refused == {"bad-offence-code": 1}
    return rows(records)


@pytest.mark.long
@pytest.mark.parametrize("point", POINTS)
def test_a_database_that_stops_in_the_middle_is_read_on_when_it_runs_again(
    server: Any, undisturbed: list[Any], tmp_path: Path, point: int
) -> None:
    """It answers nobody for two waits; then the months that were finished are kept and the others are read."""
    seen: list[int] = []
    waits: list[float] = []

    def cut(number: int) -> None:
        seen.append(number)
        if len(seen) == point:
            server.stop()

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            server.start()

    records = a_store(tmp_path, "records")
    landing = land(server.url, records, cut, wait)
    assert len(waits) == 2
    assert sum(seen) == 1101
    assert sum(n for n in seen if n < 0) > -500  # less than a month was read again
    assert landing.refused == {"bad-offence-code": 1}
    assert rows(records) == undisturbed
    assert land(server.url, records, lambda _n: None).batch is None


@pytest.mark.long
@pytest.mark.parametrize("point", POINTS)
def test_a_reader_that_is_killed_has_landed_nothing_and_the_next_lands_all(
    server: Any, undisturbed: list[Any], tmp_path: Path, point: int
) -> None:
    records = a_store(tmp_path, "records")
    command = [sys.executable, __file__, server.url, str(records), str(point)]
    killed = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert store.newest_batch(records) == 0
    assert land(server.url, records, lambda _n: None).batch == 1
    assert rows(records) == undisturbed


if __name__ == "__main__":
    main(*sys.argv[1:])
