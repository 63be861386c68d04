"""`courtstats lint`: everything that is wrong in one run, in lines that an editor can open."""

import json
import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAME = "stalking-protection-orders"
LISTS = ("granted", "spo-applications", "spo-granted", "spo-interim", "spo-order")
LINE = re.compile(r"(\S+):(\d+):(\d+): (error|warning|info): .+ \[([a-z-]+)\]")


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    """One question with its lists, in force before the days of its examples, with nothing accepted."""
    for folder, files in (("questions", [f"{NAME}.toml"]), ("codelists", [f"{name}.csv" for name in LISTS])):
        (tmp_path / "sql" / folder).mkdir(parents=True)
        for file in files:
            shutil.copy(ROOT / "sql" / folder / file, tmp_path / "sql" / folder / file)
    edit(tmp_path / "sql", f"questions/{NAME}.toml", "in_force = 2020-01-20", "in_force = 2019-01-01")
    path = tmp_path / "sql" / "questions" / f"{NAME}.toml"
    path.write_text(re.sub(r"\[\[accept\]\]\n(?:.+\n)+", "", path.read_text(encoding="utf-8")), encoding="utf-8")
    return tmp_path / "sql"


def edit(definitions: Path, file: str, *changes: str) -> None:
    path = definitions / file
    text = path.read_text(encoding="utf-8")
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def lint(command, definitions: Path, *words: str, **more):
    home = definitions.parent / "home"
    return command("lint", *words, home=home, COURTSTATS_DEFINITIONS=str(definitions), **more)


def test_nothing_to_mend_is_one_line_and_exit_code_0(command, definitions) -> None:
    said = lint(command, definitions, NAME, "--strict")
    assert (said.code, said.err) == (0, "")
    assert re.fullmatch(r"1 question: \d+ to know \(--all shows them\)\n", said.out)
    assert not (definitions.parent / "home").exists()


def test_all_shows_every_finding_at_its_place_and_the_summary_counts_them(command, definitions) -> None:
    said = lint(command, definitions, "--all", cwd=definitions.parent)
    *lines, summary = said.out.splitlines()
    found = [LINE.fullmatch(line) for line in lines]
    assert lines
    assert all(found)
    assert summary == f"1 question: {len(lines)} to know"
    places = [(m[1], int(m[2]), int(m[3])) for m in found if m]
    assert places == sorted(places)
    assert all((definitions.parent / file).is_file() for file, _, _ in places)


def test_faults_of_the_file_its_lists_and_the_standing_data_come_in_one_run(command, definitions) -> None:
    edit(
        definitions, f"questions/{NAME}.toml", "title    =", "titel    =", 'cron   = "0 6 * * 1"', 'cron = "0 6 * * 8"'
    )
    edit(definitions, "codelists/spo-applications.csv", "ST19501", "ST195O1")
    edit(definitions, "codelists/spo-interim.csv", "cjs", "csj")
    said = lint(command, definitions, NAME)
    assert said.code == 4
    assert "unknown key `titel`. Did you mean `title`? [cannot-load]" in said.out
    assert "codelists/spo-applications.csv:2:1: error: ST195O1 is not among" in said.out
    assert "Did you mean ST19501" in said.out
    assert "codelists/spo-interim.csv:2:6: error: 'csj' is not a way to match. Did you mean 'cjs'" in said.out
    assert "'8' is not a weekday" in said.out


def test_a_warning_fails_only_where_strict_and_not_where_it_is_accepted(command, definitions) -> None:
    edit(definitions, f"questions/{NAME}.toml", 'owner    = "courts-mi"', 'owner    = "mi@example.org"')
    said = lint(command, definitions, NAME)
    assert said.code == 0
    assert "warning: the owner is an address. Name the team. [owner-is-a-person]" in said.out
    assert lint(command, definitions, NAME, "--strict").code == 4
    accept = '[[accept]]\nfinding = "owner-is-a-person"\nbecause = "It is the mailbox of a team."\n\n[[note]]'
    edit(definitions, f"questions/{NAME}.toml", "[[note]]", accept)
    said = lint(command, definitions, NAME, "--strict")
    assert said.code == 0
    assert f"questions/{NAME}.toml: accepted: owner-is-a-person: It is the mailbox of a team.\n" in said.out
    assert ", 1 accepted\n" in said.out


def test_json_holds_every_finding_whatever_is_shown(command, definitions) -> None:
    edit(definitions, "codelists/spo-applications.csv", "ST19501", "ST195O1")
    said = lint(command, definitions, NAME, "--json")
    found = json.loads(said.out)
    assert said.code == 4
    assert (found["schema"], found["questions"], found["failed"]) == ("courtstats/lint@1", [NAME], True)
    assert found["number"] == {
        severity: sum(f["severity"] == severity for f in found["findings"]) for severity in ("error", "warning", "info")
    }
    assert found["number"]["error"] and found["number"]["info"]
    unknown = next(f for f in found["findings"] if f["severity"] == "error" and f["id"] == "unknown-code")
    assert unknown.keys() == {"id", "severity", "file", "line", "column", "what", "remedy"}
    assert (unknown["file"], unknown["line"], unknown["column"]) == ("codelists/spo-applications.csv", 2, 1)
    assert found["accepted"] == []


def test_without_a_name_all_questions_and_the_lists_that_none_uses_are_looked_at(command, definitions) -> None:
    shutil.copy(definitions / "codelists" / "spo-order.csv", definitions / "codelists" / "draft.csv")
    edit(definitions, "codelists/draft.csv", "3307", "3306")
    found = json.loads(lint(command, definitions, "--json").out)["findings"]
    assert {f["id"] for f in found if f["file"] == "codelists/draft.csv"} == {
        "unused-list",
        "title-differs",
        "unknown-code",
    }


def test_an_unknown_question_is_refused_with_the_nearest_name(command, definitions) -> None:
    said = lint(command, definitions, "stalking-protection-order")
    assert said.code == 4
    assert said.faults == [f"there is no question 'stalking-protection-order'. Did you mean '{NAME}'?"]


def test_every_shipped_definition_passes(command, tmp_path) -> None:
    said = command("lint", "--strict", home=tmp_path / "home")
    assert said.code == 0, said.out


def test_the_page_of_findings_has_a_section_for_each() -> None:
    from pipelines.linting import findings_page
    from transform.lint import CATALOGUE

    page = findings_page()
    assert re.findall(r"^## (.+)$", page, re.M) == list(CATALOGUE)
    assert page.count("With it:") == page.count("Mended:") == len(CATALOGUE)
