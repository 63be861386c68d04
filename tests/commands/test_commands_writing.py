"""Writing a question: made from codes with `new`, tried with `test`, as a user types them."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
SPO = "stalking-protection-orders"
KNIFE = ("new", "knife-orders", "--offence", "OW195*")

TESTED = {
    "type": "object",
    "required": ["schema", "passed", "failed", "examples"],
    "properties": {
        "schema": {"const": "courtstats/test@1"},
        "passed": {"type": "integer"},
        "failed": {"type": "integer"},
        "examples": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["question", "example", "passed", "expected", "got", "traces"],
                "properties": {"passed": {"type": "boolean"}, "traces": {"type": "array"}},
            },
        },
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of definitions of one's own, with the first question in it."""
    mine = tmp_path / "mine"
    for kind in ("questions", "codelists"):
        (mine / kind).mkdir(parents=True)
    shutil.copy(ROOT / "sql" / "questions" / f"{SPO}.toml", mine / "questions")
    for path in (ROOT / "sql" / "codelists").glob("*.csv"):
        if path.stem in ("granted", "spo-applications", "spo-granted", "spo-interim", "spo-order"):
            shutil.copy(path, mine / "codelists")
    return mine


@pytest.fixture
def asked(command, folder: Path, tmp_path: Path) -> Callable[..., object]:
    """Run a command on that folder."""

    def ask(*words: str):
        return command(*words, home=tmp_path / "home", COURTSTATS_DEFINITIONS=str(folder))

    return ask


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "questions" / f"{SPO}.toml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


REFUSAL = """name   = "A refusal does not count"
given  = [{ case = "A", hearing = 2020-02-03, offence = "ST19501", result = "RFSD" }]
expect = { "2020Q1" = 0 }"""


def test_examples_that_hold_are_told_one_by_one_and_nothing_is_kept(asked, tmp_path: Path) -> None:
    said = asked("test", SPO)
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == SPO
    assert all(line.startswith("  passed  ") for line in lines[1:-2])
    assert lines[-1].startswith(f"{len(lines) - 3} examples of 1 question: ")
    assert lines[-1].endswith(" 0 failed.")
    assert not (tmp_path / "home").exists()


def test_without_a_name_every_question_is_tested(asked) -> None:
    asked(*KNIFE)
    said = asked("test")
    assert said.code == 0
    assert " of 2 questions: " in said.out


def test_an_example_that_expects_too_much_shows_the_step_that_dropped_the_row(asked, folder: Path) -> None:
    change(folder, REFUSAL, REFUSAL.replace("= 0 }", "= 1 }"))
    said = asked("test", SPO, "--example", "A refusal does not count")
    assert said.code == 4
    assert "FAILED  A refusal does not count: 2020Q1 expected 1, got 0" in said.out
    assert "case A: hearing 3 February 2020, ST19501, RFSD: dropped at step 2 'Result is SPO or Granted'" in said.out
    assert said.out.splitlines()[-1] == "1 example of 1 question: 0 passed, 1 failed."


def test_an_example_that_expects_too_little_shows_why_each_step_kept_the_row(asked, folder: Path) -> None:
    listed = folder / "codelists" / "spo-granted.csv"
    listed.write_text(listed.read_text(encoding="utf-8") + "RFSD,short,Refused,order,,,a slip\n", encoding="utf-8")
    said = asked("test", SPO, "--example", "A refusal does not count")
    assert said.code == 4
    assert "expected 0, got 1" in said.out
    assert "what is in the figure first" in said.out
    assert "step 2 'Result is SPO or Granted': RFSD on spo-granted matches by alphabetic short code" in said.out


def test_the_trace_of_examples_that_pass_is_shown_where_it_is_asked_for(asked) -> None:
    words = ("test", SPO, "--example", "An interim order alone does not count")
    assert "dropped at step 2" not in asked(*words).out
    assert "dropped at step 2" in asked(*words, "--trace").out


def test_json_says_what_was_expected_what_came_and_why(asked, folder: Path) -> None:
    change(folder, REFUSAL, REFUSAL.replace("= 0 }", "= 1 }"))
    said = asked("test", SPO, "--json")
    assert said.code == 4
    found = json.loads(said.out)
    jsonschema.validate(found, TESTED)
    (failed,) = [e for e in found["examples"] if not e["passed"]]
    assert (failed["expected"], failed["got"], found["failed"]) == ({"2020Q1": 1}, {"2020Q1": 0}, 1)
    (row,) = failed["traces"][0]["rows"]
    assert (row["fate"], row["steps"][-1]["kept"]) == ("dropped", False)


def test_a_question_that_cannot_be_loaded_tells_its_faults_line_by_line(asked, folder: Path) -> None:
    change(folder, 'unit = "case"', 'unit = "cases"')
    change(folder, "[release]", "[realease]")
    said = asked("test", SPO)
    assert said.code == 4
    assert len(said.faults) == 2
    assert all(fault.startswith(f"questions/{SPO}.toml:") for fault in said.faults)


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("test", "stalking-protection-order"), f"Did you mean {SPO!r}?"),
        (("test", SPO, "--example", "A refusal does not cuont"), "Did you mean 'A refusal does not count'?"),
    ],
)
def test_a_name_that_is_not_there_gets_the_nearest_one(asked, words, remedy: str) -> None:
    said = asked(*words)
    assert said.code == 4
    assert remedy in said.faults[0]


def test_a_new_question_is_there_tested_and_ready_to_count(asked, folder: Path) -> None:
    said = asked(*KNIFE, "--in-force", "2021-07-05", "--act", "Offensive Weapons Act 2019")
    assert said.code == 0
    assert [line for line in said.out.splitlines() if line.startswith("  courtstats ")] == [
        "  courtstats lint knife-orders",
        "  courtstats test knife-orders",
        "  courtstats count knife-orders --period 2021Q4",
    ]
    text = (folder / "questions" / "knife-orders.toml").read_text(encoding="utf-8")
    assert text.startswith("#:schema ./question.schema.json\n")
    assert 'owner    = "courts-mi"' in text
    assert asked("test", "knife-orders").code == 0
    assert "knife-orders" in asked("questions").out


def test_a_dry_run_prints_the_files_and_writes_none(asked, folder: Path, contents) -> None:
    before = contents(folder)
    said = asked(*KNIFE, "--dry-run")
    assert said.code == 0
    assert "==> questions/knife-orders.toml" in said.out
    assert contents(folder) == before


def test_json_of_a_new_question_has_its_files_and_what_comes_next(asked) -> None:
    found = json.loads(asked(*KNIFE, "--dry-run", "--json").out)
    assert (found["schema"], found["written"]) == ("courtstats/new@1", False)
    assert set(found["files"]) == {
        "codelists/knife-orders-offences.csv", "codelists/knife-orders-results.csv",
        "codelists/knife-orders-interim.csv", "questions/knife-orders.toml",
    }  # fmt: skip
    assert len(found["next"]) == 3


def test_a_name_that_is_taken_and_codes_that_are_none_are_refused_together(asked, folder: Path, contents) -> None:
    before = contents(folder)
    said = asked("new", SPO, "--offence", "OW195O1", "--result", "33O4", "--unit", "cases", "--in-force", "1 July")
    assert said.code == 4
    assert len(said.faults) == 5
    assert any("is there already" in fault for fault in said.faults)
    assert any("OW195O1" in fault and "OW19501" in fault for fault in said.faults)
    assert contents(folder) == before


def test_a_unit_that_is_none_is_refused(asked) -> None:
    said = asked("new", "orders", "--offence", "OW19501", "--result", "3304", "--unit", "people")
    assert said.code == 4
    assert said.faults == ["--unit: 'people' is no unit. Use one of: case, defendant, application, order."]


def test_without_an_offence_code_it_is_a_mistake_of_usage(asked) -> None:
    assert asked("new", "orders").code == 2


def test_a_folder_that_is_not_there_names_the_setting(command, tmp_path: Path) -> None:
    said = command(*KNIFE, home=tmp_path / "home", COURTSTATS_DEFINITIONS=str(tmp_path / "nowhere"))
    assert said.code == 2
    assert "COURTSTATS_DEFINITIONS" in said.faults[0]


def test_the_page_on_adding_a_question_shows_what_the_commands_say(command, tmp_path: Path) -> None:
    """Every block that begins with `$ courtstats` is run in its order, the last after the change that is told."""
    mine = tmp_path / "mine"
    for kind in ("questions", "codelists"):
        shutil.copytree(ROOT / "sql" / kind, mine / kind)
    page = (ROOT / "docs" / "adding-a-question.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n\$ courtstats (.*?)\n(.*?)\n```$", page, re.M | re.S)
    assert [words.split()[0] for words, _ in blocks] == ["new", "lint", "test", "test"]
    for words, shown in blocks:
        if "--example" in words:
            path = mine / "questions" / "drinking-banning-orders.toml"
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace('{ "2024Q1" = 0 }', '{ "2024Q1" = 1 }', 1), encoding="utf-8")
        said = command(*shlex.split(words), home=tmp_path / "home", COURTSTATS_DEFINITIONS=str(mine))
        assert said.out.replace(f"{tmp_path}/", "").rstrip("\n") == shown
