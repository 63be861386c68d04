"""Series, units and published tables on the command line."""

import csv
import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("commands")
QUESTION = "stalking-protection-orders"
BREACH = "breach-of-restraining-order-convictions"


def test_each_period_of_a_series_is_answered_as_if_it_were_asked_alone(command, landed) -> None:
    done = command("count", QUESTION, "--every", "month", "--period", "2020Q1", "--json", home=landed.home)
    said = json.loads(done.out)
    assert said["schema"] == "courtstats/answers@1"
    for answer in said["answers"]:
        alone = command("count", QUESTION, "--period", answer["period"], "--json", home=landed.home)
        assert json.loads(alone.out) == answer
    assert [(a["period"], a["value"]) for a in said["answers"]] == [("2020-01", 5), ("2020-02", 8), ("2020-03", 15)]


def test_a_series_on_the_terminal_is_a_table_of_periods_and_says_each_note_once(command, landed) -> None:
    done = command(
        "count", QUESTION, "--every", "quarter", "--from", "2020-01-01", "--to", "2020-12-31", "--by", "police_force",
        home=landed.home,
    )  # fmt: skip
    flat = " ".join(done.out.split())
    assert "2020Q1 27 2020Q2" in flat
    assert done.out.count("live management information system") == 1
    assert "cells are zero and left out here" in flat
    assert "Metropolitan Police" in flat, "forces are shown with their names"


def test_a_series_as_csv_has_every_figure_with_its_period(command, landed, tmp_path: Path) -> None:
    target = tmp_path / "series.csv"
    done = command(
        "count", QUESTION, "--every", "month", "--period", "2020Q1", "--by", "police_force", "--csv", target,
        home=landed.home,
    )  # fmt: skip
    assert (done.code, done.out) == (0, "")
    with target.open(encoding="utf-8", newline="") as lines:
        figures = [row for row in csv.DictReader(lines) if row["record"] == "figure"]
    totals = {row["period"]: int(row["value"]) for row in figures if row["cell"] == "{}"}
    for period, total in totals.items():
        cells = [int(row["value"]) for row in figures if row["period"] == period and row["cell"] != "{}"]
        assert sum(cells) == total
        assert len(cells) == 48, "every force of the grid has a cell, zeros too"
    assert any(row["label"].endswith("Metropolitan Police") for row in figures)


def test_days_that_clip_a_period_are_refused_with_the_nearest_whole_ones(command, landed) -> None:
    done = command(
        "count", QUESTION, "--every", "quarter", "--from", "2020-02-01", "--to", "2020-12-31", home=landed.home
    )
    assert done.code == 4
    what, remedy = "2020-02-01 to 2020-12-31 is not made of whole quarters", "--from 2020-01-01 --to 2020-12-31"
    assert done.faults == [f"{what}. The nearest days are {remedy}."]


def test_a_part_that_no_series_has_and_a_unit_that_the_question_has_not_are_refused(command, landed) -> None:
    week = command("count", QUESTION, "--every", "week", "--period", "2020", home=landed.home)
    assert week.faults == [
        "'week' is no part of a series. Use one of: month, quarter, half-year, year, financial-year."
    ]
    unit = command("count", QUESTION, "--period", "2020Q1", "--unit", "order", home=landed.home)
    assert unit.faults == ["stalking-protection-orders has no unit 'order'. Its units are: case."]
    assert (week.code, unit.code) == (4, 4)


TABLE = """SYNTHETIC table in the shape of the published one,,,,
Year,Sex,Offence,Outcome,Count
2018,Male,008/31 Breach of a restraining order,Convicted,"1,000"
2020,Male,008/31 Breach of a restraining order,Convicted,100
2020,Female,008/31 Breach of a restraining order,Convicted,20
2020,Male,008/39 Breach of a restraining order (Sex Offenders Act 1997),Convicted,3
2020,Male,066/38 Breach of a restraining order issued on acquittal,Convicted,4
2020,Male,066/38 Breach of a restraining order issued on acquittal,Sentenced,4
2020,Male,066/08 Another breach,Convicted,5000
"""


def test_a_published_table_answers_by_year_and_the_records_stand_beside_it(command, landed, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(TABLE, encoding="utf-8")
    asked = ("count", BREACH, "--table", table, "--every", "year", "--from", "2018-01-01", "--to", "2020-12-31")
    said = json.loads(command(*asked, "--json", home=landed.home).out)
    assert [(y["year"], y["published"]["value"], y["records"]["status"]) for y in said["years"]] == [
        (2018, 1000, "no data"),
        (2019, None, "counted"),
        (2020, 127, "counted"),
    ]
    counted = json.loads(command("count", BREACH, "--table", table, "--period", "2020", "--json", home=landed.home).out)
    (year,) = counted["years"]
    assert year["gap"] == year["records"]["value"] - 127
    assert "table.csv" in said["source"]
    assert "gov.uk/government/statistics" in said["source"], "the source is always named"
    text = " ".join(command(*asked, home=landed.home).out.split())
    assert "2018 1,000 [no data]" in text
    assert "2019 [not in the table]" in text
    assert "Why the two differ" in text
    assert "principal offence" in text


def test_a_published_question_asks_for_its_table_and_others_refuse_one(command, landed, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(TABLE, encoding="utf-8")
    without = command("count", BREACH, "--period", "2020", home=landed.home)
    quarter = command("count", BREACH, "--period", "2020Q1", "--table", table, home=landed.home)
    other = command("count", QUESTION, "--period", "2020", "--table", table, home=landed.home)
    missing = command("count", BREACH, "--period", "2020", "--table", tmp_path / "none.csv", home=landed.home)
    assert "give its file: --table FILE" in without.faults[0]
    assert "the published table counts calendar years" in quarter.faults[0]
    assert "is counted from hearing records" in other.faults[0]
    assert "none.csv" in missing.faults[0]
    assert {without.code, quarter.code, other.code, missing.code} == {4}


def test_a_published_table_is_shown_before_anything_was_landed(command, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(TABLE, encoding="utf-8")
    done = command("count", BREACH, "--table", table, "--period", "2020", home=tmp_path / "home")
    assert done.code == 0
    assert "2020 127 [no data]" in " ".join(done.out.split())
    assert not (tmp_path / "home").exists(), "looking makes nothing"
