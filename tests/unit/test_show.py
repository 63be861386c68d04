"""Answers as people and machines get them."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from pipelines.show import answer_csv, answer_text, days, number
from transform.contract import Answer, AttritionStep, Evidence, Figure, answer_json

ANSWER = Answer(
    question="made", title="Made for a test", unit="case", first=date(2020, 1, 1), last=date(2020, 3, 31),
    period="2020Q1", by=(("month",),), as_known_at=datetime(2020, 5, 1, tzinfo=UTC), newest_batch=1,
    data_from=date(2020, 1, 2), data_to=date(2020, 3, 30), value=1234, status="counted",
    figures=(Figure("2020Q1", (), 1234, "counted"), Figure("2020Q1", (("month", "2020-01"),), None, "no data")),
    attrition=(AttritionStep("First step", 9000, 4000),), evidence=(Evidence("order", "An order", 1234),),
    weak_units=3, incomplete_statements=0, notes=("A note, with a comma", 'And one with "quotes" [and brackets]'),
)  # fmt: skip


def test_csv_carries_the_figures_the_attrition_the_evidence_and_the_notes() -> None:
    lines = list(csv.DictReader(io.StringIO(answer_csv(ANSWER))))
    kinds = {kind: [line for line in lines if line["record"] == kind] for kind in {line["record"] for line in lines}}
    assert [(json.loads(f["cell"]), f["value"], f["status"]) for f in kinds["figure"]] == [
        ({}, "1234", "counted"),
        ({"month": "2020-01"}, "", "no data"),  # a missing value is empty, never 0
    ]
    assert [n["text"] for n in kinds["note"]] == list(ANSWER.notes)
    assert kinds["attrition"][0]["rows"] == "9000"


def test_text_shows_why_a_value_is_missing_and_every_note(capsys: pytest.CaptureFixture[str]) -> None:
    answer_text(ANSWER)
    said = capsys.readouterr().out
    assert "1,234 cases" in said
    assert "[no data]" in said
    assert 'And one with "quotes" [and brackets]' in said
    answer_text(replace(ANSWER, value=None, status="held", attrition=(), evidence=(), weak_units=None))
    said = capsys.readouterr().out
    assert "[held] cases" in said
    assert "How it was reached" not in said


def test_json_is_plain() -> None:
    assert json.loads(json.dumps(answer_json(ANSWER)))["to"] == "2020-03-31"


def test_days_and_numbers_in_words() -> None:
    assert days(date(2020, 1, 1), date(2020, 3, 31)) == "1 January to 31 March 2020"
    assert days(date(2019, 12, 1), date(2020, 1, 31)) == "1 December 2019 to 31 January 2020"
    assert number(None, "held") == "[held]"
