"""A loader that is killed leaves the old state, whole, and a retry completes.

Run as a script, this file is that loader:
python test_load_crash.py URL open|BATCH WHERE    WHERE: a number of statements, verify, wait, commit, after or never
BATCH is the newest landing of the run that it loads: another one is another run.
"""

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from load import audit
from load.warehouse import current_figures, open_warehouse, run_details, warehouse_status

ROOT = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("warehouse_makers", ROOT / "tests" / "warehouse" / "conftest.py")
makers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(makers)

LONG = os.environ.get("LONG_TESTS") == "1"
LOADING = [*range(1, 61), "verify", "commit"] if LONG else [16, "commit"]
OPENING = range(1, 90, 2) if LONG else [12]
AT_ONCE = 12
ENDED = "the loader reached its end"


FIGURES = (makers.FigureRow("2020Q1", "{}", 28, "counted"),)
"""What it states: one figure that differs from `makers.FIGURES`, and one cell less."""


def the_run(batch=2):
    return makers.a_run(newest_batch=batch, value=28)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def kill_after(statements):
    left = [int(statements)]

    @event.listens_for(Engine, "after_cursor_execute")
    def count(connection, cursor, statement, parameters, context, executemany):
        left[0] -= 1
        if left[0] == 0:
            die()


def main(address, what, where):
    def verify(rows):
        if where == "verify":
            die()
        if where == "wait":
            print("waiting", flush=True)  # noqa: T201
            sys.stdin.read()
        return [makers.a_check()]

    def arm():
        if where.isdigit():
            kill_after(where)
        if where == "commit":
            event.listen(Engine, "commit", lambda connection: die())

    if what == "open":
        arm()
    with open_warehouse(address) as warehouse:
        if what != "open":
            arm()
            makers.load(warehouse, the_run(int(what)), figures=FIGURES, verify=verify)
            if where == "after":
                die()
    print(ENDED)  # noqa: T201


def loader(address, what, where):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, __file__, address, str(what), str(where)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def killed(address, where, what="2"):
    """Whether the loader died where it should; False where it has fewer statements than that and ended."""
    child = loader(address, what, where)
    printed, _ = child.communicate(timeout=120)
    assert child.returncode in (-signal.SIGKILL, 0)
    assert (child.returncode == 0) == (ENDED in printed)
    return child.returncode != 0


def state(warehouse):
    return dict(warehouse_status(warehouse).rows), current_figures(warehouse, "spo")


@pytest.mark.long
@pytest.mark.parametrize("where", LOADING)
def test_a_killed_loader_leaves_the_old_state_and_a_retry_completes(url, where):
    with open_warehouse(url) as warehouse:
        old = makers.load(warehouse).run
        before = state(warehouse)
        if not killed(url, where):
            assert LONG
            assert where > 30, "the loader ended before it was killed"
            return
        assert state(warehouse) == before
        loaded = makers.load(warehouse, the_run(), figures=FIGURES)
        assert not loaded.already_there
        assert run_details(warehouse, old.run_id) == old
        assert [(f.run_id, f.value, f.vintage) for f in current_figures(warehouse, "spo")] == [
            (loaded.run.run_id, 28, 2)
        ]
        rows = warehouse_status(warehouse).rows
        assert (rows["run"], rows["figure"], rows["revision_part"]) == (2, 4, 1)
        assert audit.verify(warehouse).faults == ()


def test_a_loader_killed_from_outside_frees_the_question_for_the_next(url):
    with open_warehouse(url) as warehouse:
        before = state(warehouse)
        child = loader(url, 2, "wait")
        assert child.stdout.readline() == "waiting\n"
        child.kill()
        child.communicate(timeout=60)
        assert state(warehouse) == before
        assert not makers.load(warehouse, the_run(), figures=FIGURES).already_there


def test_a_loader_killed_after_its_commit_has_loaded_and_a_retry_says_so(url):
    assert killed(url, "after")
    with open_warehouse(url) as warehouse:
        loaded = makers.load(warehouse, the_run(), figures=FIGURES)
        assert loaded.already_there
        assert loaded.run.figures == FIGURES
        assert warehouse_status(warehouse).rows["run"] == 1


@pytest.mark.long
@pytest.mark.parametrize("where", OPENING)
def test_a_warehouse_whose_first_opening_was_killed_can_be_opened(url, where):
    if not killed(url, where, "open"):
        assert where > 50, "the opening ended before it was killed"
    with open_warehouse(url) as warehouse:
        assert not makers.load(warehouse, the_run()).already_there


def at_once(url, batches):
    """Loaders in processes of their own, all begun before any can have ended."""
    open_warehouse(url).dispose()
    children = [loader(url, batch, "never") for batch in batches]
    assert [child.communicate(timeout=240)[0].strip() for child in children] == [ENDED] * len(children)


def test_twelve_processes_that_load_one_run_at_once_make_one_run(url):
    at_once(url, [2] * (AT_ONCE if LONG else 4))
    with open_warehouse(url) as warehouse:
        rows = warehouse_status(warehouse).rows
        assert (rows["run"], rows["figure"], rows["check_result"]) == (1, 1, 1)
        assert audit.verify(warehouse).faults == ()


def test_twelve_processes_that_load_different_runs_at_once_all_load(url):
    """The same question and period: one after the other, each a vintage or, where it knew less, whole beside them."""
    batches = range(1, (AT_ONCE if LONG else 4) + 1)
    at_once(url, batches)
    with open_warehouse(url) as warehouse:
        runs = [run_details(warehouse, number) for number in batches]
        assert sorted(one.run.newest_batch for one in runs) == list(batches)
        vintages = [one.vintage for one in runs if one.vintage]
        assert vintages == list(range(1, len(vintages) + 1))
        assert [f.newest_batch for f in current_figures(warehouse, "spo")] == [max(batches)]
        assert all(one.figures == FIGURES for one in runs)
        assert audit.verify(warehouse).faults == ()


if __name__ == "__main__":
    main(*sys.argv[1:])
