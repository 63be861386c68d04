"""`courtstats codes`: find, check and refresh as a user types them."""

import json
import os
import shutil
from pathlib import Path

import pytest

from pipelines.settings import DEFINITIONS
from pipelines.standing_data import DATA, PACKAGE

pytestmark = pytest.mark.xdist_group("commands")
QUESTION = "stalking-protection-orders"


@pytest.fixture(scope="module")
def codes(command, tmp_path_factory: pytest.TempPathFactory):
    """A command of `codes` by a user who has landed nothing."""
    user = tmp_path_factory.mktemp("user")

    def run(*words: str | Path, **settings: str):
        done = command("codes", *words, home=user / "home", **settings)
        assert list(user.iterdir()) == [], "looking creates nothing"
        return done

    return run


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    """A copy of the definitions without standing data, to be broken."""
    for name in ("questions", "codelists"):
        shutil.copytree(DEFINITIONS / name, tmp_path / "definitions" / name)
    return tmp_path / "definitions"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package that is not the real one."""
    folder = tmp_path / "package"
    (folder / DATA).mkdir(parents=True)
    offence = {
        "cjsCode": "PH97007",
        "offenceTitle": "A new title",
        "homeOfficeClassification": "008/65",
        "offenceCategory": "CE",
        "notifiableToHo": True,
        "recordableOnPnc": True,
    }
    unit = {
        "topLevelCode": "B",
        "topLevelName": "",
        "secondLevelCode": "05",
        "secondLevelName": "Merseyside",
        "thirdLevelCode": "LV",
        "thirdLevelName": "Liverpool",
    }
    result = {"cjsCode": "3307", "description": "Stalking Protection Order", "type": "F", "resultCodeQualifiers": ""}
    said = {
        "offence-code": [offence, offence | {"cjsCode": "XX00001", "offenceTitle": "Quite new"}],
        "result-code": [result],
        "organisation-unit": [unit],
        "forces": [{"code": "05", "name": "Merseyside"}],
    }
    (folder / "package.json").write_text(json.dumps({"name": PACKAGE, "version": "9.9.9"}))
    for name, rows in said.items():
        (folder / DATA / f"{name}.json").write_text(json.dumps(rows))
    return folder


def test_find_ranks_and_names_the_lists_that_hold_a_code(codes) -> None:
    said = json.loads(codes("find", "stalking protection order", "--limit", "5", "--json").out)
    assert said["schema"] == "courtstats/codes-find@1"
    assert len(said["matches"]) == 5 < said["found"]
    first = said["matches"][0]
    assert (first["code"], first["kind"], first["how"]) == ("3307", "result", "all words")
    assert {"spo-granted", "spo-order"} <= set(first["lists"])
    offences = {m["code"]: m["lists"] for m in json.loads(codes("find", "ST1950", "--json").out)["matches"]}
    assert len(offences) == 7
    assert "spo-applications" in offences["ST19501"]
    assert offences["ST19507"] == [] or "spo-applications" not in offences["ST19507"]


def test_find_shows_titles_classes_and_kinds_to_read(codes) -> None:
    said = codes("find", "ph97007").out
    assert "Stalking involving fear of violence" in said
    assert "8/65" in said
    assert "court" in codes("find", "liverpool", "--kind", "court").out
    assert "North West" in codes("find", "merseyside", "--kind", "force").out
    assert {m["kind"] for m in json.loads(codes("find", "granted", "--kind", "short", "--json").out)["matches"]} == {
        "short"
    }


def test_find_says_what_is_nearest_where_nothing_matches(codes) -> None:
    done = codes("find", "ST195O1")
    assert done.code == 0
    assert "Nothing matches 'ST195O1'. Nearest: ST19501" in done.out
    assert "stalking" in json.loads(codes("find", "stalkng", "--json").out)["nearest"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("find", "x", "--kind", "offense"), "'offense' is no kind of code. Use one of: offence"),
        (("find", " "), "ask for a code or words"),
        (("refresh",), f"npm pack {PACKAGE}"),
    ],
)
def test_wrong_usage_of_codes_ends_with_2(codes, words, said: str) -> None:
    done = codes(*words)
    assert (done.code, done.out) == (2, "")
    (fault,) = done.faults
    assert said in fault


def test_find_takes_less_than_a_second_and_a_half(codes) -> None:
    """Time of the process alone, the best of three: the machine may be busy."""
    took = []
    for _ in range(3):
        before = os.times()
        codes("find", "stalking")
        after = os.times()
        took.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(took) < 1.5


def test_check_of_the_shipped_lists_finds_no_error_and_says_that_no_records_were_looked_at(codes) -> None:
    done = codes("check")
    assert (done.code, done.err) == (0, "")
    assert f"{QUESTION}: " in done.out
    assert "ST19503" in done.out
    assert "Nothing has been landed" in done.out
    assert "Records were not looked at" in codes("check", QUESTION, "--no-records").out


def test_check_points_at_file_and_line_and_ends_with_4(codes, definitions: Path) -> None:
    path = definitions / "codelists" / "spo-applications.csv"
    path.write_text(path.read_text().replace("ST19502,", "ST195O2,").replace("Application for a", "Application of a"))
    done = codes("check", QUESTION, COURTSTATS_DEFINITIONS=str(definitions))
    assert (done.code, done.err) == (4, "")
    assert "codelists/spo-applications.csv:3: error: ST195O2" in done.out
    assert "Did you mean ST19502" in done.out
    assert "codelists/spo-applications.csv:2: warning: ST19501 is called" in done.out
    said = codes("check", QUESTION, "--json", COURTSTATS_DEFINITIONS=str(definitions))
    assert said.code == 4
    report = json.loads(said.out)
    assert report["schema"] == "courtstats/codes-check@1"
    assert report["number"]["error"] == 1
    (one,) = report["questions"]
    assert one["question"] == QUESTION
    (error,) = [f for f in one["findings"] if f["severity"] == "error"]
    assert (error["id"], error["list"], error["line"], error["code"]) == (
        "unknown-code",
        "spo-applications",
        3,
        "ST195O2",
    )


def test_check_of_a_question_that_is_not_there_names_the_nearest(codes) -> None:
    done = codes("check", "stalking-protection-order")
    assert (done.code, done.out) == (4, "")
    assert f"Did you mean '{QUESTION}'" in done.faults[0]


def test_check_looks_at_the_records_and_shows_codes_and_counts_alone(command, landed) -> None:
    done = command("codes", "check", QUESTION, "--json", home=landed.home)
    report = json.loads(done.out)
    assert (done.code, report["no_records"]) == (0, None)
    seen = report["questions"][0]["seen"]
    assert seen
    results = [s for s in seen if s["part"] == "result"]
    assert all(s.keys() == {"part", "kind", "code", "title", "results", "cases"} for s in seen)
    assert all(s["results"] >= s["cases"] >= 1 for s in seen)
    assert not {s["code"] for s in results} & {"3307", "SPO", "G"}
    named = [s["cases"] for s in results]
    assert named == sorted(named, reverse=True)
    text = command("codes", "check", QUESTION, home=landed.home).out
    assert "Results on listed offences that no list names" in text
    assert "Statements that were replaced are left out" in text
    assert "Nothing has been landed" not in text


def test_refresh_tells_what_changes_and_writes_where_it_is_told(codes, package: Path, tmp_path: Path) -> None:
    shipped = {p.name: p.read_bytes() for p in (DEFINITIONS / "standing").iterdir()}
    dry = codes("refresh", package, "--to", tmp_path / "out", "--dry-run")
    assert dry.code == 0
    assert "Dry run: nothing was written." in dry.out
    assert not (tmp_path / "out").exists()
    done = codes("refresh", package, "--to", tmp_path / "out", "--json")
    said = json.loads(done.out)
    assert (said["schema"], said["version_before"], said["version_after"]) == (
        "courtstats/codes-refresh@1",
        None,
        "9.9.9",
    )
    tables = {t["table"]: t for t in said["tables"]}
    assert (tables["offences"]["before"], tables["offences"]["after"]) == (0, 2)
    assert (tmp_path / "out" / "sources.json").exists()
    again = codes("refresh", package, "--to", tmp_path / "out")
    assert "9.9.9 -> 9.9.9" in again.out
    assert {p.name: p.read_bytes() for p in (DEFINITIONS / "standing").iterdir()} == shipped


def test_refresh_against_what_is_shipped_names_added_removed_and_retitled(codes, package: Path) -> None:
    said = codes("refresh", package, "--dry-run").out
    assert "offences, added: XX00001" in said
    assert "offences, retitled: PH97007" in said
    assert "offences, removed: " in said
    assert "30,355" in said


def test_refresh_of_what_is_no_package_is_one_line_a_fault(codes, package: Path, tmp_path: Path) -> None:
    for name in ("forces", "result-code"):
        (package / DATA / f"{name}.json").write_text("[]")
    done = codes("refresh", package, "--to", tmp_path / "out")
    assert (done.code, done.out) == (3, "")
    faults = [line for line in done.err.splitlines() if line.startswith("courtstats: ")]
    assert len(faults) == 2
    assert not (tmp_path / "out").exists()
