"""`courtstats store`: what the records store holds, and merging its files; the demo's records, landed five times."""

import json
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from extract import store

pytestmark = pytest.mark.xdist_group("commands")
QUESTION = "stalking-protection-orders"
KNOWN = ("--as-known-at", "2020-03-10")


@pytest.fixture
def own(landed, tmp_path: Path) -> Path:
    """A copy of the demo's home that may be changed."""
    return Path(shutil.copytree(landed.home, tmp_path / "home"))


@pytest.fixture(scope="module")
def said(command, landed) -> dict[str, object]:
    done = command("store", "--json", home=landed.home)
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def test_what_is_held_adds_up_over_months_and_over_sources(said, landed) -> None:
    records = landed.home / "records"
    assert said["schema"] == "courtstats/store@1"
    assert (said["batches"], said["files"]) == (len(landed.landings), len(store.known_files(records)))
    assert said["rows"] == sum(landing.rows for landing in landed.landings)
    for name in ("rows", "files", "size"):
        assert said[name] == sum(month[name] for month in said["months"]), name
    assert said["rows"] == sum(source["rows"] for source in said["sources"])
    assert said["size"] == sum(Path(f).stat().st_size for f in store.known_files(records))


def test_each_source_is_said_with_its_statements_days_and_latest_receipt(said, landed) -> None:
    by_name = {source["name"]: source for source in said["sources"]}
    assert set(by_name) == {landing.source_name for landing in landed.landings}
    for name, source in by_name.items():
        of_it = [landing for landing in landed.landings if landing.source_name == name]
        assert source["statements"] == sum(landing.statements for landing in of_it)
        assert source["batches"] == len([landing for landing in of_it if landing.batch])
        assert datetime.fromisoformat(source["last_received"]) == max(landing.received_at for landing in of_it)
        assert source["first_hearing"] <= source["last_hearing"]


def test_people_see_the_same_in_columns_with_thousands_marked(command, landed, said) -> None:
    out = command("store", home=landed.home).out
    assert f"{said['rows']:,} rows of {said['batches']} batches in {said['files']} files" in out
    for month in said["months"]:
        (line,) = [line for line in out.splitlines() if line.split()[:1] == [month["month"]]]
        assert line.split()[1:4] == [f"{month['rows']:,}", str(month["files"]), str(month["small"])]
    assert "courtstats store compact would merge" in out


def test_looking_changes_nothing(command, landed, contents) -> None:
    before = contents(landed.home)
    for words in (("store",), ("store", "--json"), ("store", "compact", "--dry-run")):
        assert command(*words, home=landed.home).code == 0
    assert contents(landed.home) == before


def test_compacting_merges_the_files_and_changes_no_answer_as_known_at_any_time(command, own, said) -> None:
    asked = [(), KNOWN, ("--by", "month")]
    answers = [command("count", QUESTION, "--period", "2020Q1", *more, "--json", home=own).out for more in asked]
    would = json.loads(command("store", "compact", "--dry-run", "--json", home=own).out)
    done = json.loads(command("store", "compact", "--json", home=own).out)
    assert (would.pop("dry_run"), done.pop("dry_run")) == (True, False)
    assert would == done
    assert done["months"] == [m["month"] for m in said["months"] if m["small"] > 1]
    after = json.loads(command("store", "--json", home=own).out)
    assert after["rows"] == said["rows"]
    assert after["files"] == len(said["months"])
    assert [
        command("count", QUESTION, "--period", "2020Q1", *more, "--json", home=own).out for more in asked
    ] == answers


def test_landing_everything_again_after_compacting_finds_nothing_new(command, own, landed) -> None:
    assert "merged into" in command("store", "compact", home=own).out
    first = landed.deliveries / sorted(p.name for p in landed.deliveries.iterdir() if p.is_dir())[0]
    done = json.loads(command("land", first, "--dry-run", "--json", home=own).out)
    assert done["statements"] == 0
    assert done["repeated"] > 0


def test_files_kept_for_running_counts_are_said_and_removed_later(command, own) -> None:
    command("store", "compact", home=own)
    assert "kept for counts that may still read them" in command("store", "compact", home=own).out
    assert command("store", "compact", "--keep-hours", "0.5", home=own).code == 2  # a count may take that long


def test_a_user_who_has_landed_nothing_is_told_so_and_nothing_is_made(command, tmp_path: Path) -> None:
    assert "Nothing landed yet" in command("store", home=tmp_path / "home").out
    assert command("store", "compact", home=tmp_path / "home").out == "nothing to merge and nothing to remove.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_landing_merges_files_by_itself_where_there_are_many_and_says_so_in_a_line(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from extract import compaction
    from pipelines.keeping import compact_where_worth
    from pipelines.settings import load_settings

    settings = load_settings({"COURTSTATS_HOME": str(own)})
    said: list[str] = []
    before = store.known_files(settings.store)
    compact_where_worth(settings, said.append)
    assert (said, store.known_files(settings.store)) == ([], before)
    monkeypatch.setattr(compaction, "CROWDED_MONTH", 1)
    compact_where_worth(settings, said.append)
    (line,) = said
    assert line.startswith("Compacted: ")
    assert "\n" not in line
    assert len(store.known_files(settings.store)) < len(before)


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), ValueError("something unforeseen")])
def test_a_landing_never_fails_for_files_that_cannot_be_merged(
    own: Path, fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    from extract import appending, compaction
    from pipelines.keeping import compact_where_worth
    from pipelines.settings import load_settings

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise fault

    monkeypatch.setattr(compaction, "CROWDED_MONTH", 1)
    monkeypatch.setattr(appending, "commit", refuse)
    settings = load_settings({"COURTSTATS_HOME": str(own)})
    before, said = store.known_files(settings.store), []
    compact_where_worth(settings, said.append)
    (line,) = said
    assert line.startswith("Not compacted: ")
    assert store.known_files(settings.store) == before
