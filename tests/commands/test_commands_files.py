"""`courtstats read` and `courtstats land --dry-run`: what files say, and nothing is written anywhere."""

import json
from collections import Counter
from pathlib import Path

import pytest

from pipelines.synthetic import COVERED, MAPPING, SPI_FOLDERS, TABLE

pytestmark = pytest.mark.xdist_group("commands")
FIRST = SPI_FOLDERS[0]
TRUNCATED = "shapes/input-message-routedata-invalid-001.xml"
WITHOUT_A_CODE = "shapes/input-message-routedata-invalid-002.xml"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A user's folder with a place for temporary files, and nothing else."""
    (tmp_path / "tmp").mkdir()
    return tmp_path


@pytest.fixture(scope="module")
def said(command, real_messages: Path, tmp_path_factory: pytest.TempPathFactory):
    """`courtstats read` of every published message, by a user for whom nothing was ever kept."""
    user = tmp_path_factory.mktemp("user")
    (user / "tmp").mkdir()
    done = command("read", real_messages / "spi", home=user / "home", cwd=user, TMPDIR=str(user / "tmp"))
    return user, done


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_read_says_what_a_person_reads_in_the_published_messages(said, real_messages: Path) -> None:
    """Every result is there once and no other; an offence entered in error (4583) is none."""
    expected = [
        r
        for r in lines((real_messages / "expected_results.jsonl").read_text("utf-8"))
        if r["format"] == "spi" and r["offence_code_raw"] is not None and r["result_code"] != "4583"
    ]
    names = ("hearing_date", "offence_code_raw", "result_code")
    found = Counter((r["source_file"], *(r[n] for n in names)) for r in lines(said[1].out))
    assert found == Counter((r["file"].removeprefix("spi/"), *(r[n] for n in names)) for r in expected)
    assert found.total() == 77


def test_read_names_each_refusal_with_file_place_and_reason_and_ends_with_3(said) -> None:
    assert said[1].code == 3
    refused = dict(line.split(": ", 1) for line in said[1].err.splitlines())
    assert refused.keys() == {TRUNCATED, WITHOUT_A_CODE}
    assert refused[TRUNCATED].endswith("[malformed-xml]")
    assert refused[WITHOUT_A_CODE] == "Case 1/Offence 3/OffenceCode: An offence has no code [no-offence-code]"


def test_an_offence_without_a_code_is_set_aside_and_the_others_of_its_case_are_read(said) -> None:
    of_file = [r for r in lines(said[1].out) if r["source_file"] == WITHOUT_A_CODE]
    assert [r["offence_code"] for r in of_file] == ["SX03001A", "SX03001"]
    assert not any(r["statement_complete"] for r in of_file)
    assert not any(r["source_file"] == TRUNCATED for r in lines(said[1].out))


def test_read_keeps_nothing_not_even_a_home(said, contents) -> None:
    assert contents(said[0]) == {"tmp": "folder"}


def test_read_ends_with_0_where_nothing_is_refused(command, real_messages: Path, place: Path) -> None:
    done = command("read", real_messages / "spi" / "115-withdrawn-dismissed-offences", home=place / "home")
    assert (done.code, done.err) == (0, "")
    assert lines(done.out)


def test_read_of_a_table_shows_the_refused_row_by_its_number(command, landed, place: Path, contents) -> None:
    """The table of the demo has one row outside the days that it covers; no value of it is repeated."""
    done = command(
        "read", landed.deliveries / TABLE, "--mapping", landed.deliveries / MAPPING,
        "--covers", f"{COVERED[0]}..{COVERED[1]}", home=place / "home", TMPDIR=str(place / "tmp"),
    )  # fmt: skip
    assert done.code == 3
    (refused,) = done.err.splitlines()
    assert refused.startswith(f"{Path(TABLE).name}: row ")
    assert refused.endswith("[outside-covers]")
    rows_of_the_table = (landed.deliveries / TABLE).read_text("utf-8").splitlines()[1:]
    assert len(lines(done.out)) == len(rows_of_the_table) - 1
    assert "SYNTHETIC PERSON" not in done.out + done.err
    assert contents(place) == {"tmp": "folder"}


def test_a_dry_run_says_what_would_be_landed_and_writes_nothing_anywhere(command, landed, place: Path, contents):
    """No home, no key, no folder of Prefect's, nothing left among the temporary files."""
    done = command(
        "land", landed.deliveries / FIRST, "--dry-run", home=place / "home", cwd=place, TMPDIR=str(place / "tmp")
    )
    assert done.code == 0
    first = landed.landings[0]
    assert f"Would land {first.statements:,} statements, {first.rows:,} rows from {first.files:,} files" in done.out
    assert f"{sum(first.refused.values())} set aside" in done.out
    assert contents(place) == {"tmp": "folder"}


def test_a_dry_run_of_a_table_writes_nothing_anywhere(command, landed, place: Path, contents) -> None:
    done = command(
        "land", landed.deliveries / TABLE, "--mapping", landed.deliveries / MAPPING, "--dry-run", "--json",
        "--covers", f"{COVERED[0]}..{COVERED[1]}", home=place / "home", cwd=place, TMPDIR=str(place / "tmp"),
    )  # fmt: skip
    assert done.code == 0
    assert json.loads(done.out)["refused"] == {"outside-covers": 1}
    assert contents(place) == {"tmp": "folder"}


def test_a_dry_run_says_what_the_landing_then_does(command, landed, place: Path) -> None:
    done = command("land", landed.deliveries / FIRST, "--dry-run", "--json", home=place / "home")
    would, did = json.loads(done.out), landed.landings[0]
    assert would["schema"] == "courtstats/landing@1"
    assert would["dry_run"] is True
    assert would["batch"] is None
    assert {n: would[n] for n in ("files", "statements", "rows", "repeated", "refused")} == {
        "files": did.files, "statements": did.statements, "rows": did.rows, "repeated": did.repeated,
        "refused": did.refused,
    }  # fmt: skip


def test_a_dry_run_of_what_is_held_already_finds_nothing_new_and_leaves_the_store_as_it_is(
    command, landed, contents
) -> None:
    before = contents(landed.home)
    done = command("land", landed.deliveries / FIRST, "--dry-run", "--json", home=landed.home)
    would = json.loads(done.out)
    assert (would["statements"], would["rows"]) == (0, 0)
    assert would["repeated"] == landed.landings[0].statements + landed.landings[0].repeated
    assert would["refused_again"] == sum(landed.landings[0].refused.values())
    assert contents(landed.home) == before
