"""A backup that is killed anywhere is not there; a restore that is killed anywhere is completed by giving it again.

All records are made. Run as a script, this file is the one that kills itself before a line of the code at work:
python test_backup_crash.py backup|restore HOME URL FOLDER LINE    (LINE 0: none; it says how many lines were run)
"""

import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from extract import copying, store
from extract import landing as module
from extract.contract import Result, Statement
from extract.records import batches
from load import copying as warehouse_copying
from load.connecting import connect
from load.warehouse import load_run
from pipelines import backing_up, recording, restoring, runs
from pipelines.backup_manifest import damages, read_manifest
from pipelines.settings import key_check, load_settings, the_key
from transform.periods import parse_period

ROOT = Path(__file__).resolve().parents[2]
LONG = os.environ.get("LONG_TESTS") == "1"
POINTS = 24 if LONG else 1
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = date(2020, 2, 3)
TRACED = [Path(str(m.__file__)) for m in (copying, warehouse_copying, backing_up, restoring, shutil)]


def settings_of(home, url):
    return load_settings({"COURTSTATS_HOME": str(home), "COURTSTATS_WAREHOUSE_URL": url})


def main(what, home, url, folder, line):
    import dying  # beside this file

    settings, place = settings_of(home, url), Path(folder)
    dying.trace(TRACED, int(line))
    if what == "backup":
        backing_up.back_up(settings, place, NOW)
    else:
        restoring.restore(settings, place, restoring.checked(settings, place, NOW), every_run=True, now=NOW)
    sys.settrace(None)
    sys.stdout.write(str(dying.lines))


def at_work(what, home, url, folder, line=0):
    command = [sys.executable, __file__, what, str(home), url, str(folder), str(line)]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == (-signal.SIGKILL if line else 0), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A home with one landing and one run of one case, and a backup of it."""
    folder = tmp_path_factory.mktemp("made")
    home, url = folder / "home", f"sqlite:///{folder / 'home' / 'warehouse.db'}"
    settings = settings_of(home, url)
    store.prepare(settings.store, key_check(the_key(settings)))
    received = datetime(2020, 3, 1, tzinfo=UTC)
    said = Statement(
        "spi", "spi", "B00LIBRA", "a.xml", None, "made", received, "key", received, True, DAY, "message", "B01EF01",
        "2576", "01", "urn", "case:made", "strong", None, None, "asn:1", 1,
        (Result("OFFENCE", 1, 1, "ST19501", "ST19501", "3307"),),
    )  # fmt: skip
    source = module.Source("spi", "spi", 1, received, given=True, by_name=False)
    landing = module.land(settings.store, source, batches([(0, said)]), list, landed_at=received)
    question = runs.question(settings, "stalking-protection-orders")
    order = runs.prepare(settings, question, parse_period("2020Q1"), [], None, NOW)
    answer = runs.count(settings, order)
    with recording.opened(settings) as warehouse:
        recording.record_batch(warehouse, recording.batch_row(landing), [])
        row = recording.run_row(order, answer, NOW, NOW)
        figures = recording.figure_rows(answer)
        load_run(warehouse, recording.version_of(order), row, figures, [], [], answer.notes, [], lambda _stored: [])
    backing_up.back_up(settings, folder / "kept", NOW)
    return SimpleNamespace(folder=folder, home=home, url=url, kept=folder / "kept")


def points(last):
    import importlib.util

    spec = importlib.util.spec_from_file_location("dying_here", Path(__file__).with_name("dying.py"))
    dying = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dying)
    return [*dying.spread(last, POINTS), last]


@pytest.mark.long
def test_a_backup_that_is_killed_is_not_there_or_whole_and_the_next_one_is_whole(made, tmp_path):
    lines = int(at_work("backup", made.home, made.url, tmp_path / "undisturbed"))
    for line in points(lines):
        folder = tmp_path / f"it {line}"
        at_work("backup", made.home, made.url, folder, line)
        if folder.exists():
            assert damages(folder, read_manifest(folder)) == [], line
            shutil.rmtree(folder)
        backing_up.back_up(settings_of(made.home, made.url), folder, NOW)
        assert damages(folder, read_manifest(folder)) == [], line
        assert not (tmp_path / f".{folder.name}.unfinished").exists()


@pytest.mark.long
def test_a_restore_that_is_killed_is_completed_by_giving_it_again(made, url, tmp_path):
    """At no moment is there half a store or half a warehouse; nothing unfinished is left at the end."""
    kept, manifest = made.kept, read_manifest(made.kept)

    def new_home(name):
        (tmp_path / name).mkdir()
        shutil.copy(made.home / "key", tmp_path / name)
        return tmp_path / name

    undisturbed = new_home("undisturbed")
    lines = int(at_work("restore", undisturbed, f"sqlite:///{undisturbed / 'w.db'}", kept))
    for line in points(lines):
        home = new_home(str(line))
        address = f"sqlite:///{home / 'w.db'}" if url.startswith("sqlite") else url
        settings = settings_of(home, address)
        at_work("restore", home, address, kept, line)
        assert copying.is_empty(settings.store) or copying.same(settings.store, manifest.below("store"), 1), line
        with connect(address) as warehouse:
            there = warehouse_copying.contents(warehouse)
            assert there is None or there.rows["run"] == 1, line
            done = there is not None and there.head != manifest.head
        if not done:
            restored = restoring.restore(
                settings, kept, restoring.checked(settings, kept, NOW), every_run=True, now=NOW
            )
            assert [one.outcome for one in restored.runs] == ["holds"], line
            assert restored.faults == [], line
        assert copying.same(settings.store, manifest.below("store"), 1)
        assert not [p for p in home.rglob("*") if "unfinished" in p.name]
        if not url.startswith("sqlite"):
            empty(url)


def empty(url):
    from sqlalchemy import text

    with connect(url) as warehouse, warehouse.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))


if __name__ == "__main__":
    main(*sys.argv[1:])
