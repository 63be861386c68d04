"""`courtstats audit` and `courtstats warehouse roles` as typed; entries about lookups and about what was let go."""

import json
import shutil
import sqlite3
from datetime import UTC, datetime

import pytest

from pipelines import landings
from pipelines.auditing import ROLES
from pipelines.settings import load_settings

pytestmark = pytest.mark.xdist_group("commands")


@pytest.fixture
def home(landed, loaded, tmp_path):
    """A home of its own with landed records and a warehouse of two answers."""
    place = tmp_path / "home"
    shutil.copytree(landed.home, place)
    shutil.copy(loaded.removeprefix("sqlite:///"), place / "warehouse.db")
    return place


def entries(command, home):
    return json.loads(command("audit", "show", "--json", home=home).out)["entries"]


def test_the_log_shows_what_was_done_by_whom(command, home):
    said = command("audit", "show", "--last", "2", home=home)
    assert said.code == 0
    assert "stalking-protection-orders 2020-02" in said.out
    assert "schema raised" not in said.out
    assert [one["entry"] for one in entries(command, home)] == list(range(1, len(entries(command, home)) + 1))


def test_the_digest_of_the_figures_of_a_run_is_not_shown(command, home):
    """It is there to be verified by whoever may read the figures; everybody else could only try to guess them by it."""
    with sqlite3.connect(home / "warehouse.db") as connection:
        (digest,) = connection.execute(
            "SELECT json_extract(detail, '$.figures') FROM audit_entry WHERE action = 'ran' LIMIT 1"
        ).fetchone()
    connection.close()
    assert len(digest) == 64
    for words in ([], ["--json"]):
        said = command("audit", "show", *words, home=home)
        assert said.code == 0
        assert digest not in said.out


def test_a_whole_log_says_its_head_and_the_head_is_met_again(command, home):
    said = command("audit", "verify", home=home)
    assert said.code == 0
    head = next(line for line in said.out.splitlines() if line.startswith("Head ")).removeprefix("Head ")
    assert command("audit", "verify", "--head", head, home=home).code == 0
    other = command("audit", "verify", "--head", head[:-1] + ("0" if head[-1] != "0" else "1"), "--json", home=home)
    told = json.loads(other.out)
    assert (other.code, told["whole"], len(told["faults"])) == (5, False, 1)


def test_a_changed_entry_is_named_and_the_code_says_so(command, home):
    with sqlite3.connect(home / "warehouse.db") as connection:
        connection.execute("DROP TRIGGER audit_entry_no_update")
        connection.execute("UPDATE audit_entry SET subject = 'batch 9' WHERE entry = 3")
    connection.close()
    said = command("audit", "verify", home=home)
    assert said.code == 5
    assert "entry 3 is not as it was written" in said.out
    assert "Head" not in said.out, "the head of a log that is not whole is worth nothing"


@pytest.mark.parametrize("head", ["", "abc", "3", "3:", "3:00", ":00"])
def test_a_head_that_is_none_is_a_usage_error(command, home, head):
    said = command("audit", "verify", "--head", head, home=home)
    assert (said.code, said.out) == (2, "")


def test_without_a_warehouse_there_is_nothing_to_verify_and_none_is_made(command, tmp_path):
    said = command("audit", "verify", home=tmp_path / "none")
    assert said.code == 6
    assert "there is no warehouse yet" in said.err
    assert not (tmp_path / "none").exists()


def test_looking_up_references_is_noted_without_any_reference(command, home):
    asked = ("units", "stalking-protection-orders", "--period", "2020Q1", "--json")
    before = len(entries(command, home))
    assert command(*asked, home=home).code == 0
    assert len(entries(command, home)) == before, "keys that mean nothing outside are no lookup"
    looked = command(*asked, "--references", home=home)
    last = entries(command, home)[-1]
    assert (last["action"], last["subject"]) == ("references looked up", "stalking-protection-orders")
    assert last["detail"] == {"period": "2020Q1", "units": 27}
    references = {u["case_urn"] for u in json.loads(looked.out)["units"] if u["case_urn"]}
    assert references
    with sqlite3.connect(home / "warehouse.db") as connection:
        whole = "\n".join(connection.iterdump())
    connection.close()
    assert [one for one in references if one in whole] == []


def test_no_reference_is_shown_where_the_log_can_have_no_entry_about_it(command, home):
    asked = ("units", "stalking-protection-orders", "--period", "2020Q1", "--json", "--references")
    references = {u["case_urn"] for u in json.loads(command(*asked, home=home).out)["units"] if u["case_urn"]}
    with sqlite3.connect(home / "warehouse.db") as connection:
        connection.execute("CREATE TRIGGER made BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'made'); END")
    connection.close()
    before = (home / "access.log").read_text()
    said = command(*asked, home=home)
    assert (said.code, said.out) == (6, "")
    assert "the audit log can have no entry about this, so nothing is shown" in said.err
    assert not [one for one in references if one in said.err]
    assert (home / "access.log").read_text() == before


def test_the_roles_are_printed_as_they_are_for_psql(command, tmp_path):
    said = command("warehouse", "roles", home=tmp_path / "none")
    assert (said.code, said.out) == (0, ROLES.read_text(encoding="utf-8"))
    assert not (tmp_path / "none").exists()


def test_letting_go_of_quarantine_is_noted_without_the_reason_that_a_person_wrote(command, home, tmp_path):
    file = tmp_path / "made.xml"
    file.write_text("<made")
    here = load_settings({"COURTSTATS_HOME": str(home)})
    request = landings.request_of([file], "spi", None, datetime(2026, 1, 1, tzinfo=UTC), None)
    assert sum(landings.land(here, request, dry_run=False, waiting=lambda: None).refused.values()) == 1
    said = command("quarantine", "release", "--day", "unknown", "--because", "a made file", home=home)
    assert said.code == 0
    last = entries(command, home)[-1]
    assert (last["action"], last["detail"]) == ("quarantine released", {"source": "spi", "let_go": 3})
    assert "Let go 3 of quarantine" in said.out, "the made file and two of the demo's"
    assert "a made file" not in str(entries(command, home))
