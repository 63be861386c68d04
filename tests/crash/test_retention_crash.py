"""A removal of old hearings that is killed anywhere leaves the old store or the new one, and the next call completes.

All records are made. Run as a script, this file is the removal that kills itself at a line of the code that removes:
python test_retention_crash.py STORE LINE
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract import appending, kept, quarantine, retention, store
from extract import landing as module
from extract.contract import Refusal, Result, Statement
from extract.records import batches

ROOT = Path(__file__).resolve().parents[2]
LONG = os.environ.get("LONG_TESTS") == "1"
POINTS = range(60 if LONG else 2)
"""How many lines, evenly spread over all that are run; the last before and the first after the commit go with them."""
MONTH = date(2016, 1, 1)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LANDED = datetime(2020, 6, 1, 12, tzinfo=UTC)
OLD, OLDER, NEW = date(2015, 12, 31), date(2015, 3, 2), date(2016, 1, 1)
TRACED = [Path(str(m.__file__)) for m in (appending, kept, quarantine, retention, shutil)]


def main(records: str, line: str) -> None:
    """Remove; die before the given line is run. Without one, say how many lines there are and where the commit is."""
    import dying  # beside this file

    committed = [0, 0]

    def commit(*given: Any, **named: Any) -> None:
        committed[0] = dying.lines
        real(*given, **named)
        committed[1] = dying.lines

    real, appending.commit = appending.commit, commit
    dying.trace(TRACED, int(line))
    retention.retain(Path(records), MONTH, because="kept for ten years", now=NOW)
    sys.settrace(None)
    sys.stdout.write(json.dumps([dying.lines, *committed]))


def removal(path: Path, line: int) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, __file__, str(path), str(line)]
    return subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)


def statement(content: str, day: date) -> Statement:
    received_at = datetime(2020, 3, 1, tzinfo=UTC)
    return Statement(
        "spi", "spi", "B00LIBRA", "a.xml", None, content, received_at, f"key {content}", received_at, True, day,
        "message", "B01EF01", "2576", "01", "urn", f"case:{content}", "strong", None, None, "asn:1", 1,
        (Result("OFFENCE", 1, 1, "ST19501", "ST19501", "3307"),),
    )  # fmt: skip


@dataclass(frozen=True)
class State:
    """What anybody can ask of the store."""

    kept_from: date | None
    rows: tuple[Any, ...]
    batches: tuple[Any, ...]
    set_aside: tuple[Any, ...]


def state(path: Path) -> State:
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        found = con.read_parquet(list(store.known_files(path)), union_by_name=True, hive_partitioning=False)
        rows = found.select(*appending.STORED.names).order("all").fetchall()
    aside = [str(line) for line in quarantine.read(path, store.newest_batch(path)).to_pylist()]
    return State(kept.kept_from(path), tuple(rows), tuple(store.summaries(path)), tuple(aside))


def left(path: Path) -> list[str]:
    """Files that should not be there once all is done: of old months, unfinished, or rows of a landing that died.

    A lock without rows may be that of a landing that is just beginning: the next landings clear it.
    """
    found = [f for f in (path / "records").glob("hearing_month=*/*") if f.parent.name < "hearing_month=2016"]
    staged = [f for f in path.glob("staging/*/*") if f.name != module.IN_USE]
    found += [*path.rglob("*.tmp"), *staged]
    for file in (path / "quarantine").glob("*.parquet"):
        query = "select count(*) from read_parquet($file) where hearing_date < $month"
        ((number,),) = duckdb.execute(query, {"file": str(file), "month": MONTH}).fetchall()
        found += [file] * bool(number)
    return [f.relative_to(path).as_posix() for f in found]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two landings of old and kept months, things of both in quarantine, and what a landing that died has left."""
    path = tmp_path_factory.mktemp("before") / "records"
    store.prepare(path, "check")
    for number, days in enumerate([(OLD, NEW), (OLDER, OLD, NEW)]):
        said = [statement(f"{number} {day}", day) for day in days]
        refused = [Refusal("bad-date", "b.xml", "Case 1", f"{number} {day}", day, "/in/b.xml") for day in days]
        source = module.Source("spi", "spi", 1, datetime(2020, 3, 1, tzinfo=UTC), given=True, by_name=False)
        module.land(path, source, batches(enumerate(said)), lambda of=refused: of, landed_at=LANDED)
    dead = path / "staging" / "dead"
    dead.mkdir()
    (dead / module.IN_USE).touch()
    (dead / "staged.parquet").write_bytes(b"rows of an old month")
    for place in (*dead.iterdir(), dead):
        os.utime(place, (0, 0))  # long enough ago not to be a landing that is just beginning
    return path


@dataclass(frozen=True)
class Undisturbed:
    """The state of the store that nobody killed, and the lines that were run until then and at its commit."""

    after: State
    lines: int
    before_commit: int
    after_commit: int


@pytest.fixture(scope="module")
def undisturbed(before: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    path = Path(shutil.copytree(before, tmp_path_factory.mktemp("undisturbed") / "records"))
    done = removal(path, 0)
    assert done.returncode == 0, done.stderr
    assert left(path) == []
    return Undisturbed(state(path), *json.loads(done.stdout))


def lines(all_of_it: Undisturbed) -> Iterable[int]:
    spread = {1 + point * (all_of_it.lines - 1) // (len(POINTS) - 1) for point in POINTS}
    return sorted(spread | {all_of_it.before_commit, all_of_it.after_commit + 1})


@pytest.mark.long
def test_a_removal_killed_at_any_line_leaves_the_old_or_the_new_store_and_one_retry_completes(
    before: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    old = state(before)
    assert old != undisturbed.after
    found = []
    for line in lines(undisturbed):
        path = Path(shutil.copytree(before, tmp_path / str(line)))
        killed = removal(path, line)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        found.append(state(path))
        assert found[-1] in (old, undisturbed.after), line
        assert line > undisturbed.before_commit or found[-1] == old, line
        assert line <= undisturbed.after_commit or found[-1] == undisturbed.after, line
        retention.retain(path, MONTH, because="again", now=NOW)
        assert state(path) == undisturbed.after, line
        assert left(path) == [], line
        shutil.rmtree(path)
    assert old in found
    assert undisturbed.after in found


if __name__ == "__main__":
    main(*sys.argv[1:])
