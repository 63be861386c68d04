"""A mapping file says which column is which; every fault of it is told at once, with its line."""

from datetime import date
from pathlib import Path

import pytest

from extract import mapping as mapping_module
from extract.contract import ExtractError
from extract.mapping import load_mapping

GOOD = """\
schema = "courtstats/mapping@1"
source = "mis-extract"
system = "MIS"
date_format = "%d/%m/%Y"
delimiter = ";"

[columns]
case_number = "Case No"
hearing_date = "Hearing Date"
offence_code = "Offence"
result = "Result"

[constants]
court_ou_code = "B01LY"

[filter]
declared = "offence codes ST195xx only"
offence_code_prefix = ["ST195"]
"""


def faults(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ExceptionGroup) as caught:
        load_mapping(path)
    assert all(isinstance(fault, ExtractError) for fault in caught.value.exceptions)
    return [str(fault).replace(f"{path}:", "line ") for fault in caught.value.exceptions]


def test_a_good_mapping_is_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(GOOD, encoding="utf-8-sig")
    mapping = load_mapping(path)
    assert (mapping.source, mapping.system, mapping.date_format, mapping.delimiter) == (
        "mis-extract",
        "MIS",
        "%d/%m/%Y",
        ";",
    )
    assert mapping.columns["hearing_date"] == "Hearing Date"
    assert mapping.constants == {"court_ou_code": "B01LY"}
    assert mapping.offence_code_prefix == ("ST195",)


def test_the_example_in_the_documentation_is_a_good_mapping(tmp_path: Path) -> None:
    lines = (mapping_module.__doc__ or "").splitlines()
    path = tmp_path / "mapping.toml"
    path.write_text("\n".join(line[4:] for line in lines if line.startswith("    ")))
    mapping = load_mapping(path)
    assert mapping.columns["result"] == "Result"
    assert mapping.offence_code_prefix == ("ST195",)


def test_dates_are_iso_and_fields_part_at_commas_unless_said(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(GOOD.replace('date_format = "%d/%m/%Y"\n', "").replace('delimiter = ";"\n', ""))
    mapping = load_mapping(path)
    assert (mapping.date_format, mapping.delimiter) == ("%Y-%m-%d", ",")


def test_another_declared_filter_speaks_about_other_things(tmp_path: Path) -> None:
    """The declared filter is part of what a statement is about, so that a changed one replaces nothing."""
    keys = []
    for declared in ("offence codes ST195xx only", "all offences"):
        path = tmp_path / "mapping.toml"
        path.write_text(GOOD.replace("offence codes ST195xx only", declared))
        keys.append(load_mapping(path).statement_key(date(2020, 2, 3)))
    assert keys[0] != keys[1]
    assert all(key.startswith("table:mis-extract:") and key.endswith(":2020-02-03") for key in keys)


def test_every_fault_is_told_at_once_with_line_and_nearest_name(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        """\
schema = "courtstats/mapping@1"
sorce = "mis-extract"
date_format = "dd/mm/yyyy"
delimiter = "||"

[columns]
case_number = "Case No"
hearing_dat = "Hearing Date"
offence_code = 7
result = "Result"

[constants]
case_urn = "01AA0000120"
result = "SPO"

[filter]
declared = "ST195"
offence_code_prefix = "ST195"
offence_prefix = ["ST195"]
""",
    )
    told = "\n".join(found)
    assert "line 2: unknown key 'sorce'. Did you mean 'source'?" in told
    assert "`source` is missing" in told
    assert "line 3: the date format 'dd/mm/yyyy' does not read a whole date. Did you mean \"%d/%m/%Y\"?" in told
    assert "line 4: `delimiter` is not one ASCII character" in told
    assert "line 8: unknown column 'hearing_dat' in [columns]. Did you mean 'hearing_date'?" in told
    assert "line 9: `offence_code` in [columns] is not a text" in told
    assert "line 6: [columns] maps no `hearing_date`" in told
    assert "line 13: `case_urn` cannot be the same for every row" in told
    assert "line 14: `result` is both a column and a constant" in told
    assert "line 18: `offence_code_prefix` is not a list" in told
    assert "line 19: unknown key 'offence_prefix' in [filter]. Did you mean 'offence_code_prefix'?" in told


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("schema", "`schema` is missing"),
        ("hearing_date", "maps no `hearing_date`"),
        ("offence_code =", "maps no `offence_code`"),
        ("result", "maps no `result` or `result_code` or `result_short_code` or `result_text`"),
        ("case_number", "maps no `case_number` or `case_urn`"),
        ("declared", "`declared` is missing"),
    ],
)
def test_what_a_count_needs_must_be_there(tmp_path: Path, left_out: str, said: str) -> None:
    found = faults(tmp_path, "".join(x for x in GOOD.splitlines(keepends=True) if not x.startswith(left_out)))
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize("unknown", ["courtstats/mapping@2", "mapping"])
def test_another_schema_is_not_guessed_at(tmp_path: Path, unknown: str) -> None:
    assert "line 1: unknown schema" in faults(tmp_path, GOOD.replace("courtstats/mapping@1", unknown))[0]


@pytest.mark.parametrize("date_format", ["%d/%m", "%H:%M", "%d/%m/%Q", "31/12/2020"])
def test_a_format_must_read_a_whole_date(tmp_path: Path, date_format: str) -> None:
    found = faults(tmp_path, GOOD.replace("%d/%m/%Y", date_format))
    assert len(found) == 1
    assert "line 4: the date format" in found[0]


def test_broken_toml_is_told_with_its_line(tmp_path: Path) -> None:
    found = faults(tmp_path, GOOD.replace('"MIS"', '"MIS'))
    assert len(found) == 1
    assert found[0].startswith("line 3: this is not TOML")


def test_a_missing_file_is_a_fault_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        load_mapping(tmp_path / "none.toml")
    assert "cannot be read" in str(caught.value.exceptions[0])
