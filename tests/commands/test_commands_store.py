"""`courtstats store`: what the records store holds, and merging its files; the demo's records, landed five times."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extract import store
from extract.contract import ExtractError

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


# --- removing what is of old hearings -----------------------------------------------------------------

BECAUSE = ("--because", "hearing records are kept for a while")


def test_what_is_removed_is_said_before_and_after_and_is_the_same(command, own, said) -> None:
    would = json.loads(command("store", "retain", "--from", "2020-03", *BECAUSE, "--dry-run", "--json", home=own).out)
    done = json.loads(command("store", "retain", "--from", "2020-03", *BECAUSE, "--json", home=own).out)
    assert (would.pop("dry_run"), done.pop("dry_run")) == (True, False)
    assert would == done
    assert done["schema"] == "courtstats/retention@1"
    gone = [m for m in said["months"] if m["month"] < "2020-03"]
    assert done["months"] == [m["month"] for m in gone]
    assert (done["rows"], done["removed"]) == (sum(m["rows"] for m in gone), sum(m["files"] for m in gone))
    after = json.loads(command("store", "--json", home=own).out)
    assert after["months"] == [m for m in said["months"] if m["month"] >= "2020-03"]
    assert (after["removed"]["kept_from"], after["removed"]["because"]) == ("2020-03", BECAUSE[1])
    assert "nothing before 2020-03 to remove" in command("store", "retain", "--from", "2020-03", *BECAUSE, home=own).out


def test_an_answer_about_kept_months_is_the_same_and_one_about_earlier_months_is_refused(command, own, landed) -> None:
    kept = ("count", QUESTION, "--from", "2020-03-01", "--to", "2020-06-30", "--by", "month", "--json")
    before = [command(*kept, *known, home=own).out for known in ((), KNOWN)]
    assert "Removed" in command("store", "retain", "--from", "2020-03", *BECAUSE, home=own).out
    assert [command(*kept, *known, home=own).out for known in ((), KNOWN)] == before
    for words in (("count",), ("units",)):
        done = command(*words, QUESTION, "--period", "2020Q1", home=own)
        assert (done.code, done.out) == (3, "")
        (fault,) = done.faults
        assert "2020Q1 begins before 2020-03" in fault
        assert BECAUSE[1] in fault
        assert "Ask for a period from 2020-03 on" in fault
    series = command("count", QUESTION, "--from", "2019-10-01", "--to", "2020-06-30", "--every", "quarter", home=own)
    assert "2019Q4 begins before 2020-03" in series.faults[0]
    coverage = command("coverage", "--period", "2020-02", home=own)
    assert "begins before 2020-03" in coverage.faults[0]
    assert "kept from 2020-03" in command("status", home=own).out
    assert json.loads(command("status", "--json", home=own).out)["records"]["kept_from"] == "2020-03"
    assert "Kept from 2020-03: what was of hearings before was removed for good on" in command("store", home=own).out
    first = landed.deliveries / sorted(p.name for p in landed.deliveries.iterdir() if p.is_dir())[0]
    again = command("land", first, "--dry-run", home=own).out
    assert "of hearings before the month from which records are kept left out" in again
    assert json.loads(command("land", first, "--dry-run", "--json", home=own).out)["before_kept"] > 0


def test_a_removal_needs_a_month_and_a_reason_and_leaves_something(command, own, contents) -> None:
    before = contents(own)
    for words, code, part in (
        (("--from", "2020", *BECAUSE), 2, "is no month"),
        (("--from", "2020-13", *BECAUSE), 2, "is no month"),
        (("--from", "2020-07", *BECAUSE), 3, "nothing would be left"),
        (("--from", "2020-03", "--because", " "), 3, "say why"),
    ):
        done = command("store", "retain", *words, home=own)
        assert (done.code, done.out) == (code, "")
        assert part in done.faults[0]
    assert command("store", "retain", "--from", "2020-03", home=own).code == 2
    left = contents(own)
    assert {f: h for f, h in left.items() if not f.endswith("landing.lock")} == {
        f: h for f, h in before.items() if not f.endswith("landing.lock")
    }


def test_beside_a_published_table_a_year_that_was_removed_says_so_and_a_kept_one_counts(
    command, own, tmp_path: Path
) -> None:
    """A made table of 2019 and 2020; the demo's records are of both years."""
    table = tmp_path / "table.csv"
    table.write_text(
        "Year,Offence,Outcome,Count\n2019,008/31 Breach,Convicted,5\n2020,008/31 Breach,Convicted,7\n"
        "2020,008/39 Breach,Convicted,2\n2020,066/38 Breach,Convicted,3\n",
        encoding="utf-8",
    )
    words = ("count", "breach-of-restraining-order-convictions", "--table", table, "--from", "2019-01-01", "--to",
             "2020-12-31", "--every", "year", "--json")  # fmt: skip

    def records() -> dict[int, dict[str, object]]:
        return {y["year"]: y["records"] for y in json.loads(command(*words, home=own).out)["years"]}

    before = records()
    assert before[2019]["status"] == "counted"
    command("store", "retain", "--from", "2020-01", *BECAUSE, home=own)
    after = records()
    assert after[2020] == before[2020]
    assert (after[2019]["value"], after[2019]["status"]) == (None, "records removed")


def test_a_count_whose_records_are_removed_while_it_reads_them_says_so(own: Path) -> None:
    from pipelines import keeping, runs
    from pipelines.settings import load_settings
    from transform.periods import parse_period

    settings = load_settings({"COURTSTATS_HOME": str(own)})
    order = runs.prepare(
        settings, runs.question(settings, QUESTION), parse_period("2020Q1"), [], None, datetime.now(UTC)
    )
    keeping.retain_in_store(settings, "2020-03", because="a test", dry_run=False, as_json=True)
    for read in (runs.count, runs.units):
        with pytest.raises(ExtractError, match="2020Q1 begins before 2020-03"):
            read(settings, order)


def removals_noted(home: Path) -> list[dict[str, object]]:
    """What the audit log says of removals."""
    from load import audit
    from pipelines import recording
    from pipelines.settings import load_settings

    with recording.opened(load_settings({"COURTSTATS_HOME": str(home)})) as warehouse:
        return [dict(e.detail) for e in audit.entries(warehouse, action="records removed")]


def with_warehouse(home: Path, loaded: str) -> None:
    shutil.copy(loaded.removeprefix("sqlite:///"), home / "warehouse.db")


def test_a_removal_that_died_before_its_entry_is_noted_by_the_next_call_once_and_with_the_first_reason(
    command, own, loaded, monkeypatch
) -> None:
    from pipelines import keeping
    from pipelines.settings import load_settings

    with_warehouse(own, loaded)
    settings = load_settings({"COURTSTATS_HOME": str(own)})
    with monkeypatch.context() as patched:
        patched.setattr(keeping, "_note_removal", lambda _settings: None)
        keeping.retain_in_store(settings, "2020-03", because="first reason", dry_run=False, as_json=True)
    assert removals_noted(own) == []
    assert command("store", "retain", "--from", "2020-03", *BECAUSE, "--dry-run", home=own).code == 0
    assert removals_noted(own) == []
    again = command("store", "retain", "--from", "2020-03", *BECAUSE, home=own)
    assert "The reason given now is not used: they were removed on" in again.out
    assert "(first reason)" in again.out
    told = json.loads(command("store", "retain", "--from", "2020-03", *BECAUSE, "--json", home=own).out)
    assert (told["nothing"], told["because"]) == (True, "first reason")
    (entry,) = removals_noted(own)
    assert entry["because"] == "first reason"
    assert entry["rows"]


def test_a_removal_whose_files_the_disk_will_not_give_up_is_noted_all_the_same(own, loaded, monkeypatch) -> None:
    from extract import retention
    from pipelines import keeping
    from pipelines.settings import load_settings

    with_warehouse(own, loaded)

    def refused(*_words: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(retention, "_clear", refused)
    settings = load_settings({"COURTSTATS_HOME": str(own)})
    with pytest.raises(ExtractError, match="could not be finished"):
        keeping.retain_in_store(settings, "2020-03", because="a test", dry_run=False, as_json=True)
    assert [entry["because"] for entry in removals_noted(own)] == ["a test"]
