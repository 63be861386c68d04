"""Answers as people and machines get them."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from pipelines.settings import DEFINITIONS
from pipelines.show import answer_text, days, number
from pipelines.show_series import answers_csv, answers_json, answers_text
from transform.contract import Answer, AttritionStep, Evidence, Figure, answer_json
from transform.questions import load_question

QUESTION = load_question(DEFINITIONS, "stalking-protection-orders")

ANSWER = Answer(
    question="made", title="Made for a test", unit="case", first=date(2020, 1, 1), last=date(2020, 3, 31),
    period="2020Q1", by=(("month",),), as_known_at=datetime(2020, 5, 1, tzinfo=UTC), newest_batch=1,
    data_from=date(2020, 1, 2), data_to=date(2020, 3, 30), value=1234, status="counted",
    figures=(Figure("2020Q1", (), 1234, "counted"), Figure("2020Q1", (("month", "2020-01"),), None, "no data")),
    attrition=(AttritionStep("First step", 9000, 4000),), evidence=(Evidence("order", "An order", 1234),),
    weak_units=3, incomplete_statements=0, notes=("A note, with a comma", 'And one with "quotes" [and brackets]'),
)  # fmt: skip


def test_csv_carries_the_figures_the_attrition_the_evidence_and_the_notes() -> None:
    lines = list(csv.DictReader(io.StringIO(answers_csv([ANSWER]))))
    kinds = {kind: [line for line in lines if line["record"] == kind] for kind in {line["record"] for line in lines}}
    assert [(json.loads(f["cell"]), f["value"], f["status"]) for f in kinds["figure"]] == [
        ({}, "1234", "counted"),
        ({"month": "2020-01"}, "", "no data"),  # a missing value is empty, never 0
    ]
    assert [n["text"] for n in kinds["note"]] == list(ANSWER.notes)
    assert kinds["attrition"][0]["rows"] == "9000"


def test_text_shows_why_a_value_is_missing_and_every_note(capsys: pytest.CaptureFixture[str]) -> None:
    answer_text(ANSWER, QUESTION)
    said = capsys.readouterr().out
    assert "1,234 cases" in said
    assert "[no data]" in said
    assert 'And one with "quotes" [and brackets]' in said
    total = Figure("2020Q1", (), None, "held")
    held = replace(ANSWER, value=None, status="held", attrition=(), evidence=(), weak_units=None)
    answer_text(replace(held, figures=(total, *ANSWER.figures[1:])), QUESTION)
    said = capsys.readouterr().out
    assert "[held] cases" in said
    assert "How it was reached" not in said


LATER = replace(
    ANSWER, period="2020Q2", value=7, notes=("A note, with a comma", "Only then"), by=(("police_force",),),
    figures=(Figure("2020Q2", (), 7, "counted", "p", (2,)),),
)  # fmt: skip


def test_a_series_is_a_table_of_periods_with_marks_and_says_which_note_is_whose(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers_text(QUESTION, [replace(ANSWER, by=(("police_force",),)), LATER])
    said = " ".join(capsys.readouterr().out.split())
    assert "2020Q1 1,234 2020Q2 7 [p]" in said
    assert "2020Q2: Only then" in said
    assert "1. A note, with a comma" in said
    assert "[p] provisional" in said


def test_two_units_of_one_period_stand_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    answers_text(QUESTION, [ANSWER, replace(ANSWER, unit="defendant", value=1300, figures=(
        Figure("2020Q1", (), 1300, "counted"), Figure("2020Q1", (("month", "2020-01"),), 5, "counted"),
    ))])  # fmt: skip
    said = " ".join(capsys.readouterr().out.split())
    assert "1,234 cases 1,300 defendants" in said
    assert "2020-01 [no data] 5" in said
    assert "counted in cases and in defendants" in said


def test_several_answers_as_json_hold_each_answer_whole() -> None:
    said = answers_json(QUESTION, [ANSWER, LATER])
    assert said["answers"] == [answer_json(ANSWER), answer_json(LATER)]


def test_json_is_plain() -> None:
    assert json.loads(json.dumps(answer_json(ANSWER)))["to"] == "2020-03-31"


def test_days_and_numbers_in_words() -> None:
    assert days(date(2020, 1, 1), date(2020, 3, 31)) == "1 January to 31 March 2020"
    assert days(date(2019, 12, 1), date(2020, 1, 31)) == "1 December 2019 to 31 January 2020"
    assert number(None, "held") == "[held]"
