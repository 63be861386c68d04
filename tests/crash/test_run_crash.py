"""A run that is killed anywhere leaves the old state or the new one, whole, and one retry completes.

The run is prepared, counted, compared with what stands and loaded, without Prefect. It is the second of its question
and period: the landing in between moved a figure by several causes, so the parts of a revision are stored with it. All
messages are made. Run as a script, this file is that run, which kills itself in forked processes:
python test_run_crash.py HOME URL=LINE...     LINE: 0 is never
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from extract import store
from load import audit, connecting, reading, storing, vintages, warehouse
from load.contract import Loaded
from load.history import history
from load.revisions import revision_rows
from load.schema import metadata
from pipelines import landings, loading, recording, revising, runs
from pipelines.settings import Settings, load_settings
from transform.periods import parse_period

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]


def beside(name: str) -> Any:
    """A module of this folder that is no test."""
    spec = importlib.util.spec_from_file_location(f"{name} of a run", HERE.with_name(f"{name}.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


dying, made, copied_warehouses = beside("dying"), beside("made_landings"), beside("copied_warehouses")
LONG = os.environ.get("LONG_TESTS") == "1"
POINTS = 24 if LONG else 1
"""Lines, evenly spread over all that are run; the last before and the first after the commit go with them."""
MODULES = (runs, revising, loading, recording, warehouse, storing, vintages, audit, reading, connecting)
TRACED = [Path(module.__file__) for module in MODULES if module.__file__]
QUESTION = "stalking-protection-orders"
FIRST, SECOND = (datetime(2020, 7, day, 9, tzinfo=UTC) for day in (1, 2))
CAUSES = {"late result": 1, "amended result": -1, "quarantine released": 1}
"""Of the total of the quarter, from the first run to the second: two cases, then three."""


def counted_and_loaded(settings: Settings, now: datetime) -> Loaded:
    """What a run does between its checks, by a clock that stands, and with one salt: its rows are compared whole."""
    question = runs.question(settings, QUESTION)
    orders = runs.prepare_all(settings, question, [parse_period("2020Q1")], [], None, now)
    answers = runs.count_all(settings, orders)
    one_salt = patch.object(warehouse, "token_hex", lambda length: "5" * 2 * length)
    with one_salt, warehouse.open_warehouse(settings.warehouse_url, who="a clerk", clock=lambda: now) as opened:
        compared = revising.compare(settings, opened, orders, answers)
        return loading.load(settings, opened, orders[0], answers[0], [], lambda _stored: [], now, compared[0])


def settings_of(home: Path, url: str) -> Settings:
    return load_settings({"COURTSTATS_HOME": str(home), "COURTSTATS_WAREHOUSE_URL": url})


def main(home: str, *addresses: str) -> None:
    """A run into each warehouse in a process of its own; one that lives to its end says how many lines it had."""
    for address, line in (each.rsplit("=", 1) for each in addresses):
        dying.in_child(lambda address=address, line=line: runner(settings_of(Path(home), address), int(line)))


def runner(settings: Settings, line: int) -> None:
    committed = []
    event.listen(Engine, "commit", lambda _connection: committed.append(dying.lines))
    dying.trace(TRACED, line)
    counted_and_loaded(settings, SECOND)
    sys.settrace(None)
    (settings.home / "lines.json").write_text(json.dumps([dying.lines, *committed]))


def run(home: Path, points: dict[str, int]) -> None:
    command = [sys.executable, __file__, str(home), *(f"{url}={line}" for url, line in points.items())]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=600, check=True)


# --- what is looked at -----------------------------------------------------------------------------


@dataclass(frozen=True)
class State:
    """Every row of the warehouse, and what it says today, said then, and why. Numbers that a database gives out may
    have gaps, so runs are told by their order and the rest of those numbers is left out, as are digests over them.
    """

    rows: dict[str, list[str]]
    stands: list[Any]
    stood: list[Any]
    history: list[Any]
    causes: dict[str, int]


def state_of(url: str) -> State:
    with connecting.connect(url) as opened:
        with connecting.reading(opened) as connection:
            tables = {
                name: connection.execute(select(table)).mappings().all() for name, table in metadata.tables.items()
            }
        place = {number: n for n, number in enumerate(sorted(row["run_id"] for row in tables["run"]), 1)}
        assert audit.verify(opened).faults == ()
        told = {}
        for name, rows in tables.items():
            plain = [{column: value for column, value in row.items() if column not in GIVEN_OUT} for row in rows]
            for row in plain:
                row |= {column: place[row[column]] for column in ("run_id", "previous_run_id") if row.get(column)}
                if "run" in row.get("detail", {}):
                    row["detail"] = row["detail"] | {"run": place[row["detail"]["run"]]}
            told[name] = sorted(map(repr, plain))
        said = [[(f.cell, f.value, f.status, f.vintage) for f in figures] for figures in (
            reading.current_figures(opened, QUESTION), reading.current_figures(opened, QUESTION, as_stored_at=FIRST)
        )]  # fmt: skip
        vintages_told = [(v.cell, v.vintage, v.value, v.status) for v in history(opened, QUESTION, "2020Q1")]
        parts = [part for one in revision_rows(opened, QUESTION, cells=False) for part in one.parts]
    return State(told, *said, vintages_told, {part.cause: part.units for part in parts})


GIVEN_OUT = ("figure_id", "check_id", "digest", "previous")


# --- a store with two landings, and warehouses that know the first -----------------------------------


def land(folder: Path, at: datetime) -> Settings:
    settings = load_settings({}, home=folder / "home")
    request = landings.request_of([folder / "inbox"], None, None, at, None)
    landings.land(settings, request, dry_run=False, waiting=lambda: None)
    return settings


@dataclass(frozen=True)
class Made:
    """A home with both landings in its store, and beside it the store as it was after the first."""

    home: Path
    before: Path


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("run")
    made.deliver_first(folder / "inbox", "spi")
    land(folder, made.FIRST)
    shutil.copytree(folder / "home", folder / "before")
    made.deliver_second(folder / "inbox", "spi")
    land(folder, made.SECOND)
    return Made(folder / "home", folder / "before")


@pytest.fixture(params=["sqlite", "postgresql"])
def another(request: pytest.FixtureRequest, stores: Made, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Gives warehouses with both landings and the run of before the second, one after the other."""

    def filled(url: str) -> None:
        counted_and_loaded(settings_of(stores.before, url), FIRST)
        with warehouse.open_warehouse(url, clock=lambda: FIRST) as opened:
            for landing in store.summaries(load_settings({}, home=stores.home).store):
                warehouse.record_batch(opened, recording.batch_row(landing), [])

    with copied_warehouses.copies(request, tmp_path, filled) as copies:
        yield copies


@pytest.mark.long
def test_a_run_killed_at_any_line_leaves_the_old_or_the_new_state_and_one_retry_completes(
    stores: Made, another: Callable[[], str]
) -> None:
    undisturbed = another()
    old = state_of(undisturbed)
    run(stores.home, {undisturbed: 0})
    new = state_of(undisturbed)
    assert (old.causes, new.causes) == ({}, CAUSES)
    assert new.stood == old.stands, "what was said then is said of then still"
    assert (old.stands[0][:2], new.stands[0][:2]) == (("{}", 2), ("{}", 3))

    lines, *commits = json.loads((stores.home / "lines.json").read_text())
    last = commits[-1]
    assert 0 < last < lines
    points = sorted({*dying.spread(lines, POINTS), last, last + 1})
    killed = {another(): line for line in points}
    run(stores.home, killed)
    for url, line in killed.items():
        where = f"killed at line {line} of {lines}, of which {last} come before the commit"
        assert state_of(url) == (new if line > last else old), where
        retried = counted_and_loaded(settings_of(stores.home, url), SECOND)
        assert retried.already_there == (line > last), where
        assert state_of(url) == new, where


if __name__ == "__main__":
    main(*sys.argv[1:])
