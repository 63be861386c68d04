"""Code lists are read as text, strictly, and every fault is told at once with its line."""

from datetime import date
from pathlib import Path

import pytest

from transform.codelists import HEADER, CodeEntry, CodeList, read_code_list, vocabulary
from transform.standing import result_labels

SQL = Path(__file__).resolve().parents[2] / "sql"
SHARED = Path(__file__).resolve().parents[2].parent / "shared"
TOP = ",".join(HEADER)


def faults_of(tmp_path: Path, content: str, name: str = "a-list.csv") -> list[str]:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return [str(fault) for fault in read_code_list(path, f"codelists/{name}")[1]]


def test_codes_stay_text_and_dates_become_dates(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text(f'{TOP}\n0401,cjs,"Fine, with costs",x,2020-01-20,2021-01-01,a source\n')
    entry = CodeEntry("0401", "cjs", "Fine, with costs", "x", date(2020, 1, 20), date(2021, 1, 1), "a source")
    assert read_code_list(path, "some.csv") == (CodeList("some", (entry,)), [])


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("code,match\n", "codelists/a-list.csv:1:1: the header is not the header of a code list. Write exactly: code,"),
        (f"{TOP}\n", "codelists/a-list.csv:1:1: the list is empty"),
        (f"{TOP}\nST1,offense,t,,,,\n", "a-list.csv:2:5: 'offense' is not a way to match. Did you mean 'offence'"),
        (f"{TOP}\n\nST1,nothing like,t,,,,\n", "a-list.csv:3:5: 'nothing like' is not a way to match. Use one of"),
        (f"{TOP}\n401,cjs,t,,,,\n", ":2:1: '401' is no CJS result code. Did you mean '0401'? A spreadsheet may"),
        (f"{TOP}\nST19501ABC,offence,t,,,,\n", ":2:1: 'ST19501ABC' is no offence code"),
        (f"{TOP}\nspo,short,t,,,,\n", ":2:1: 'spo' is no short code of a result. Did you mean 'SPO'?"),
        (f"{TOP}\nG,short,,,,,\n", ":2:9: the label is missing"),
        (f"{TOP}\nG,short,t,,2020-02-30,,\n", ":2:12: valid_from '2020-02-30' is not a date. Write it as 2020-01-20"),
        (f"{TOP}\nG,short,t,,2020-02-02,2020-02-01,\n", ":2:12: valid_from is later than valid_to"),
        (f"{TOP}\nG,short,t,,,\n", ":2:1: the line has 6 fields, not 7"),
        (f"{TOP}\nG,short,t ,,,,\n", ":2:9: the label starts or ends with a space"),
        (
            f"{TOP}\nGranted,text,t,,,,\nG,short,t,,,,\nGRANTED,text,t,,,,\n",
            ":4:1: 'GRANTED' is in the list already, on",
        ),
        (f"{TOP}\nG,short,t,,,,\nST1,offence,t,,,,\n", ":1:1: the list mixes offence codes and results"),
    ],
)
def test_a_fault_has_its_line_and_its_remedy(tmp_path: Path, content: str, fault: str) -> None:
    found = faults_of(tmp_path, content)
    assert len(found) == 1
    assert fault in found[0]


def test_every_fault_of_a_list_is_told_at_once(tmp_path: Path) -> None:
    found = faults_of(tmp_path, f"{TOP}\nx,offense,,,20,,\nG,short,t,,,,\n401,cjs,t,,,,\n")
    assert [fault.split(":")[1] for fault in found] == ["2", "2", "2", "4"]


def test_a_quoted_text_over_two_lines_keeps_the_line_numbers_true(tmp_path: Path) -> None:
    assert ":4:1: '1'" in faults_of(tmp_path, f'{TOP}\nG,short,"two\nlines",,,,\n1,cjs,t,,,,\n')[0]


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TOP.encode() + b"\nG,short,\xff,,,,\n")
    assert "not UTF-8" in str(read_code_list(path, "a.csv")[1][0])


def test_the_vocabulary_is_the_texts_and_titles_of_results() -> None:
    def entry(code: str, match: str, label: str) -> CodeEntry:
        return CodeEntry(code, match, label, "", None, None, "")

    lists = {
        "r": CodeList("r", (entry("G - Granted", "text", "Granted"), entry("3307", "cjs", "An Order"))),
        "o": CodeList("o", (entry("ST19501", "offence", "An application"),)),
    }
    assert vocabulary(lists, ["Legal  Aid\u00a0Granted"]) == {
        "g - granted",
        "granted",
        "an order",
        "legal aid granted",
    }


def test_the_standing_titles_are_those_of_the_public_list() -> None:
    labels = result_labels(SQL)
    assert len(labels) == 550
    assert "Granted" in labels
    source = SHARED / "standing-data" / "result-short-codes.csv"
    if not source.exists():
        pytest.skip("the public list of result definitions is not beside the project")
    import csv

    with source.open(encoding="utf-8", newline="") as lines:
        assert [row["label"] for row in csv.DictReader(lines)] == list(labels)
