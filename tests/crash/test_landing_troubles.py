"""A full disk, a store that cannot be written or read, a clock that was set back: a clear error, nothing half done.

All messages are made. Run as a script, this file lands in forked processes that may write no larger files, or as a
user who may not look into the store: python test_landing_troubles.py INBOX STORE=BYTES|closed...
"""

import importlib.util
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from extract import appending, store
from extract.contract import ExtractError
from extract.landing import CLOCKS_APART, Source, land
from extract.records import batches
from pipelines import landings, runs
from pipelines.settings import Settings, load_settings
from transform.periods import parse_period

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
NOBODY = 65534


def main(inbox: str, *stores: str) -> None:
    """Land into each store in a process of its own; what it said is left beside the store."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file that grows too large is then an error, as on a full disk
    for path, limit in (each.rsplit("=", 1) for each in stores):
        dying.in_child(lambda path=path, limit=limit: lander(Path(inbox), Path(path), limit))


def lander(inbox: Path, path: Path, limit: str) -> None:
    said = "landed"
    with path.with_suffix(".said").open("w") as sink:
        if limit == "closed":
            os.setuid(NOBODY)
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        try:
            if limit == "closed":
                store.prepare(path, "check")
                store.newest_batch(path)
            else:
                made.land(inbox, path, merge=False)
        except ExtractError as fault:
            said = str(fault)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.getrlimit(resource.RLIMIT_FSIZE)[1],) * 2)
        sink.write(said)


def run(inbox: Path, stores: dict[Path, str]) -> dict[Path, str]:
    command = [sys.executable, __file__, str(inbox), *(f"{path}={limit}" for path, limit in stores.items())]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=120, check=True)
    return {path: path.with_suffix(".said").read_text() for path in stores}


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """What the second landing delivers; the first is in the store."""
    made.deliver_first(tmp_path / "inbox", "spi")
    made.land(tmp_path / "inbox", tmp_path / "records", made.FIRST)
    made.deliver_second(tmp_path / "inbox", "spi")
    return tmp_path / "inbox"


@pytest.fixture
def records(inbox: Path, tmp_path: Path) -> Path:
    return tmp_path / "records"


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


# --- a full disk -----------------------------------------------------------------------------------


def test_where_a_file_cannot_grow_nothing_is_landed_and_later_the_same_landing_completes(
    inbox: Path, records: Path, tmp_path: Path
) -> None:
    """Whichever file it is: the rows as read, the summary, the records themselves, the commit."""
    old = made.state_of(records)
    limits = {tmp_path / f"at most {size}": str(size) for size in (0, 9_000)}
    for path in limits:
        shutil.copytree(records, path)
    said = run(inbox, limits)
    refused = "the landing could not be written (File too large); nothing was changed. Free some space"
    for path in limits:
        assert refused in said[path], path
        assert made.state_of(path) == old, path
        assert not list((path / "staging").iterdir()), path
        assert made.rows_left(path) == [], path
        assert made.land(inbox, path, merge=False).batch == 2, path
        assert made.left_in(path) == [], path


def test_a_landing_on_a_full_disk_changes_nothing_and_completes_once_there_is_room(tmp_path: Path) -> None:
    """Room for the rows as read, for more, and for nearly all of it: everything that it writes is refused once."""
    disk, inbox = tmp_path / "disk", tmp_path / "inbox"
    disk.mkdir()
    with mounted(disk, "-t", "tmpfs", "-o", "size=2m", "none"):
        made.deliver_first(inbox, "spi")
        made.land(inbox, disk / "records", made.FIRST)
        old = made.state_of(disk / "records")
        made.deliver_second(inbox, "spi")
        for free in (0, 12, 24):
            filling = disk / "filling"
            filling.write_bytes(b"x" * (shutil.disk_usage(disk).free - free * 1024))
            with pytest.raises(ExtractError, match=r"could not be written \(No space left on device\); nothing was"):
                made.land(inbox, disk / "records", merge=False)
            assert made.state_of(disk / "records") == old
            filling.unlink()
            assert made.rows_left(disk / "records") == []
        assert made.land(inbox, disk / "records", merge=False).batch == 2
        assert made.left_in(disk / "records") == []


def test_what_fails_after_the_commit_does_not_undo_the_landing(
    inbox: Path, records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Delta writes a checkpoint after every so many commits: a disk that is full then has the landing already."""
    commit = appending.DeltaTable.create_write_transaction

    def committed(*words: Any, **named: Any) -> None:
        commit(*words, **named)
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(appending.DeltaTable, "create_write_transaction", committed)
    assert made.land(inbox, records, merge=False).batch == 2
    monkeypatch.undo()
    assert store.newest_batch(records) == 2
    assert made.land(inbox, records).batch is None


# --- what is landed cannot be read --------------------------------------------------------------


@pytest.mark.parametrize("moment", ["reading", "at the end"])
def test_an_input_that_cannot_be_read_is_named_and_not_the_store(inbox: Path, records: Path, moment: str) -> None:
    old = made.state_of(records)

    def lost() -> Any:
        raise PermissionError(13, os.strerror(13), "/deliveries/May.zip")

    def reading() -> Iterator[Any]:
        if moment == "reading":
            lost()
        yield from batches([])

    source = Source("May", "spi", 1, made.SECOND, given=False, by_name=True)
    with pytest.raises(ExtractError, match=r"^/deliveries/May.zip: it could not be read to its end") as refused:
        land(records, source, reading(), lambda: lost() if moment == "at the end" else [], landed_at=made.SECOND)
    assert not refused.value.passing
    assert "folder's permissions" not in str(refused.value)
    assert made.state_of(records) == old


# --- a store that cannot be written, or not be read ------------------------------------------------


def counted(settings: Settings) -> Any:
    question = runs.question(settings, "stalking-protection-orders")
    now = datetime(2020, 7, 1, tzinfo=UTC)
    orders = runs.prepare_all(settings, question, [parse_period("2020Q1")], [], None, now)
    return runs.count_all(settings, orders)


def test_a_store_that_can_only_be_read_is_counted_as_ever_and_a_landing_says_so(tmp_path: Path) -> None:
    settings = load_settings({}, home=tmp_path / "home")
    made.deliver_first(tmp_path / "inbox", "spi")
    request = landings.request_of([tmp_path / "inbox"], None, None, None, None)
    landings.land(settings, request, dry_run=False, waiting=lambda: None)
    answers, state = counted(settings), made.state_of(settings.store)
    made.deliver_second(tmp_path / "inbox", "spi")
    with mounted(settings.store, "--bind", str(settings.store), then=["-o", "remount,ro,bind"]):
        assert counted(settings) == answers
        request = landings.request_of([tmp_path / "inbox"], None, None, None, None)
        assert landings.land(settings, request, dry_run=True, waiting=lambda: None).statements
        with pytest.raises(
            ExtractError, match=r"the landing could not be written \(Read-only file system\)"
        ) as refused:
            landings.land(settings, request, dry_run=False, waiting=lambda: None)
        assert not refused.value.passing  # trying again would not help
        assert made.state_of(settings.store) == state


def test_a_store_that_may_not_be_read_is_no_store_in_which_there_is_nothing(inbox: Path, records: Path) -> None:
    """Else a count by somebody without the right to read it would say that nothing was landed."""
    if os.geteuid():
        pytest.skip("only root can become somebody else")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        closed, table = Path(folder, "closed"), Path(folder, "table closed")
        for path in (closed, table):
            shutil.copytree(records, path)
        table.chmod(0o755)
        (table / "records").chmod(0o700)
        for path, said in run(inbox, {closed: "closed", table: "closed"}).items():
            assert said.startswith(f"{path}: the records store cannot be read (Permission denied). Give the right")


@pytest.mark.parametrize("name", ["two words", "größe", "a#b", "a+b"])
def test_a_store_may_lie_in_a_folder_of_any_common_name(inbox: Path, records: Path, name: str) -> None:
    path = records.with_name(name)
    shutil.copytree(records, path)
    assert made.land(inbox, path).batch == 2
    made.land(inbox, records)
    assert made.rows(path) == made.rows(records)


@pytest.mark.parametrize("name", ["a*", "what?", "[old]", "100%"])
def test_a_folder_whose_name_would_be_read_as_a_pattern_is_refused_before_anything_is_in_it(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(ExtractError, match="files cannot be read by a path with"):
        store.prepare(tmp_path / name, "check")
    assert not (tmp_path / name).exists()


# --- a clock that was set back ---------------------------------------------------------------------


def test_a_landing_by_a_clock_that_was_set_back_is_refused_before_anything_is_written(
    inbox: Path, records: Path
) -> None:
    """It would be received before what it replaces, and would not count."""
    old = made.state_of(records)
    shutil.rmtree(records / "staging")
    with pytest.raises(ExtractError) as refused:
        made.land(inbox, records, made.FIRST - CLOCKS_APART - timedelta(seconds=1), merge=False)
    assert str(refused.value).startswith(
        f"{records}: the clock of this machine says 2020-06-01 08:58:59 UTC, but the newest landing was made at "
        "2020-06-01 09:00:00 UTC. Set the clock"
    )
    assert not refused.value.passing
    assert made.state_of(records) == old
    assert not (records / "staging").exists()
    with pytest.raises(ExtractError, match="the clock of this machine"):
        made.land(inbox, records, made.FIRST - timedelta(days=1), merge=False, dry_run=True)


def test_clocks_of_two_machines_may_differ_by_a_minute(inbox: Path, records: Path) -> None:
    assert made.land(inbox, records, made.FIRST - CLOCKS_APART).batch == 2


def test_what_was_received_long_ago_can_be_landed_today(inbox: Path, records: Path) -> None:
    """Only the time of landing is the clock's."""
    landed = made.land(inbox, records, received_at=made.FIRST - timedelta(days=99))
    assert (landed.batch, landed.landed_at) == (2, made.SECOND)


def test_a_long_landing_is_not_taken_for_a_wrong_clock_when_a_short_one_overtakes_it(
    inbox: Path, records: Path
) -> None:
    """It began before the other and commits after it: its time of landing is rightly the earlier one."""

    def overtaken() -> Iterator[Any]:
        made.land(inbox, records, made.LATER)
        yield from batches([])

    source = Source("slow", "spi", 1, made.SECOND, given=False, by_name=True)
    fault = made.fault("slow.xml")
    landed = land(records, source, overtaken(), lambda: [fault], landed_at=made.SECOND)
    assert landed.batch == 3
    assert [s.landed_at for s in store.summaries(records)] == [made.FIRST, made.LATER, made.SECOND]


if __name__ == "__main__":
    main(*sys.argv[1:])
