"""A landing that is killed at any line leaves the old or the new state, whole, and one retry completes it.

All messages and rows are made. Run as a script, this file is the lander, which kills itself in forked processes:
python test_landing_crash.py INBOX STORE=POINT...     POINT: a number of lines (0: never), `before commit 1`, ...
It lands, and then merges the small files of the store, as `courtstats land` does when there are many.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from extract import appending, compaction, holding, kept, landing, quarantine, store

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]


def beside(name: str) -> Any:
    """A module of this folder that is no test."""
    spec = importlib.util.spec_from_file_location(name, HERE.with_name(f"{name}.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


dying, made = beside("dying"), beside("made_landings")
LONG = os.environ.get("LONG_TESTS") == "1"
POINTS = 40 if LONG else 1
"""Evenly spaced over a landing, beside those around its commits. How many lines there are varies a little."""
TRACED = [Path(m.__file__) for m in (landing, appending, holding, quarantine, store, compaction, kept) if m.__file__]


def main(inbox: str, *stores: str) -> None:
    """Land into each store in a process of its own. One that commits leaves a note of it, one that lives counts."""
    for path, point in (each.rsplit("=", 1) for each in stores):
        assert dying.in_child(lambda path=path, point=point: lander(Path(inbox), Path(path), point)) == (point == "0")


def lander(inbox: Path, path: Path, point: str) -> None:
    commits = 0
    commit = appending.DeltaTable.create_write_transaction

    def noted(*words: Any, **named: Any) -> None:
        nonlocal commits
        commits += 1
        if point == f"before commit {commits}":
            dying.die()
        commit(*words, **named)
        committed(path).touch()
        if point == f"after commit {commits}":
            dying.die()

    appending.DeltaTable.create_write_transaction = noted  # type: ignore[method-assign]
    dying.trace(TRACED, int(point) if point.isdigit() else 0)
    made.land(inbox, path)
    sys.settrace(None)
    path.with_suffix(".json").write_text(json.dumps([dying.lines, commits]))


def committed(path: Path) -> Path:
    """The note, beside a store, that something was committed to it."""
    return path.with_suffix(".committed")


def run(inbox: Path, points: dict[Path, str]) -> None:
    command = [sys.executable, __file__, str(inbox), *(f"{path}={point}" for path, point in points.items())]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    subprocess.run(command, env=environment, timeout=1200, check=True)


@dataclass(frozen=True)
class Landings:
    """A store before and after an undisturbed landing, and the points at which to die."""

    inbox: Path
    before: Path
    old: Any
    new: Any
    landed: store.Landing
    files: list[tuple[str, int]]
    points: list[str]


@pytest.fixture(scope="module", params=["spi", "table", *(["the first ever"] if LONG else [])])
def landings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Landings:
    folder = tmp_path_factory.mktemp("landings")
    inbox, before, after = folder / "inbox", folder / "before", folder / "after"
    format = "spi" if request.param == "the first ever" else request.param
    made.deliver_first(inbox, format)
    if request.param in ("spi", "table"):
        made.land(inbox, before, made.FIRST)
        shutil.copytree(before, after)
    old = made.state_of(before)
    made.deliver_second(inbox, format)
    run(inbox, {after: "0"})
    lines, commits = json.loads(after.with_suffix(".json").read_text())
    landed = store.summaries(after)[-1]
    points = [str(n) for n in dying.spread(lines, POINTS)]
    points += [f"{when} commit {n}" for n in range(1, commits + 1 if LONG else 2) for when in ("before", "after")]
    return Landings(inbox, before, old, made.state_of(after), landed, made.files_of(after), points)


@pytest.fixture(scope="module")
def killed(landings: Landings) -> dict[str, Path]:
    """The stores of landings that were killed, by the point at which that was."""
    stores = {landings.before.with_name(f"killed {point}"): point for point in landings.points}
    for path in stores:
        if landings.before.exists():
            shutil.copytree(landings.before, path)
    run(landings.inbox, stores)
    return {point: path for path, point in stores.items()}


def test_what_is_landed_has_news_a_fault_and_a_correction(landings: Landings) -> None:
    """Else the tests below would prove little."""
    landed = landings.landed
    assert landings.old != landings.new
    assert landed.rows
    assert landed.refused
    assert len(landings.files) == 2
    if landings.old.newest:
        assert (landed.repeated, landed.released) == (1, 1)


@pytest.mark.long
def test_a_landing_that_was_killed_is_either_there_as_a_whole_or_not_at_all(
    landings: Landings, killed: dict[str, Path]
) -> None:
    """Before the one commit nothing of it is there, after it everything is."""
    assert {committed(path).exists() for path in killed.values()} == {True, False}
    for point, path in killed.items():
        assert made.state_of(path) == (landings.new if committed(path).exists() else landings.old), f"killed at {point}"


@pytest.mark.long
def test_one_retry_lands_what_an_undisturbed_landing_would_have_and_leaves_nothing_lying_about(
    landings: Landings, killed: dict[str, Path]
) -> None:
    for point, path in killed.items():
        missing = store.newest_batch(path) < landings.new.newest
        landed = made.land(landings.inbox, path)
        if missing:
            assert landed == landings.landed, f"killed at {point}"
        else:
            assert (landed.batch, landed.statements, landed.released) == (None, 0, 0), f"killed at {point}"
        assert made.state_of(path) == landings.new, f"killed at {point}"
        assert made.files_of(path) == landings.files, f"killed at {point}"
        made.grown_old(path)
        assert made.land(landings.inbox, path, made.LATER).batch is None
        assert made.left_in(path) == [], f"killed at {point}"
        assert made.state_of(path) == landings.new, f"killed at {point}"


if __name__ == "__main__":
    main(*sys.argv[1:])
