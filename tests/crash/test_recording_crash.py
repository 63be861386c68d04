"""A recorder that is killed, or whose database is, has recorded each landing as a whole or not at all.

All messages are made, and the checks of a landing are stand-ins: what they find is not the matter here.
Run as a script, this file is the recorder, which kills itself in forked processes:
python test_recording_crash.py HOME URL=LINE...     LINE: 0 is never
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from expectations.contract import Outcome
from load import audit, connecting, migrating, storing, warehouse
from load.contract import LoadError
from load.schema import audit_entry, check_result, landed_batch
from load.warehouse import open_warehouse, record_batch, warehouse_status
from pipelines import recording
from pipelines.settings import Settings, load_settings

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]


def beside(name: str, folder: Path = HERE.parent) -> Any:
    """A module of the tests that is no test."""
    spec = importlib.util.spec_from_file_location(f"{name} of {folder.name}", folder / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


dying, made, own_server = beside("dying"), beside("made_landings"), beside("own_server")
copied_warehouses = beside("copied_warehouses")
runs_made = beside("conftest", ROOT / "tests" / "warehouse")
LONG = os.environ.get("LONG_TESTS") == "1"
POINTS = 30 if LONG else 2
STATEMENTS = range(1, 13) if LONG else (3,)
"""Of a writing transaction, after which the database server stops; `commit` is beside them."""
MODULES = (recording, warehouse, audit, connecting, migrating, storing)
TRACED = [Path(module.__file__) for module in MODULES if module.__file__]
CHECKS = ("a made check", "another made check")
LANDINGS = 3


def checked(*_files: Any, **_asked: Any) -> list[Outcome]:
    return [Outcome("landed", name, "warning", "passed", 1, 0, "It is made", "") for name in CHECKS]


STAND_INS: dict[str, Any] = {"check_landed": checked, "note": lambda _said: None}
"""What would import Great Expectations and Prefect in every process."""


def settings_of(home: Path, url: str) -> Settings:
    return load_settings({"COURTSTATS_HOME": str(home), "COURTSTATS_WAREHOUSE_URL": url})


def main(home: str, *addresses: str) -> None:
    """Record into each warehouse in a process of its own; one that lives to its end says how many lines it had."""
    for name, stand_in in STAND_INS.items():
        setattr(recording, name, stand_in)
    for address, line in (each.rsplit("=", 1) for each in addresses):
        dying.in_child(lambda address=address, line=line: recorder(settings_of(Path(home), address), int(line)))


def recorder(settings: Settings, line: int) -> None:
    dying.trace(TRACED, line)
    recording.record_batches(settings)
    sys.settrace(None)
    (settings.home / "lines.json").write_text(json.dumps(dying.lines))


def run(home: Path, points: dict[str, int]) -> None:
    command = [sys.executable, __file__, str(home), *(f"{url}={line}" for url, line in points.items())]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=600, check=True)


def recorded(url: str) -> list[tuple[Any, ...]]:
    """Number, rows and checks of each landing that is recorded, and whether the audit log has it."""
    with connecting.connect(url) as opened, connecting.reading(opened) as connection:
        batches = connection.execute(select(landed_batch.c.batch, landed_batch.c.rows).order_by("batch")).all()
        checks = connection.execute(select(check_result.c.batch, check_result.c.rule)).all()
        said = connection.scalars(select(audit_entry.c.subject).where(audit_entry.c.action == "landed")).all()
    assert {f"batch {batch}" for batch, _rows in batches} == set(said)
    assert {batch for batch, _rule in checks} <= {batch for batch, _rows in batches}
    return [(batch, rows, sorted(rule for of, rule in checks if of == batch)) for batch, rows in batches]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose store holds some landings that no warehouse knows of."""
    folder = tmp_path_factory.mktemp("recording")
    made.deliver_first(folder / "inbox", "spi")
    records = load_settings({}, home=folder / "home").store
    made.land(folder / "inbox", records, made.FIRST)
    made.deliver_second(folder / "inbox", "spi")
    made.land(folder / "inbox", records, made.SECOND)
    made.messages(folder / "inbox", z=("2020-05-04", "3307"))
    assert made.land(folder / "inbox", records, made.SECOND + timedelta(days=1)).batch == LANDINGS
    return folder / "home"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Gives warehouses in which nothing is recorded, one after the other."""
    with copied_warehouses.copies(request, tmp_path, lambda url: open_warehouse(url).dispose()) as another:
        yield another


@pytest.mark.long
def test_a_recorder_killed_at_any_line_has_recorded_whole_landings_and_the_next_records_the_rest(
    home: Path, empty: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, stand_in in STAND_INS.items():
        monkeypatch.setattr(recording, name, stand_in)
    undisturbed = empty()
    run(home, {undisturbed: 0})
    all_of_them = recorded(undisturbed)
    assert [batch for batch, _rows, _checks in all_of_them] == list(range(1, LANDINGS + 1))
    assert all(checks == sorted(CHECKS) for _batch, _rows, checks in all_of_them)
    lines = json.loads((home / "lines.json").read_text())
    killed = {empty(): line for line in dying.spread(lines, POINTS)}
    run(home, killed)
    seen = set()
    for url, line in killed.items():
        before = recorded(url)
        assert before == all_of_them[: len(before)], f"killed at line {line} of {lines}"
        seen.add(len(before))
        assert len(recording.record_batches(settings_of(home, url))) == len(CHECKS) * (LANDINGS - len(before))
        assert recorded(url) == all_of_them, f"killed at line {line} of {lines}"
        with open_warehouse(url) as opened:
            assert audit.verify(opened).faults == ()
    assert len(seen) > 1 or not LONG


# --- the server itself ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with tempfile.TemporaryDirectory() as folder:
        started = own_server.Server(Path(folder))
        yield started
        started.server.cleanup()


@pytest.fixture
def down(server: Any) -> Iterator[Callable[[Any, Any], None]]:
    """Stops the server, hard, after so many statements of a transaction, or when it is to be committed."""

    def arm(engine: Engine, point: int | str, how: str) -> None:
        stop = getattr(server, how)
        left = [point]

        def count(*_: Any) -> None:
            left[0] -= 1
            if left[0] == 0:
                stop()

        listener = ("commit", lambda _connection: stop()) if point == "commit" else ("after_cursor_execute", count)
        event.listen(engine, *listener)

    yield arm
    server.start()


@pytest.fixture(scope="module")
def url(server: Any) -> str:
    with open_warehouse(server.url):
        return str(server.url)


@pytest.mark.long
@pytest.mark.parametrize("how", ["stop", "kill"])
@pytest.mark.parametrize("point", [*STATEMENTS, "commit"])
def test_a_server_that_is_stopped_while_a_landing_is_recorded_has_all_of_it_or_nothing(
    server: Any, url: str, down: Callable[..., None], point: int | str, how: str
) -> None:
    with open_warehouse(url) as opened:
        newest = warehouse_status(opened).newest_batch
        batch = runs_made.a_batch(batch=newest.batch + 1 if newest else 1)
        before = recorded(url)
        down(opened.engine, point, how)
        check = runs_made.a_check()
        try:
            record_batch(opened, batch, [check])
            ended = True  # it has fewer statements than that
        except LoadError as fault:
            ended = False
            assert fault.passing, fault
    server.start()
    after = [*before, (batch.batch, batch.rows, [check.rule])]
    assert recorded(url) == (after if ended else before)
    with open_warehouse(url) as opened:
        assert record_batch(opened, batch, [check]) == (not ended)
        assert recorded(url) == after
        assert audit.verify(opened).faults == ()


@pytest.mark.long
@pytest.mark.parametrize("how", ["stop", "kill"])
@pytest.mark.parametrize("point", [*STATEMENTS, "commit"])
def test_a_server_that_is_stopped_while_a_run_is_loaded_has_all_of_it_or_nothing(
    server: Any, url: str, down: Callable[..., None], point: int | str, how: str
) -> None:
    """One retry completes it: with its figures, its entry in the audit log, and as the newest of its vintages."""
    with open_warehouse(url) as opened:
        before = warehouse_status(opened)
        run = runs_made.a_run(newest_batch=before.rows["run"] + 1, value=before.rows["run"])
        down(opened.engine, point, how)
        try:
            runs_made.load(opened, run)
            ended = True
        except LoadError as fault:
            ended = False
            assert fault.passing, fault
    server.start()
    with open_warehouse(url) as opened:
        if not ended:
            assert warehouse_status(opened) == before
        loaded = runs_made.load(opened, run)
        assert loaded.already_there == ended
        assert warehouse_status(opened).rows["run"] == before.rows["run"] + 1
        assert warehouse.current_figures(opened, "spo")
        assert audit.verify(opened).faults == ()


if __name__ == "__main__":
    main(*sys.argv[1:])
