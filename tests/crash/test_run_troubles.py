"""A full disk, a warehouse that is read-only or away, a clock that was set back: a clear error, nothing half done.

A run is counted, compared and loaded as `courtstats run` does it, without Prefect; afterwards the same run completes.
All messages are made.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from load.contract import LoadError
from pipelines import loading

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]


def beside(name: str) -> Any:
    """A module of this folder, for what it makes."""
    spec = importlib.util.spec_from_file_location(f"{name} of troubles", HERE.with_name(f"{name}.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


own_server, second = beside("own_server"), beside("test_run_crash")
stores = second.stores
"""A home with two landings in its store, and one with the first."""


@contextmanager
def mounted(target: Path, *words: str, then: Sequence[str] = ()) -> Iterator[None]:
    """With something mounted, and mounted again; skips the test where that is not allowed."""
    try:
        subprocess.run(["mount", *words, str(target)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("nothing can be mounted here")
    try:
        if then:
            subprocess.run(["mount", *then, str(target)], check=True, capture_output=True)
        yield
    finally:
        subprocess.run(["umount", "-l", str(target)], check=True, capture_output=True)


def command(home: Path, url: str, *words: str) -> tuple[int, str, list[str]]:
    """Exit code, output and faults of a real command."""
    environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environment |= {"HOME": str(home), "COURTSTATS_HOME": str(home), "COURTSTATS_WAREHOUSE_URL": url}
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *words], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout, done.stderr.splitlines()


def first_run(stores: Any, url: str) -> None:
    """A warehouse with both landings and the run of before the second."""
    second.counted_and_loaded(second.settings_of(stores.before, url), second.FIRST)
    with second.warehouse.open_warehouse(url, clock=lambda: second.FIRST) as opened:
        for landing in second.store.summaries(second.settings_of(stores.home, url).store):
            second.warehouse.record_batch(opened, second.recording.batch_row(landing), [])


def second_run(stores: Any, url: str, now: Any = None) -> Any:
    return second.counted_and_loaded(second.settings_of(stores.home, url), now or second.SECOND)


def assert_completes(stores: Any, url: str) -> None:
    assert not second_run(stores, url).already_there
    assert second.state_of(url).causes == second.CAUSES


@pytest.fixture(scope="module")
def made_before(stores: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("before") / "warehouse.db"
    first_run(stores, f"sqlite:///{file}")
    return file


def test_a_full_disk_stores_nothing_of_a_run_and_the_same_run_completes_once_there_is_room(
    stores: Any, made_before: Path, tmp_path: Path
) -> None:
    """Room for nothing, and for a part of what it writes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted(disk, "-t", "tmpfs", "-o", "size=3m", "none"):
        url = f"sqlite:///{shutil.copy(made_before, disk)}"
        old = second.state_of(url)
        for free in (0, 48):
            filling = disk / "filling"
            filling.write_bytes(b"x" * (shutil.disk_usage(disk).free - free * 1024))
            with pytest.raises(LoadError, match=r"the disc is full.*\. Make room and try again") as refused:
                second_run(stores, url)
            assert str(disk) in str(refused.value)
            filling.unlink()
            assert second.state_of(url) == old
        assert_completes(stores, url)


def test_a_warehouse_that_can_only_be_read_says_so_and_the_same_run_completes_once_it_can_be_written(
    stores: Any, made_before: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    url = f"sqlite:///{shutil.copy(made_before, folder)}"
    old = second.state_of(url)
    with mounted(folder, "--bind", str(folder), then=["-o", "remount,ro,bind"]):
        with pytest.raises(LoadError, match=r"nothing can be written beside it\. Check .* read-only") as refused:
            second_run(stores, url)
        assert not refused.value.passing, "trying again would not help"
        code, _, said = command(stores.home, url, "figures", second.QUESTION)
        assert (code, len(said)) == (6, 1)
        assert "read-only" in said[0]
    assert second.state_of(url) == old
    assert_completes(stores, url)


def test_a_warehouse_that_is_away_is_said_in_one_line_by_every_command_that_needs_it(stores: Any) -> None:
    away = "postgresql://clerk:secret@127.0.0.1:1/figures"
    with pytest.raises(LoadError, match=r"nothing answers at that address\. Check that the database runs") as refused:
        second_run(stores, away)
    assert refused.value.passing
    for words in (("figures", second.QUESTION), ("history", second.QUESTION, "--period", "2020Q1")):
        code, out, said = command(stores.home, away, *words)
        assert (code, out, len(said)) == (6, "", 1)
        assert "nothing answers at that address" in said[0]
        assert "secret" not in said[0]


def test_a_server_that_stops_between_counting_and_loading_leaves_nothing_and_the_same_run_completes(
    stores: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = own_server.Server(Path(folder))
        try:
            first_run(stores, server.url)
            old = second.state_of(server.url)
            real = loading.load_run

            def stopped(*given: Any, **named: Any) -> Any:
                server.stop()
                return real(*given, **named)

            monkeypatch.setattr(loading, "load_run", stopped)
            with pytest.raises(LoadError) as refused:
                second_run(stores, server.url)
            monkeypatch.undo()
            assert refused.value.passing, refused.value
            assert "\n" not in str(refused.value)
            server.start()
            assert second.state_of(server.url) == old
            assert_completes(stores, server.url)
        finally:
            server.server.cleanup()


def test_a_run_by_a_clock_that_was_set_back_is_refused_with_both_times(
    stores: Any, made_before: Path, tmp_path: Path
) -> None:
    """Else a figure would be known from before the one that it replaces."""
    url = f"sqlite:///{shutil.copy(made_before, tmp_path)}"
    old = second.state_of(url)
    with pytest.raises(LoadError) as refused:
        second_run(stores, url, second.FIRST - timedelta(hours=1))
    for words in ("was stored at 2020-07-01 09:00:00 UTC", "says 2020-07-01 08:00:00", "set the clock and run again"):
        assert words in str(refused.value)
    assert not refused.value.passing
    assert second.state_of(url) == old
    assert_completes(stores, url)
