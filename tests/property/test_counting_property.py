"""On random histories of statements the engine gives what a slow, plain reading of the rules gives.

The reference below is written from the rules, in plain Python, one after the other: which statement
counts, which results qualify, one per case, evidence, attrition, what was landed, what is held. It
shares nothing with the engine but the code lists and the way a text is digested.
"""

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.contract import RECORDS, text_digest
from transform.contract import Answer
from transform.engines.duckdb import Records, count, units
from transform.periods import Period, months
from transform.questions import Hold, Question, load_definitions

KEY = b"a key for tests"
SQL = Path(__file__).resolve().parents[2] / "sql"
QUESTION = load_definitions(SQL).question("stalking-protection-orders")
BY = [["month"], ["application_type"], ["month", "application_type"]]
NOW = datetime(2020, 5, 1, tzinfo=UTC)
DAY_0 = datetime(2020, 1, 1, tzinfo=UTC)
LONG = os.environ.get("LONG_TESTS") == "1"

DAYS = [date(2019, 12, 31), *(date(2020, m, d) for m in (1, 2, 3) for d in (1, 15, 28)), date(2020, 3, 31)]
OFFENCES = ["ST19501", "ST19501", "ST19501", "ST19502", "ST19501A", "ST19503", "PH97010"]
RESULTS = [  # CJS code, short code, normalised text
    ("3307", None, "stalking protection order"),
    (None, "SPO", None),
    (None, "G", "granted"),
    (None, None, "granted."),
    ("1000", None, "g - granted"),
    ("3306", None, None),
    ("3306", None, "granted"),
    ("4506", None, "granted"),
    (None, None, "bail granted"),
    (None, "RFSD", None),
]


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Statements about a few keys: amendments, empty ones, weak cases, ties of every depth, late arrivals."""
    rows: list[dict[str, Any]] = []
    for k in range(draw(st.integers(0, 5))):
        table = draw(st.booleans())
        day = draw(st.sampled_from(DAYS))
        key_cases = draw(st.lists(st.sampled_from("ABCD"), min_size=1, max_size=3 if table else 1))
        for _ in range(draw(st.integers(1, 3))):
            place = {
                "statement_key": f"key {k}",
                "stated_at": DAY_0 + timedelta(days=draw(st.integers(0, 2))),
                "received_at": DAY_0 + timedelta(days=draw(st.integers(0, 2))),
                "landed_batch": draw(st.integers(1, 3)),
                "payload_hash": draw(st.sampled_from(["aa", "ab"])),
                "case_index": draw(st.integers(1, 2)),
            }
            if any(all(row[name] == value for name, value in place.items()) for row in rows):
                continue  # the store never holds one statement twice
            base = place | {
                "hearing_date": day,
                "statement_complete": draw(st.integers(0, 4)) > 0,
                "source_format": "table" if table else "spi",
            }
            rows += draw(statements(base, key_cases, table))
    return draw(st.permutations(rows))


@st.composite
def statements(draw: st.DrawFn, base: dict[str, Any], cases: list[str], table: bool) -> list[dict[str, Any]]:
    def of_case(case: str) -> dict[str, Any]:
        weak = case == "D"
        return {
            "case_key": f"{'payload' if weak else 'urn'}:{case}",
            "case_key_strength": "weak" if weak else "strong",
            "case_urn": None if weak else case,
            "defendant_key": draw(st.sampled_from(["asn:1", "asn:2", None])),
        }

    rows = []
    case = of_case(cases[0])
    for offence in range(1, draw(st.integers(0, 3)) + 1):
        code = draw(st.sampled_from(OFFENCES))
        for position, result in enumerate(draw(st.lists(st.sampled_from(RESULTS), min_size=1, max_size=3)), 1):
            if table:
                case = of_case(draw(st.sampled_from(cases)))
            cjs, short, text = result
            rows.append(
                base
                | case
                | {"offence_index": len(rows) + 1 if table else offence, "result_index": 1 if table else position}
                | {"offence_code": code, "result_code": cjs, "result_short_code": short}
                | {"result_text_digest": text_digest(text, KEY) if text else None}
            )
    return rows or [base | case]


def as_table(rows: list[dict[str, Any]]) -> pa.Table:
    filled = []
    for row in rows:
        required = {f.name: "x" for f in RECORDS if not f.nullable and f.type == pa.string()}
        filled.append(required | {"landed_at": DAY_0, "hearing_month": f"{row['hearing_date']:%Y-%m}"} | row)
    return pa.Table.from_pylist(filled, schema=RECORDS)


# --- the reference -----------------------------------------------------------------------------


def statement_of(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[c] for c in ("stated_at", "received_at", "landed_batch", "payload_hash", "case_index"))


def on_list(row: dict[str, Any], name: str) -> bool:
    for entry in QUESTION.lists[name].entries:
        if entry.match == "offence" and row.get("offence_code") == entry.code:
            return True
        if entry.match == "cjs" and row.get("result_code") == entry.code:
            return True
        if entry.match == "short" and row.get("result_short_code") == entry.code:
            return True
        uncoded = row.get("result_code") in (None, "1000")
        if entry.match == "text" and uncoded and row.get("result_text_digest") == text_digest(entry.code, KEY):
            return True
    return False


def same_offence(one: dict[str, Any], other: dict[str, Any]) -> bool:
    keys = ["statement_key", "case_index"]
    tabled = ["case_key", "defendant_key", "offence_code"]
    return all(one[k] == other[k] for k in keys + (tabled if one["source_format"] == "table" else ["offence_index"]))


def kind_of(row: dict[str, Any], standing: list[dict[str, Any]]) -> int:
    interim = any(on_list(other, "spo-interim") and same_offence(row, other) for other in standing)
    if on_list(row, "spo-order"):
        return 0
    return 2 if interim else 1


def is_weak(row: dict[str, Any], unit: str) -> bool:
    """A case that is only a message's own; for defendants also one without a number of its own."""
    return row["case_key_strength"] == "weak" or (unit == "defendant" and row["defendant_key"] is None)


def reference(
    rows: list[dict[str, Any]], period: Period, unit: str, known_at: datetime, newest: int, held: Period | None
) -> dict[str, Any]:
    def unit_of(row: dict[str, Any]) -> Any:
        return row["case_key"] if unit == "case" else (row["case_key"], row["defendant_key"])

    def is_open(day: date) -> bool:
        return period.first <= day <= period.last and not (held and held.first <= day <= held.last)

    known = [r for r in rows if r["received_at"] <= known_at and r["landed_batch"] <= newest]
    latest: dict[str, tuple[Any, ...]] = {}
    for row in known:
        latest[row["statement_key"]] = max(latest.get(row["statement_key"], ()), statement_of(row))
    known = [r for r in known if is_open(r["hearing_date"])]
    counting = [r for r in known if statement_of(r) == latest[r["statement_key"]]]
    standing = [r for r in counting if r.get("result_index") is not None]
    offences = [r for r in standing if on_list(r, "spo-applications")]
    granted = [r for r in offences if on_list(r, "spo-granted")]
    first: dict[Any, dict[str, Any]] = {}
    order = ("hearing_date", "offence_code", "statement_key", "case_index", "offence_index", "result_index")
    for row in sorted(granted, key=lambda r: tuple(r[c] for c in order)):
        first.setdefault(unit_of(row), row)
    kinds = [min(kind_of(r, standing) for r in granted if unit_of(r) == u) for u in first]
    results = [r for r in known if r.get("result_index") is not None]
    steps = [(len(s), len({unit_of(r) for r in s})) for s in (results, standing, offences, granted)]

    def cell(test: Any, days: Period) -> int | str:
        if held and days.first <= held.last and held.first <= days.last:
            return "held"
        if not any(days.first <= r["hearing_date"] <= days.last for r in known):
            return "no data"
        return sum(1 for r in first.values() if test(r))

    spans = [Period(max(m.first, period.first), min(m.last, period.last)) for m in months(period)]
    types = {"new": "ST19501", "vary": "ST19502"}
    cells: dict[Any, int | str] = {(): cell(lambda r: True, period)}
    for month, span in zip(months(period), spans, strict=True):
        inside = (lambda s: lambda r: s.first <= r["hearing_date"] <= s.last)(span)
        cells[("month", month.label),] = cell(inside, span)
        for name, code in types.items():
            both = (lambda i, c: lambda r: i(r) and r["offence_code"] == c)(inside, code)
            cells[("month", month.label), ("application_type", name)] = cell(both, span)
    for name, code in types.items():
        cells[("application_type", name),] = cell((lambda c: lambda r: r["offence_code"] == c)(code), period)
    found: dict[str, Any] = {"cells": cells, "from": None, "to": None}
    if known:
        days = [r["hearing_date"] for r in known]
        found |= {"from": min(days), "to": max(days)}
    if isinstance(cells[()], int):
        found |= {
            "attrition": [*steps, (len(first), len(first))],
            "evidence": [kinds.count(k) for k in range(3)],
            "weak": sum(1 for r in first.values() if is_weak(r, unit)),
            "incomplete": len({r["statement_key"] for r in counting if not r["statement_complete"]}),
            "units": {(r["case_key"], r["hearing_date"], r["case_urn"]) for r in first.values()},
        }
    return found


def as_found(answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = {
        "cells": {f.cell: f.status if f.value is None else f.value for f in answer.figures},
        "from": answer.data_from,
        "to": answer.data_to,
    }
    if answer.value is not None:
        found |= {
            "attrition": [(s.rows, s.units) for s in answer.attrition],
            "evidence": [e.units for e in answer.evidence],
            "weak": answer.weak_units,
            "incomplete": answer.incomplete_statements,
        }
    return found


PERIODS = [Period(date(2020, 1, 1), date(2020, 3, 31)), Period(date(2020, 1, 15), date(2020, 2, 28))]
HELD = [None, None, Period(date(2020, 2, 1), date(2020, 2, 29)), Period(date(2020, 1, 10), date(2020, 1, 20))]


@pytest.mark.long
@settings(
    max_examples=1000 if LONG else 20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not LONG,
    database=None,
)
@given(
    rows=histories(),
    period=st.sampled_from(PERIODS),
    unit=st.sampled_from(["case", "defendant"]),
    known_after=st.integers(-1, 3),
    newest=st.integers(1, 3),
    held=st.sampled_from(HELD),
)
def test_the_engine_counts_what_the_rules_say(
    rows: list[dict[str, Any]], period: Period, unit: str, known_after: int, newest: int, held: Period | None
) -> None:
    known_at = DAY_0 + timedelta(days=known_after)
    holds = (Hold(held, NOW + timedelta(days=1), "a test"),) if held else ()
    question: Question = replace(QUESTION, unit=unit, holds=holds)
    records = Records(as_table(rows), newest, known_at)
    expected = reference(rows, period, unit, known_at, newest, held)
    listed = expected.pop("units", None)
    answer = count(question, records, period, BY, key=KEY, now=NOW)
    assert as_found(answer) == expected
    if answer.value is not None:
        assert answer.value == sum(e.units for e in answer.evidence)
        assert answer.value == sum(f.value or 0 for f in answer.figures if [n for n, _ in f.cell] == ["month"])
        given_units = units(question, records, period, key=KEY, now=NOW)
        assert len(given_units) == answer.value
        assert {(u.case_key, u.hearing_date, u.case_urn) for u in given_units} == listed
