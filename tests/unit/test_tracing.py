"""What `courtstats test` tells about the rows of an example: always what the engine did with them."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from transform.codelists import CodeEntry, CodeList
from transform.contract import TransformError
from transform.counting import count_sql
from transform.definition import Example, Given, Outcome, Question, Step, Window
from transform.engines.duckdb import Records, count
from transform.examples import example_records
from transform.periods import parse_period
from transform.questions import load_question
from transform.tracing import BESIDE, COUNTED, DROPPED, EMPTY, OUTSIDE, REPLACED, RowTrace, Trace, trace, trace_json

KEY = b"a key for tests"
Q1 = parse_period("2020Q1")
SPO = load_question(Path(__file__).resolve().parents[2] / "sql", "stalking-protection-orders")
FAR = datetime(9000, 1, 1, tzinfo=UTC)


def row(result: str | None = "3307", *, case: str = "A", day: date = date(2020, 2, 3), **more: object) -> Given:
    offence = more.pop("offence", "ST19501" if result else None)
    known = {"defendant": "1", "stated": 1, "text": None} | more
    return Given(case=case, hearing=day, offence=offence, result=result, **known)  # type: ignore[arg-type]


def told(*rows: Given, question: Question = SPO, unit: str | None = None, period: str = "2020Q1") -> list[RowTrace]:
    return list(trace(question, Example("e", rows, {}), parse_period(period), unit, KEY).rows)


def listed(name: str, *entries: tuple[str, str, str]) -> CodeList:
    return CodeList(name, tuple(CodeEntry(c, m, c, category, None, None, "") for c, m, category in entries))


def stepped(*steps: Step, **more: object) -> Question:
    """The first question with other steps after its first."""
    return replace(SPO, steps=(SPO.steps[0], *steps), evidence=(), **more)


def test_a_result_that_is_on_no_list_is_dropped_at_its_step_which_says_so() -> None:
    (one,) = told(row("RFSD"))
    assert (one.fate, one.steps[-1].step, one.steps[-1].kept) == (DROPPED, 2, False)
    assert one.label == "case A: hearing 3 February 2020, ST19501, RFSD"
    assert one.said.startswith("dropped at step 2 'Result is SPO or Granted' (no entry of spo-granted matches RFSD")


def test_the_nearest_entry_is_named_where_there_is_one() -> None:
    (one,) = told(row(offence="ST195O1"))
    assert "no entry of spo-applications matches ST195O1; nearest: ST19501" in one.said


def test_a_form_of_a_code_that_is_matched_exactly_says_so() -> None:
    (one,) = told(row(offence="ST19501A"))
    assert 'ST19501 is matched exactly; match "base" would take its forms too' in one.said


def test_a_text_beside_a_code_of_its_own_says_why_it_is_not_known_by_its_text() -> None:
    (one,) = told(row("4506", text="Granted"))
    assert "a result with a code of its own is not known by its text" in one.said


def test_a_kept_row_says_by_which_entry_and_way_each_step_kept_it() -> None:
    (one,) = told(row("G - Granted."))
    assert one.fate == COUNTED
    assert [s.because for s in one.steps] == [
        "ST19501 on spo-applications matches by offence code",
        "g - granted. on spo-granted matches by whole result text",
    ]


def test_the_cell_is_told_that_the_unit_counts_in() -> None:
    (one,) = told(row(offence="ST19502", day=date(2020, 3, 31)))
    assert {("month", "2020-03"), ("application_type", "vary")} <= set(one.cell)
    assert "counted in 2020Q1 (month 2020-03" in one.said


def test_of_several_results_of_a_unit_the_others_name_the_row_that_counts() -> None:
    later, first = told(row(day=date(2020, 3, 1)), row(day=date(2020, 2, 1)))
    assert (later.fate, first.fate) == (BESIDE, COUNTED)
    assert "its case counts by row 2" in later.said


def test_a_replaced_row_names_the_statement_that_replaced_it() -> None:
    first, second, third = told(row(), row("RFSD", stated=2), row(None, stated=3))
    assert [r.fate for r in (first, second, third)] == [REPLACED, REPLACED, EMPTY]
    assert first.said == "replaced by statement 3"


def test_a_day_outside_the_period_is_outside() -> None:
    before, inside, after = told(row(day=date(2019, 12, 31)), row(day=date(2020, 1, 1)), row(day=date(2020, 4, 1)))
    assert [r.fate for r in (before, inside, after)] == [OUTSIDE, COUNTED, OUTSIDE]


def test_in_another_unit_two_defendants_are_two_counted_rows() -> None:
    rows = (row(), row(defendant="2"))
    assert [r.fate for r in told(*rows)] == [COUNTED, BESIDE]
    assert [r.fate for r in told(*rows, question=replace(SPO, also=("defendant",)), unit="defendant")] == [COUNTED] * 2


def test_a_unit_that_the_question_does_not_have_is_refused() -> None:
    with pytest.raises(TransformError, match=r"has no unit .order."):
        trace(replace(SPO, also=()), Example("e", (row(),), {}), Q1, "order", KEY)


def test_a_dropping_step_says_which_condition_took_the_row_out() -> None:
    question = stepped(Step("no test court", court=("B99ZZ",), drop=True))
    taken, kept = told(row(court="B99ZZ00"), row(case="B", court="B01DU"), question=question)
    assert taken.said == "dropped at step 2 'no test court' (court is B99ZZ, one of B99ZZ)"
    assert kept.steps[-1].because == "court is B01DU, none of B99ZZ"


@pytest.mark.parametrize(
    ("step", "given", "because"),
    [
        (Step("s", hearing=Window(date(2020, 2, 4), None)), row(), "the hearing on 3 February 2020 is not in the days"),
        (Step("s", conviction=Window(None, date(2020, 1, 1))), row(), "the conviction on no day is not in the days"),
        (Step("s", final_disposal=True), row(final_disposal=False), "there is no final disposal"),
        (Step("s", convicted=True), row(), "there is no conviction"),
        (Step("s", force=("01", "02")), row(), "force is not said, none of 01, 02"),
        (Step("s", rule="heard-on-a-weekday@1"), row(day=date(2020, 2, 1)), "heard-on-a-weekday@1 does not hold"),
        (Step("s", result="spo-granted", level=("APPLICATION",)), row(), "level is OFFENCE, none of APPLICATION"),
    ],
    ids=lambda value: str(value.__class__.__name__),
)
def test_of_several_conditions_only_those_that_failed_are_named(step: Step, given: Given, because: str) -> None:
    (one,) = told(given, question=stepped(step))
    assert one.fate == DROPPED
    assert because in one.said
    assert "spo-granted" not in one.said


def test_an_outcome_chosen_among_several_says_among_which() -> None:
    outcomes = listed("outcomes", ("3307", "cjs", "granted"), ("RFSD", "short", "refused"), ("3306", "cjs", "interim"))
    question = stepped(
        Step("outcome", result="outcomes"),
        outcome=Outcome("outcomes", "Outcome", ("granted", "refused", "interim"), True),
        lists={**SPO.lists, "outcomes": outcomes},
    )
    refused, granted = told(row("RFSD"), row("3307", day=date(2020, 3, 1)), question=question)
    assert (refused.fate, granted.fate) == (BESIDE, COUNTED)
    assert "its outcome is granted, preferred among granted, refused" in granted.said
    first, last = told(row("RFSD"), row("RFSD", day=date(2020, 3, 1)), question=question)
    assert (first.fate, last.fate) == (BESIDE, COUNTED)
    assert "the last hearing counts" in last.said


def test_every_row_of_the_questions_own_examples_has_a_fate_and_plain_json() -> None:
    for example in SPO.examples:
        traced = trace(SPO, example, Q1, None, KEY)
        assert [r.given for r in traced.rows] == list(example.given)
        assert [r["fate"] for r in trace_json(traced)["rows"]] == [r.fate for r in traced.rows]


def drawn(seed: int) -> Iterator[Given]:
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 9)):
        result = chance.choice(["3307", "SPO", "Granted", "RFSD", "3306", "Bail granted", None])
        yield row(
            result,
            case=chance.choice("AB"),
            day=chance.choice([date(2019, 12, 31), date(2020, 1, 1), date(2020, 2, 3), date(2020, 3, 31)]),
            defendant=chance.choice("12"),
            stated=chance.randint(1, 3),
            **({"offence": chance.choice(["ST19501", "ST19502", "ST19503", "ST19501A"])} if result else {}),
        )


@pytest.mark.parametrize("seed", range(12))
def test_for_any_rows_the_trace_counts_what_the_engine_counts(seed: int) -> None:
    """As many rows count as the figure says, in the same cells; and each step keeps as many rows as its attrition."""
    example = Example("drawn", tuple(drawn(seed)), {})
    question = replace(SPO, also=("defendant",))
    for unit in question.units:
        traced: Trace = trace(question, example, Q1, unit, KEY)
        records = Records(example_records(example, KEY), 9, FAR)
        answer = count(question, records, Q1, [["month"]], unit=unit, key=KEY, now=FAR)
        assert sum(r.fate == COUNTED for r in traced.rows) == (answer.value or 0)
        for figure in answer.figures[1:]:
            assert sum(figure.cell[0] in r.cell for r in traced.rows) == (figure.value or 0)
        steps = {s.step: s.rows for s in answer.attrition}
        for number, step in enumerate(question.steps, 1):
            kept = sum(len(r.steps) >= number and r.steps[number - 1].kept for r in traced.rows)
            assert kept == steps.get(step.name, 0)


def test_the_trace_is_made_from_the_counting_statement_itself() -> None:
    """Its named steps are those of the statement that counts: taken from there, not written twice."""
    from transform.tracing import _trace_sql

    shared = count_sql(SPO).partition("counted_unit as (")[0]
    assert _trace_sql(SPO, "case").startswith(shared)
