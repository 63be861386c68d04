"""The counting rules, one test each, over small tables of hearing results.

A row is: case, day of hearing, offence code, result. A result of four digits is a CJS code, of capital
letters a short code, anything else a text. Unless a test says otherwise the question is the one of the
Stalking Protection Orders, asked for the first quarter of 2020.
"""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from extract.contract import RECORDS
from transform.contract import Answer, TransformError, answer_json
from transform.definition import Example, Given, Hold, Note, Provisional, SeriesBreak, Step
from transform.engines.duckdb import Records, count, units
from transform.examples import example_records
from transform.periods import parse_period
from transform.questions import load_definitions

ROOT = Path(__file__).resolve().parents[2]
SPO = load_definitions(ROOT / "sql").question("stalking-protection-orders")
KEY = b"a key for tests"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BOTH = [["month"], ["application_type"], ["month", "application_type"]]
NEW, VARY = "ST19501", "ST19502"


def table(*rows: tuple[Any, ...], **columns: Any) -> pa.Table:
    """Records of rows (case, day, offence, result[, statement number]); `columns` replace columns in all of them."""
    given = [Given(r[0], date.fromisoformat(r[1]), r[2], r[3], None, "1", r[4] if len(r) > 4 else 1) for r in rows]
    records = example_records(Example("", tuple(given), {}), KEY)
    return pa.Table.from_pylist([row | columns for row in records.to_pylist()], schema=RECORDS)


def answer(records: pa.Table, period: str = "2020Q1", known_at: datetime = NOW, newest: int = 9, **how: Any) -> Answer:
    question = how.pop("question", SPO)
    by = how.pop("by", None)
    now = how.pop("now", NOW)
    return count(question, Records(records, newest, known_at), parse_period(period), by, key=KEY, now=now)


def cells(given: Answer) -> dict[str, int | str]:
    return {
        ",".join(value for _, value in f.cell) or "all": f.status if f.value is None else f.value for f in given.figures
    }


def test_a_case_counts_once_however_many_of_its_results_qualify() -> None:
    rows = table(("A", "2020-02-03", NEW, "SPO"), ("A", "2020-02-03", NEW, "Granted"), ("A", "2020-03-03", NEW, "G"))
    assert answer(rows).value == 1


def test_the_first_qualifying_hearing_gives_the_month_and_the_type() -> None:
    rows = table(("A", "2020-01-05", NEW, "4506"), ("A", "2020-02-03", VARY, "Granted"), ("A", "2020-03-03", NEW, "G"))
    assert cells(answer(rows, by=BOTH)) == {
        "all": 1,
        "2020-01": 0, "2020-02": 1, "2020-03": 0,
        "new": 0, "vary": 1,
        "2020-01,new": 0, "2020-01,vary": 0,
        "2020-02,new": 0, "2020-02,vary": 1,
        "2020-03,new": 0, "2020-03,vary": 0,
    }  # fmt: skip


def test_each_period_is_answered_on_its_own() -> None:
    """Granted in February and varied in June: one case in each of the two quarters and one in the year."""
    rows = table(("A", "2020-02-03", NEW, "3307"), ("A", "2020-06-03", VARY, "Granted"))
    assert [answer(rows, period).value for period in ("2020Q1", "2020Q2", "2020")] == [1, 1, 1]


def test_both_ends_of_a_period_are_inside() -> None:
    rows = table(*((day, day, NEW, "3307") for day in ("2020-01-31", "2020-02-01", "2020-02-29", "2020-03-01")))
    assert answer(rows, "2020-02").value == 2


def test_the_later_statement_of_a_key_counts_whatever_order_it_arrived_in() -> None:
    rows = table(("A", "2020-02-03", NEW, "RFSD", 2), ("A", "2020-02-03", NEW, "3307", 1))
    assert answer(rows).value == 0


def test_a_withdrawn_order_is_a_true_zero() -> None:
    rows = table(("A", "2020-02-03", NEW, "3307", 1), ("A", "2020-02-03", None, None, 2))
    given = answer(rows)
    assert (given.value, given.status) == (0, "counted")


def test_a_figure_can_be_counted_as_known_on_any_day() -> None:
    """The first statement reaches us a day after the hearing at 18:00, the second a day later."""
    rows = table(("A", "2020-02-03", NEW, "3307", 1), ("A", "2020-02-03", None, None, 2))
    moments = [datetime(2020, 2, day, 18, tzinfo=UTC) for day in (4, 5)]
    just_before = [answer(rows, known_at=moment - timedelta(microseconds=1)) for moment in moments]
    at = [answer(rows, known_at=moment) for moment in moments]
    assert [(a.value, a.status) for a in just_before] == [(None, "no data"), (1, "counted")]
    assert [a.value for a in at] == [1, 0]


def test_a_batch_landed_later_is_not_seen() -> None:
    rows = table(("A", "2020-02-03", NEW, "3307", 1), ("A", "2020-02-03", None, None, 2))
    assert answer(rows, newest=1).value == 1


@pytest.mark.parametrize("column", ["stated_at", "received_at", "landed_batch", "payload_hash", "case_index"])
def test_ties_between_statements_are_settled_in_a_written_order(column: str) -> None:
    """The greatest by time stated, then received, then batch, then content, then position in the payload."""
    order = ("stated_at", "received_at", "landed_batch", "payload_hash", "case_index")
    low = table(("A", "2020-02-03", NEW, "3307")).to_pylist()[0]
    raised = {
        "stated_at": low["stated_at"] + timedelta(1),
        "received_at": low["received_at"] + timedelta(1),
        "landed_batch": 2,
        "payload_hash": "f" * 64,
        "case_index": 2,
    }
    later = {name: raised[name] for name in order[order.index(column) + 1 :]}
    refused = low | {"result_code": "2006", column: raised[column]}
    assert answer(pa.Table.from_pylist([low | later, refused], schema=RECORDS)).value == 0


def test_no_figure_where_nothing_was_landed() -> None:
    given = answer(RECORDS.empty_table())
    assert (given.value, given.status, given.attrition, given.evidence) == (None, "no data", (), ())
    assert given.weak_units is None
    assert set(cells(given).values()) == {"no data"}
    assert given.notes[-1] == "No hearing records were known for this period by then, so there is no figure."


def test_a_month_without_records_has_no_figure_and_the_total_says_so() -> None:
    rows = table(("A", "2020-01-03", NEW, "3307"), ("B", "2020-03-03", NEW, "RFSD"))
    given = answer(rows)
    assert cells(given) == {"all": 1, "2020-01": 1, "2020-02": "no data", "2020-03": 0, "new": 1, "vary": 0}
    assert given.notes[-1] == "No hearing records were landed for 2020-02: the figure covers the other months."
    assert (given.data_from, given.data_to) == (date(2020, 1, 3), date(2020, 3, 3))


HELD = replace(SPO, holds=(Hold(parse_period("2020-02"), datetime(2020, 5, 21, 8, 30, tzinfo=UTC), "FOIA s.22"),))
BEFORE = datetime(2020, 5, 21, 8, 29, tzinfo=UTC)


def test_a_held_period_has_no_figure_and_says_until_when_and_why() -> None:
    rows = table(("A", "2020-02-03", NEW, "3307"))
    given = answer(rows, "2020-02", question=HELD, now=BEFORE)
    assert (given.value, given.status, given.attrition, given.evidence) == (None, "held", (), ())
    assert (given.weak_units, given.incomplete_statements, given.data_from) == (None, None, None)
    assert set(cells(given).values()) == {"held"}
    assert given.notes[-1] == "Figures that touch 2020-02 are held until 2020-05-21T08:30:00+00:00: FOIA s.22."


def test_months_outside_a_hold_go_out_and_do_not_depend_on_what_is_held() -> None:
    open_rows = [("A", "2020-03-03", NEW, "3307"), ("B", "2020-01-03", NEW, "3307")]
    found = [
        cells(answer(table(*rows), question=HELD, now=BEFORE, by=BOTH))
        for rows in (open_rows, [*open_rows, ("A", "2020-02-03", NEW, "3307")])
    ]
    assert found[0] == found[1]
    assert {k: v for k, v in found[0].items() if len(k) <= 7} == {
        "all": "held", "2020-01": 1, "2020-02": "held", "2020-03": 1, "new": "held", "vary": "held",
    }  # fmt: skip
    assert found[0]["2020-03,new"] == 1
    assert found[0]["2020-02,new"] == "held"


def test_a_hold_ends_at_its_minute() -> None:
    rows = table(("A", "2020-02-03", NEW, "3307"))
    assert answer(rows, "2020-02", question=HELD, now=HELD.holds[0].until).value == 1


def test_the_units_of_a_held_period_are_refused() -> None:
    rows = Records(table(("A", "2020-02-03", NEW, "3307")), 9, NOW)
    with pytest.raises(TransformError, match="held until"):
        units(HELD, rows, parse_period("2020Q1"), key=KEY)
    assert len(units(HELD, rows, parse_period("2020Q1"), key=KEY, now=NOW)) == 1


def test_attrition_tells_what_was_left_after_each_step() -> None:
    rows = table(
        ("A", "2020-02-03", NEW, "3307", 1),
        ("A", "2020-02-03", NEW, "3307", 2),
        ("A", "2020-02-03", NEW, "Granted", 2),
        ("B", "2020-02-03", NEW, "RFSD"),
        ("C", "2020-02-03", "PH97010", "3307"),
        ("D", "2020-02-03", NEW, "3307", 1),
        ("D", "2020-02-03", None, None, 2),
    )
    assert [(s.step, s.rows, s.units) for s in answer(rows).attrition] == [
        ("Results known for the period", 6, 4),
        ("Results of the statements that count", 4, 3),
        ("Application for a Stalking Protection Order, or to vary one", 3, 2),
        ("Result is SPO or Granted", 2, 1),
        ("One per case in the period", 1, 1),
    ]


def test_each_case_rests_on_the_strongest_kind_of_evidence_it_has() -> None:
    rows = table(
        ("A", "2020-02-03", NEW, "Granted"), ("A", "2020-02-03", NEW, "SPO"),
        ("B", "2020-02-03", NEW, "Granted"),
        ("C", "2020-02-03", NEW, "Granted"), ("C", "2020-02-03", NEW, "3306"),
        ("D", "2020-02-03", NEW, "Granted"), ("D", "2020-02-03", NEW, "3306"), ("D", "2020-02-04", NEW, "G"),
        ("E", "2020-02-03", NEW, "Granted"), ("E", "2020-02-03", VARY, "3306"),
    )  # fmt: skip
    given = answer(rows)
    assert {e.name: e.units for e in given.evidence} == {"order": 1, "granted-alone": 3, "granted-beside-interim": 1}
    kinds = {u.case_key: u.evidence for u in units(SPO, Records(rows, 9, NOW), parse_period("2020Q1"), key=KEY)}
    assert kinds == {
        "case:A": "order", "case:B": "granted-alone", "case:C": "granted-beside-interim",
        "case:D": "granted-alone", "case:E": "granted-alone",
    }  # fmt: skip


def test_in_a_table_extract_results_beside_each_other_are_rows_of_one_case_and_code() -> None:
    """Its rows have no offence that holds several results: each row is an offence of its own."""
    rows = table(("A", "2020-02-03", NEW, "Granted"), ("A", "2020-02-03", NEW, "3306"), source_format="table")
    numbered = [row | {"offence_index": n, "result_index": 1} for n, row in enumerate(rows.to_pylist(), 1)]
    given = answer(pa.Table.from_pylist(numbered, schema=RECORDS))
    assert [e.units for e in given.evidence] == [0, 0, 1]


def test_what_no_kind_of_evidence_covers_is_shown_as_other() -> None:
    rows = table(("A", "2020-02-03", NEW, "Granted"))
    given = answer(rows, question=replace(SPO, evidence=SPO.evidence[:1]))
    assert [(e.name, e.units) for e in given.evidence] == [("order", 0), ("other", 1)]


def test_cases_that_rest_on_a_weak_key_are_told() -> None:
    strong = table(("A", "2020-02-03", NEW, "3307"))
    weak = table(("B", "2020-02-03", NEW, "3307"), case_key_strength="weak")
    assert answer(pa.concat_tables([strong, weak])).weak_units == 1


def test_incomplete_statements_are_counted_and_noted_where_they_count() -> None:
    whole = table(("A", "2020-02-03", NEW, "3307", 1), ("B", "2020-02-03", NEW, "3307", 2))
    parts = table(("A", "2020-02-03", NEW, "3307", 2), ("B", "2020-02-03", NEW, "3307", 1), statement_complete=False)
    given = answer(pa.concat_tables([whole, parts]))
    assert given.incomplete_statements == 1
    assert given.notes[-1].startswith("1 statement is incomplete: a part was set aside")


def test_two_defendants_of_one_case_are_two_units_where_defendants_are_asked_for() -> None:
    rows = pa.concat_tables([table(("A", "2020-02-03", NEW, "3307"), defendant_key=d) for d in ("asn:1", "asn:2")])
    assert answer(rows).value == 1
    assert answer(rows, question=replace(SPO, unit="defendant")).value == 2


def test_a_breakdown_that_is_not_declared_is_refused() -> None:
    with pytest.raises(TransformError, match=r"is not broken down by year\. The breakdowns are: month;"):
        answer(table(), by=[["year"]])


def test_no_breakdown_is_shown_where_none_is_asked_for() -> None:
    assert cells(answer(table(("A", "2020-02-03", NEW, "3307")), by=[])) == {"all": 1}


def test_the_order_of_the_names_of_a_breakdown_does_not_matter() -> None:
    assert answer(table(), by=[["application_type", "month"]]).by == (("month", "application_type"),)


def test_quarters_and_years_break_down_too() -> None:
    combinations = (("quarter",), ("year", "application_type"))
    question = replace(SPO, breakdowns=replace(SPO.breakdowns, default=combinations, allowed=combinations))
    rows = table(("A", "2019-12-03", NEW, "3307"), ("B", "2020-02-03", VARY, "Granted"))
    assert cells(answer(rows, "2019-11-01..2020-04-30", question=question)) == {
        "all": 2, "2019Q4": 1, "2020Q1": 1, "2020Q2": "no data",
        "2019,new": 1, "2019,vary": 0, "2020,new": 0, "2020,vary": 1,
    }  # fmt: skip


@pytest.mark.parametrize("period", ["2019Q4", "2020-01-15..2020-06-02"])
def test_a_held_period_shows_the_same_cells_as_an_open_one(period: str) -> None:
    allowed = (("month",), ("quarter", "application_type"), ("year",))
    question = replace(SPO, breakdowns=replace(SPO.breakdowns, default=allowed, allowed=allowed))
    held = replace(question, holds=(Hold(parse_period("2019-01-01..2021-12-31"), NOW + timedelta(1), "a test"),))
    rows = table(("A", "2019-12-03", NEW, "3307"), ("B", "2020-02-03", NEW, "3307"))
    assert list(cells(answer(rows, period, question=held))) == list(cells(answer(rows, period, question=question)))


def test_the_same_rows_in_parquet_files_give_the_same_answer(tmp_path: Path) -> None:
    rows = table(("A", "2020-01-03", NEW, "3307"), ("B", "2020-02-03", NEW, "Granted"))
    files = []
    for n in range(2):
        files.append(str(tmp_path / f"{n}.parquet"))
        pq.write_table(rows.slice(n, 1).drop_columns(["hearing_month"]), files[-1])
    given = count(SPO, Records(tuple(files), 9, NOW), parse_period("2020Q1"), key=KEY, now=NOW)
    assert given == answer(rows)
    assert given.value == 2


def test_the_answer_as_json_names_what_it_holds() -> None:
    said = answer_json(answer(table(("A", "2020-02-03", NEW, "3307"))))
    assert {k: said[k] for k in ("schema", "question", "unit", "from", "to", "period", "value", "status")} == {
        "schema": "courtstats/answer@1",
        "question": "stalking-protection-orders",
        "unit": "case",
        "from": "2020-01-01",
        "to": "2020-03-31",
        "period": "2020Q1",
        "value": 1,
        "status": "counted",
    }
    assert said["figures"][2] == {
        "period": "2020Q1", "cell": {"month": "2020-02"}, "value": 1, "status": "counted", "marks": "", "notes": [],
    }  # fmt: skip
    assert said["evidence"]["by"][0]["units"] == 1
    assert said["evidence"]["weak_keys"] == 0
    assert said["attrition"][-1] == {"step": "One per case in the period", "rows": 1, "units": 1}


def test_counting_does_not_import_pandas(tmp_path: Path) -> None:
    """Importing it takes seconds; the preview answers in three."""
    pq.write_table(table(("A", "2020-02-03", NEW, "3307")), tmp_path / "a.parquet")
    code = f"""
import sys
from datetime import UTC, datetime
from pathlib import Path
from transform.engines.duckdb import Records, count
from transform.periods import parse_period
from transform.questions import load_definitions
now = datetime(2026, 1, 1, tzinfo=UTC)
question = load_definitions(Path("sql")).question("stalking-protection-orders")
for files in ((), ({str(tmp_path / "a.parquet")!r},)):
    print(count(question, Records(files, 9, now), parse_period("2020Q1"), key=b"k", now=now).value)
assert not {{"pandas", "prefect", "great_expectations", "sqlalchemy"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == (["None", "1"], "")


def test_a_police_force_is_meant_with_all_its_codes() -> None:
    """01 and 02 are the Metropolitan Police; a code of no such force stands for itself."""
    rows = [("A", "01"), ("B", "02"), ("C", "10"), ("D", "XX")]
    records = pa.concat_tables([table((case, "2020-02-03", NEW, "3307"), police_force=force) for case, force in rows])
    for asked, cases in (("01", 2), ("02", 2), ("10", 1), ("XX", 1), ("08", 0)):
        steps = (*SPO.steps, Step("force", force=(asked,)))
        assert answer(records, question=replace(SPO, steps=steps)).value == cases, asked


def test_a_court_that_only_a_replaced_statement_named_has_no_cell() -> None:
    wrong = table(("A", "2020-02-03", NEW, "3307", 1), court_ou_code="B03CC")
    right = table(("A", "2020-02-03", NEW, "3307", 2), court_ou_code="B04DD")
    given = answer(pa.concat_tables([wrong, right]), by=[["court"]])
    assert cells(given) == {"all": 1, "B04DD": 1}


@pytest.mark.parametrize(("known", "mark"), [((2020, 4, 30, 22), "p"), ((2020, 4, 30, 23), ""), ((2020, 5, 1, 0), "")])
def test_a_period_is_provisional_for_so_many_days_after_its_last_by_the_day_in_london(
    known: tuple[int, ...], mark: str
) -> None:
    question = replace(SPO, provisional=Provisional(30, "It can change."))
    rows = table(("A", "2020-02-03", NEW, "3307"))
    given = answer(rows, known_at=datetime(*known, tzinfo=UTC), question=question)
    assert given.figures[0].marks == mark
    assert ("It can change." in given.notes) == (mark == "p")


def test_a_break_in_the_series_marks_the_figures_that_hold_its_day() -> None:
    question = replace(SPO, breaks=(SeriesBreak(date(2020, 2, 10), "Codes changed."),))
    rows = table(("A", "2020-02-03", NEW, "3307"))
    marks = {",".join(v for _, v in f.cell): f.marks for f in answer(rows, question=question).figures}
    assert marks == {"": "b", "2020-01": "", "2020-02": "b", "2020-03": "", "new": "b", "vary": "b"}


def test_a_note_of_one_category_goes_with_its_figures_only() -> None:
    notes = (*SPO.notes, Note("Only variations.", cell=(("application_type", "vary"),)))
    given = answer(table(("A", "2020-02-03", NEW, "3307")), question=replace(SPO, notes=notes, in_force=None))
    place = given.notes.index("Only variations.") + 1
    assert [dict(f.cell) for f in given.figures if place in f.notes] == [{"application_type": "vary"}]
