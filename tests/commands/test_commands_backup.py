"""`courtstats backup` and `restore`: all that is needed, in one folder, put back whole or not at all, counted again."""

import errno
import json
import os
import shutil
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extract import copying
from extract.contract import ExtractError
from load import audit
from load.connecting import connect
from load.copying import contents as held_in
from load.reading import current_figures
from load.warehouse import load_run
from pipelines import backing_up, recording, restoring, runs
from pipelines.backup_manifest import read_manifest
from pipelines.settings import DEFINITIONS, load_settings
from pipelines.show import OutputError
from transform.periods import parse_period

pytestmark = pytest.mark.xdist_group("commands")

QUESTION = "stalking-protection-orders"
NOW = datetime(2020, 7, 7, tzinfo=UTC)
SOURCES = """
schema = "courtstats/sources@1"
[source.messages]
kind = "spi"
location = ["in"]
[source.extract]
kind = "table"
location = ["tables"]
mapping = "mappings/extract.toml"
over = ["messages"]
"""


@pytest.fixture
def home(landed, tmp_path: Path) -> Path:
    """A copy of the demo's home that may be changed."""
    return Path(shutil.copytree(landed.home, tmp_path / "home"))


@pytest.fixture(scope="session")
def kept(landed, loaded, command, tmp_path_factory) -> Path:
    """A backup of the demo with its two runs; only to be read."""
    folder = tmp_path_factory.mktemp("backups") / "monday"
    done = command("backup", folder, home=landed.home, COURTSTATS_WAREHOUSE_URL=loaded)
    assert done.code == 0, done.err
    return folder


def new_home(old: Path, place: Path) -> Path:
    """A home with nothing but the key that was kept beside the backup."""
    place.mkdir()
    shutil.copy(old / "key", place)
    return place


def answer(command, home: Path) -> str:
    return command("count", QUESTION, "--period", "2020Q1", "--json", home=home).out


def test_a_backup_says_what_is_in_it_and_holds_no_key(command, landed, loaded, contents, tmp_path) -> None:
    before = contents(landed.home)
    done = command("backup", tmp_path / "it", "--json", home=landed.home, COURTSTATS_WAREHOUSE_URL=loaded)
    said = json.loads(done.out)
    assert (done.code, said["schema"], said["runs"], said["landings"]) == (0, "courtstats/backup@1", 2, 5)
    assert contents(landed.home) == before
    names = {p.relative_to(tmp_path / "it").as_posix() for p in (tmp_path / "it").rglob("*") if p.is_file()}
    assert names == {"manifest.json", *(f.path for f in read_manifest(tmp_path / "it").files)}
    assert {name.partition("/")[0] for name in names} == {"manifest.json", "warehouse.db", "store", "definitions"}
    key = (landed.home / "key").read_text().strip()
    for name in names:
        assert key.encode() not in (tmp_path / "it" / name).read_bytes(), name
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]
    assert (tmp_path / "it").stat().st_mode & 0o777 == 0o700


def test_what_was_lost_is_put_back_into_either_database_and_holds(command, landed, kept, url, tmp_path) -> None:
    home = new_home(landed.home, tmp_path / "new")
    done = command("restore", kept, home=home, COURTSTATS_WAREHOUSE_URL=url)
    assert done.code == 0, done.err
    assert "2 runs counted again: 2 hold." in done.out
    assert "is whole" in done.out
    assert answer(command, home) == answer(command, landed.home)
    with connect(url) as warehouse:
        totals = {f.period: f.value for f in current_figures(warehouse, QUESTION) if f.cell == "{}"}
        assert (totals.keys(), totals["2020Q1"]) == ({"2020-02", "2020Q1"}, 27)
        last = audit.entries(warehouse)[-1]
        assert (last.action, last.subject, last.detail["runs"]) == ("restored", "monday", 2)
        assert audit.verify(warehouse, read_manifest(kept).head).faults == ()
    # A backup is the way from one kind of database to the other, and back.
    assert command("backup", tmp_path / "again", home=home, COURTSTATS_WAREHOUSE_URL=url).code == 0
    back = new_home(landed.home, tmp_path / "back")
    said = json.loads(command("restore", tmp_path / "again", "--all-runs", "--json", home=back).out)
    assert [run["outcome"] for run in said["runs"]] == ["holds", "holds"]
    assert said["audit"]["faults"] == []


def test_a_dry_run_of_restoring_writes_nothing(command, landed, kept, contents, tmp_path) -> None:
    home = new_home(landed.home, tmp_path / "new")
    before = contents(tmp_path)
    done = command("restore", kept, "--dry-run", home=home)
    assert (done.code, done.out.startswith("Would restore")) == (0, True)
    assert contents(tmp_path) == before


def test_every_damage_to_a_backup_is_named_and_nothing_is_restored(command, landed, kept, contents, tmp_path) -> None:
    bad = Path(shutil.copytree(kept, tmp_path / "bad"))
    changed, gone = bad / "store" / "batches" / "000000002.json", bad / "store" / "store.json"
    text = changed.read_bytes()
    changed.write_bytes(text[:10] + bytes([text[10] ^ 1]) + text[11:])
    gone.unlink()
    home = new_home(landed.home, tmp_path / "new")
    before = contents(home)
    done = command("restore", bad, home=home)
    assert done.code == 5
    assert [line for line in done.err.splitlines() if line.startswith("courtstats:")] == [
        f"courtstats: {changed}: it is not as it was backed up. Nothing was restored; use another backup.",
        f"courtstats: {gone}: it is missing. Nothing was restored; use another backup.",
    ]
    assert contents(home) == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('"landings": 5', '"landings": 4'), "it is damaged"),
        (lambda text: text[:-20], "it is damaged"),
        (lambda text: text.replace('"format": 1', '"format": 2'), "made by a newer courtstats"),
        (None, "there is no whole backup in this folder"),
    ],
)
def test_a_manifest_that_cannot_be_trusted_is_refused(command, landed, kept, tmp_path, change, said) -> None:
    bad = Path(shutil.copytree(kept, tmp_path / "bad"))
    manifest = bad / "manifest.json"
    manifest.write_text(change(manifest.read_text())) if change else manifest.unlink()
    done = command("restore", bad, home=new_home(landed.home, tmp_path / "new"))
    assert (done.code, said in done.err) == (5, True), done.err


def test_everything_that_stands_in_the_way_is_said_at_once(command, landed, loaded, kept, contents, tmp_path) -> None:
    """A wrong key, a store with other records, a warehouse with other runs: nothing of it is touched."""
    home = Path(shutil.copytree(landed.home, tmp_path / "home"))
    (home / "records" / "batches" / "000000005.json").write_text("{}")
    (home / "key").write_text("ab" * 32)
    shutil.copy(loaded.removeprefix("sqlite:///"), home / "warehouse.db")
    with sqlite3.connect(home / "warehouse.db") as made:
        made.execute("insert into publication values (1, 'spo', 'a letter', '2020-01-01', '2020-01-01')")
    made.close()
    before = {name: digest for name, digest in contents(home).items() if "warehouse.db-" not in name}
    done = command("restore", kept, home=home)
    assert done.code == 6
    for part in ("this is not the key", "it holds records already", "it holds something already"):
        assert part in done.err
    assert {name: digest for name, digest in contents(home).items() if "warehouse.db-" not in name} == before


def test_without_the_key_it_says_to_put_that_back_first(command, kept, tmp_path) -> None:
    done = command("restore", kept, home=tmp_path / "new")
    assert done.code == 2
    assert "there is no key yet. First put back the key" in done.err
    assert not (tmp_path / "new").exists()


def test_a_restore_that_was_stopped_half_way_is_given_again(command, landed, kept, tmp_path) -> None:
    """The store is back, the warehouse is not; then both are, and it was not said yet."""
    home = new_home(landed.home, tmp_path / "new")
    shutil.copytree(kept / "store", home / "records")
    assert command("restore", kept, home=home).code == 0
    assert answer(command, home) == answer(command, landed.home)
    other = new_home(landed.home, tmp_path / "other")
    shutil.copytree(kept / "store", other / "records")
    shutil.copy(kept / "warehouse.db", other)
    done = command("restore", kept, home=other)
    assert (done.code, "2 hold" in done.out) == (0, True), done.err


def test_a_restored_figure_that_does_not_come_out_is_told(command, home: Path, tmp_path: Path) -> None:
    settings = load_settings({"COURTSTATS_HOME": str(home)})
    order = runs.prepare(settings, runs.question(settings, QUESTION), parse_period("2020Q1"), [], None, NOW)
    counted = runs.count(settings, order)
    figures = [replace(f, value=(f.value or 0) + 1) for f in recording.figure_rows(counted)]
    with recording.opened(settings) as warehouse:
        row = replace(recording.run_row(order, counted, NOW, NOW), value=figures[0].value)
        load_run(warehouse, recording.version_of(order), row, figures, [], [], [], [], lambda _stored: [])
    assert command("backup", tmp_path / "it", home=home).code == 0
    done = command("restore", tmp_path / "it", home=new_home(home, tmp_path / "new"))
    assert done.code == 5
    assert "1 run counted again: 0 hold, 1 differs." in done.out
    assert "do not come out as the run stated" in done.err


def test_sources_are_put_back_with_their_mappings_and_never_over_others(command, landed, tmp_path) -> None:
    """Without them two sources of the same hearings would both count."""
    old = Path(shutil.copytree(landed.home, tmp_path / "old"))
    mapping = next((landed.deliveries).rglob("*.toml"))
    (old / "mappings").mkdir()
    shutil.copy(mapping, old / "mappings" / "extract.toml")
    elsewhere = tmp_path / "elsewhere.toml"
    shutil.copy(mapping, elsewhere)
    (old / "sources.toml").write_text(
        SOURCES + f'[source.other]\nkind = "table"\nlocation = ["others"]\nmapping = "{elsewhere}"\n'
    )
    done = command("backup", tmp_path / "it", home=old)
    assert done.code == 0, done.err
    assert f"Not in it: {elsewhere}, which sources.toml names and which lies elsewhere" in done.out
    home = new_home(old, tmp_path / "new")
    restored = command("restore", tmp_path / "it", home=home)
    assert f"{home / 'sources.toml'} was put back." in restored.out
    for name in ("sources.toml", "mappings/extract.toml"):
        assert (home / name).read_bytes() == (old / name).read_bytes()
    other = new_home(old, tmp_path / "other")
    (other / "sources.toml").write_text("# ours\n")
    restored = command("restore", tmp_path / "it", home=other)
    assert (other / "sources.toml").read_text() == "# ours\n"
    assert str(tmp_path / "it" / "sources" / "sources.toml") in restored.out


def test_a_sources_file_with_faults_is_left_out_for_there_could_be_a_password_in_it(command, home, tmp_path) -> None:
    (home / "sources.toml").write_text(
        'schema = "courtstats/sources@1"\n[source.live]\nkind = "database"\nurl = "postgresql://u:hunter2@h/d"\n'
    )
    done = command("backup", tmp_path / "it", home=home)
    assert (done.code, "there could be a password in it" in done.out) == (0, True)
    assert not [p for p in (tmp_path / "it").rglob("*") if p.is_file() and b"hunter2" in p.read_bytes()]


def test_a_backup_never_takes_the_place_of_anything(command, landed, contents, tmp_path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "a file").touch()
    before = contents(tmp_path)
    done = command("backup", tmp_path / "taken", home=landed.home)
    assert (done.code, "it is not empty" in done.err) == (2, True)
    inside = command("backup", landed.home / "records" / "it", home=landed.home)
    assert (inside.code, "it lies in the records store" in inside.err) == (2, True)
    assert contents(tmp_path) == before
    nothing = command("backup", tmp_path / "it", home=tmp_path / "nobody")
    assert (nothing.code, "there is nothing to back up" in nothing.err) == (3, True)


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(home, tmp_path, monkeypatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: usage._replace(free=1000))
    settings = load_settings({"COURTSTATS_HOME": str(home)})
    with pytest.raises(OutputError, match="are free"):
        backing_up.back_up(settings, tmp_path / "it", NOW)
    assert not [p for p in tmp_path.iterdir() if p.name != "home"]


def test_the_disk_of_a_restore_has_to_take_store_and_warehouse_together(landed, kept, tmp_path, monkeypatch) -> None:
    """Room for the store alone is not enough, as both lie on one disk."""
    settings = load_settings({"COURTSTATS_HOME": str(new_home(landed.home, tmp_path / "new"))})
    usage = shutil.disk_usage(tmp_path)
    only_store = sum(file.size for file in read_manifest(kept).below("store")) * 1.06
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: usage._replace(free=int(only_store)))
    with pytest.raises(ExceptionGroup) as told:
        restoring.checked(settings, kept, NOW)
    (fault,) = told.value.exceptions
    assert "are free" in str(fault)


HOLD = """
[[hold]]
period = "2020Q1"
until  = {until}
basis  = "FOIA s.22"
"""


def definitions(place: Path, hold: str = "") -> Path:
    """Definitions of one's own, with a hold on the made question or without."""
    shutil.copytree(DEFINITIONS, place)
    file = place / "questions" / f"{QUESTION}.toml"
    file.write_text(file.read_text() + hold)
    return place


def test_restoring_never_ends_a_hold(command, landed, loaded, contents, tmp_path) -> None:
    """A hold lives in the definitions alone: beside others what is held would be shown."""
    held = definitions(tmp_path / "held", HOLD.format(until="2999-01-01T00:00:00Z"))
    there = {"COURTSTATS_DEFINITIONS": str(held)}
    done = command("backup", tmp_path / "it", home=landed.home, COURTSTATS_WAREHOUSE_URL=loaded, **there)
    assert done.code == 0, done.err
    home = new_home(landed.home, tmp_path / "new")
    shorter = definitions(tmp_path / "shorter", HOLD.format(until="2998-01-01T00:00:00Z"))
    gone = definitions(tmp_path / "gone")
    (gone / "questions" / f"{QUESTION}.toml").unlink()
    before = contents(home)
    for here in ({}, {"COURTSTATS_DEFINITIONS": str(shorter)}, {"COURTSTATS_DEFINITIONS": str(gone)}):
        for words in (["--dry-run"], []):
            refused = command("restore", tmp_path / "it", *words, home=home, **here)
            assert refused.code != 0
            assert f"would end the hold of {QUESTION} on 2020Q1 until 2999-01-01" in refused.err
            assert f"COURTSTATS_DEFINITIONS={tmp_path / 'it' / 'definitions'}" in refused.err
    assert contents(home) == before
    back = {"COURTSTATS_DEFINITIONS": str(tmp_path / "it" / "definitions")}
    done = command("restore", tmp_path / "it", home=home, **back)
    assert done.code == 0, done.err
    shown = command("figures", QUESTION, "--period", "2020Q1", home=home, **back)
    assert (shown.code, "held" in shown.out, "27" in shown.out) == (0, True, False), shown.out


def test_a_hold_that_has_ended_keeps_nobody_from_restoring(command, landed, tmp_path) -> None:
    over = definitions(tmp_path / "over", HOLD.format(until="2020-06-01T00:00:00Z"))
    assert command("backup", tmp_path / "it", home=landed.home, COURTSTATS_DEFINITIONS=str(over)).code == 0
    home = new_home(landed.home, tmp_path / "new")
    done = command("restore", tmp_path / "it", "--dry-run", home=home)
    assert done.code == 0, done.err
    assert str(tmp_path / "it" / "definitions" / "questions" / f"{QUESTION}.toml") in done.out, "it is another one here"


def test_no_link_leads_a_backup_into_what_it_is_of(command, landed, tmp_path) -> None:
    (tmp_path / "link").symlink_to(landed.home / "records")
    done = command("backup", tmp_path / "link" / "it", home=landed.home)
    assert (done.code, "it lies in the records store" in done.err) == (2, True), done.err
    own = definitions(tmp_path / "own")
    done = command("backup", own / "questions" / "it", home=landed.home, COURTSTATS_DEFINITIONS=str(own))
    assert (done.code, "it lies in the folder of definitions" in done.err) == (2, True), done.err


def test_looking_into_a_database_before_restoring_into_it_does_no_harm(command, landed, kept, url, tmp_path) -> None:
    home = new_home(landed.home, tmp_path / "new")
    with recording.opened(load_settings({"COURTSTATS_HOME": str(home), "COURTSTATS_WAREHOUSE_URL": url})) as warehouse:
        found = held_in(warehouse)
        assert found and found.bare
    assert command("restore", kept, home=home, COURTSTATS_WAREHOUSE_URL=url).code == 0


def test_a_disk_that_fills_up_leaves_no_half_backup(home, tmp_path, monkeypatch) -> None:
    copied: list[str] = []
    copy_file = copying.copy_file

    def full(file: Path, name: str, *rest):
        copied.append(name)
        if len(copied) == 10:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return copy_file(file, name, *rest)

    monkeypatch.setattr(copying, "copy_file", full)
    settings = load_settings({"COURTSTATS_HOME": str(home)})
    with pytest.raises(ExtractError, match="No space left on device"):
        backing_up.back_up(settings, tmp_path / "it", NOW)
    assert not [p for p in tmp_path.iterdir() if p.name != "home"]
    backing_up.back_up(settings, tmp_path / "it", NOW)  # there is room now
