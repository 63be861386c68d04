"""`courtstats doctor` names what is broken and how to mend it, whatever else is broken, and shows no secret."""

import json
import os
import shutil
import sqlite3
from collections import namedtuple
from datetime import UTC, datetime

import pytest
from filelock import FileLock

from extract.contract import ExtractError
from pipelines import doctor_machine, doctor_warehouse, doctoring
from pipelines.doctor_findings import FAULT, WARNING

pytestmark = pytest.mark.xdist_group("commands")
KEY = "a-key-that-is-long-enough-for-anybody"


@pytest.fixture
def home(landed, loaded, tmp_path):
    """A home of its own with landed records and a warehouse of two answers."""
    place = tmp_path / "home"
    shutil.copytree(landed.home, place)
    shutil.copy(loaded.removeprefix("sqlite:///"), place / "warehouse.db")
    with sqlite3.connect(place / "warehouse.db") as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    return place


@pytest.fixture
def examined(home, monkeypatch):
    """What is found, by name, with the environment as given."""

    def examine(**settings):
        for name in [n for n in os.environ if n.startswith("COURTSTATS_")]:
            monkeypatch.delenv(name)
        for name, value in {"COURTSTATS_HOME": str(home), **settings}.items():
            monkeypatch.setenv(name, value)
        found = {}
        for one in doctoring.examine():
            found.setdefault(one.name, []).append(one)
        return found

    return examine


def worst(found):
    return {name: one for name, ones in found.items() for one in ones if one.state == FAULT}


def test_a_home_in_order_has_nothing_to_mend(examined):
    found = examined()
    assert worst(found) == {}
    assert {
        "packages",
        "settings",
        "home",
        "key",
        "records store",
        "landings",
        "warehouse",
        "audit log",
    } <= found.keys()
    assert [one.state for one in found["records and warehouse"]] == ["ok"]


def test_the_command_answers_people_and_machines_and_its_code_says_whether_to_mend(command, home):
    said = command("doctor", home=home)
    assert said.code == 0
    assert "audit log: whole" in said.out
    (home / "key").write_text("ff" * 32)
    wrong = command("doctor", "--json", home=home)
    told = json.loads(wrong.out)
    assert (wrong.code, told["schema"]) == (2, "courtstats/doctor@1")
    assert told["faults"] == 1
    assert "ff" * 32 not in wrong.out + wrong.err


def test_doctor_changes_nothing(command, home, contents):
    before = {n: h for n, h in contents(home).items() if "warehouse.db-" not in n}
    command("doctor", home=home)
    after = {n: h for n, h in contents(home).items() if "warehouse.db-" not in n}
    assert after == before


def test_a_new_user_has_nothing_to_mend_and_nothing_is_made(command, tmp_path):
    said = command("doctor", home=tmp_path / "none")
    assert said.code == 0
    assert "FAULT" not in said.out
    assert not (tmp_path / "none").exists()


def test_an_unknown_setting_is_named_with_the_one_that_was_meant(examined):
    found = worst(examined(COURTSTATS_STOR="/somewhere"))
    assert "COURTSTATS_STOR" in found["settings"].seen
    assert found["settings"].remedy == "Did you mean COURTSTATS_STORE?"


def test_another_key_is_a_fault_of_the_store_and_the_other_checks_go_on(examined):
    found = examined(COURTSTATS_KEY=KEY)
    assert "another key" in worst(found)["records store"].seen
    assert "audit log" in found
    assert KEY not in repr(found)


def test_a_key_file_that_is_no_key_is_said(examined, home):
    (home / "key").write_text("no key")
    assert "cannot be read as a key" in worst(examined())["key"].seen


def test_a_key_that_others_can_read_is_a_warning_with_the_command_that_mends_it(examined, home):
    (home / "key").chmod(0o644)
    (one,) = examined()["key"]
    assert (one.state, one.remedy) == (WARNING, f"chmod 600 {home / 'key'}")


def test_a_damaged_label_and_a_damaged_log_of_the_store_are_named(examined, home):
    (home / "records" / "store.json").write_text("{")
    assert "store.json is damaged" in worst(examined())["records store"].seen
    shutil.rmtree(next((home / "records").glob("*/_delta_log")))
    assert examined()["landings"]


@pytest.mark.parametrize("label", ["{", "[]", '{"key_check": "x"}'])
def test_a_label_that_lacks_what_it_must_say_is_damaged(examined, home, label):
    (home / "records" / "store.json").write_text(label)
    found = worst(examined())
    assert "store.json is damaged" in found["records store"].seen
    assert "KeyError" not in repr(found)


def test_a_missing_file_of_records_is_a_fault(examined, home):
    next((home / "records" / "records").glob("hearing_month=*/*.parquet")).unlink()
    assert worst(examined())["landings"].seen == "1 of the files of records are missing"


def test_who_holds_the_lock_is_asked_without_writing_to_it(examined, home):
    lock = home / "records" / "landing.lock"
    lock.touch()
    os.utime(lock, (1, 1))
    assert "lock" not in examined()
    assert lock.stat().st_mtime == 1
    with FileLock(lock):
        (one,) = examined()["lock"]
    assert "landing or compacting" in one.seen


def test_the_disk_is_looked_at_even_where_the_store_cannot_be_read(examined, monkeypatch):
    def closed(_path):
        raise ExtractError("the records store cannot be read (Permission denied)")

    monkeypatch.setattr("extract.compaction.data_files", closed)
    assert [one.state for one in examined()["disk"]] == ["ok"] * 4


def test_a_missing_summary_of_a_landing_is_a_fault(examined, home):
    (home / "records" / "batches" / "000000002.json").unlink()
    assert "landing 2 is missing" in worst(examined())["landings"].seen


def test_a_warehouse_that_is_away_is_a_fault_without_its_password(examined):
    found = examined(COURTSTATS_WAREHOUSE_URL="postgresql://clerk:s3cret@127.0.0.1:1/statistics")
    assert "nothing answers" in worst(found)["warehouse"].seen
    assert "s3cret" not in repr(found)
    assert found["disk"]


def test_a_newer_schema_is_a_fault_that_says_to_install_the_newer_version(examined, home):
    with sqlite3.connect(home / "warehouse.db") as connection:
        connection.execute("UPDATE warehouse_revision SET version_num = '0999'")
    connection.close()
    one = worst(examined())["warehouse"]
    assert "schema 0999" in one.seen
    assert "Install the newer version" in one.remedy


def test_a_missing_view_is_a_fault(examined, home):
    with sqlite3.connect(home / "warehouse.db") as connection:
        connection.execute("DROP VIEW run_log")
    connection.close()
    assert "run_log missing" in worst(examined())["warehouse"].seen


def test_a_file_that_is_no_database_is_a_fault(examined, home):
    for file in home.glob("warehouse.db*"):
        file.unlink()
    (home / "warehouse.db").write_text("minutes of the meeting\n" * 100)
    assert "not a SQLite database" in worst(examined())["warehouse"].seen


def test_a_changed_audit_entry_is_a_fault(examined, home):
    with sqlite3.connect(home / "warehouse.db") as connection:
        connection.execute("DROP TRIGGER audit_entry_no_update")
        connection.execute("UPDATE audit_entry SET who = 'nobody' WHERE entry = 2")
    connection.close()
    assert "entry 2 is not as it was written" in worst(examined())["audit log"].seen


def test_a_warehouse_of_another_store_is_a_fault(examined, home):
    label = home / "records" / "store.json"
    label.write_text(json.dumps(json.loads(label.read_text()) | {"id": "another"}))
    assert "runs of another records store" in worst(examined())["records and warehouse"].seen


def test_landings_that_the_warehouse_does_not_know_are_a_warning(examined, home):
    with sqlite3.connect(home / "warehouse.db") as connection:
        connection.execute("DROP TRIGGER landed_batch_no_delete")
        connection.execute("DELETE FROM landed_batch WHERE batch = 5")
    connection.close()
    (one,) = examined()["records and warehouse"]
    assert (one.state, one.seen) == (WARNING, "landing 5 is not noted in the warehouse")


def test_a_clock_behind_the_newest_landing_or_run_is_a_fault(examined, home, monkeypatch):
    class Behind(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2019, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(doctor_machine, "datetime", Behind)
    monkeypatch.setattr(doctor_warehouse, "datetime", Behind)
    found = worst(examined())
    assert "the newest landing is of" in found["clock"].seen or "newest file" in found["clock"].seen
    assert "newest run was stored" in found["database clock"].seen


def test_a_full_disk_is_a_warning_for_each_place_on_it(examined, monkeypatch):
    usage = namedtuple("usage", "total used free")(1 << 40, (1 << 40) - 5, 5)
    monkeypatch.setattr(doctor_machine.shutil, "disk_usage", lambda _path: usage)
    assert [one.state for one in examined()["disk"]] == [WARNING] * 4


def test_a_check_that_breaks_off_is_a_finding_and_no_end(examined, monkeypatch):
    def broken(_settings):
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(doctor_machine, "home", broken)
    found = examined()
    assert worst(found)["home"].seen == "could not be looked at (Permission denied)"
    assert found["disk"]


def test_an_address_of_prefect_that_is_none_is_a_fault(examined, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "nowhere")
    assert "PREFECT_API_URL" in worst(examined())["Prefect"].seen
