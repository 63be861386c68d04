"""On random histories the engine gives every change of a figure the cause that a slow reading of the rules gives.

The question is the one of the Stalking Protection Orders, in every unit. Histories are few statements of a few
hearings that give results to a few cases, so that most of them change something; the reading is `slow_causes.py`.
"""

import importlib.util
import os
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transform.engines.duckdb import Records
from transform.engines.revising import record_revisions
from transform.periods import parse_period
from transform.precedence import precedence_of
from transform.questions import load_definitions
from transform.revising import OF_RECORDS, ReleasedFrom


def beside(name: str) -> Any:
    """A module in the folder of this file."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


drawn = beside("test_definitions_property")
LONG = os.environ.get("LONG_TESTS") == "1"
KEY, NOW = drawn.KEY, drawn.NOW
SPO = replace(
    load_definitions(Path(__file__).resolve().parents[2] / "sql").question("stalking-protection-orders"),
    also=("defendant", "application", "order"),
    evidence=(),
)
BY = [["month"], ["month", "application_type"], ["source_system"]]
PERIODS = [parse_period("2020Q1"), parse_period("2020Q2")]
PRECEDENCE = precedence_of([("mi", ["libra"])])
DAY_0 = datetime(2020, 8, 1, tzinfo=UTC)

SOURCES = [
    ("feed", "common-platform", "C00CommonPlatform"),
    ("feed", "common-platform", "C00CommonPlatform"),
    ("spi", "spi", "C00CommonPlatform"),
    ("libra", "spi", "B00LIBRA"),
    ("mi", "table", "MI"),
]
DAYS = [date(2020, 2, 3), date(2020, 2, 3), date(2020, 3, 2), date(2020, 4, 1)]
CASES = ["urn:A", "urn:A", "cp:B", "cp:C"]
RESULTS = ["3307", "3307", "RFSD", "G"]
COURTS = ["B01LY00", "B01LY00", "B01LY01", "B01EF00", None]
RELEASED = [
    (),
    (),
    (ReleasedFrom(2, "f1"), ReleasedFrom(3, None, date(2020, 2, 1), date(2020, 2, 29))),
    (ReleasedFrom(3, "f2"),),
]


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One to five hearings, each with some statements; later landings mostly say it later."""
    rows: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 5))):
        name, format, system = draw(st.sampled_from(SOURCES))
        of_source = {"source_name": name, "source_format": format, "source_system": system}
        key = {"statement_key": f"key {number}", "hearing_date": draw(st.sampled_from(DAYS))} | of_source
        court = draw(st.sampled_from(COURTS))
        for batch in draw(st.lists(st.integers(1, 4), min_size=1, max_size=3, unique=True)):
            time = DAY_0 + timedelta(days=draw(st.sampled_from([batch, batch, batch, 5 - batch])))
            landed = {"stated_at": time, "received_at": time, "landed_batch": batch, "payload_hash": f"{batch}"}
            of_file = {"source_file": draw(st.sampled_from(["f1", "f2"])), "case_index": 1}
            base = key | landed | of_file | {"court_ou_code": draw(st.sampled_from([court, court, *COURTS]))}
            rows += draw(statements(base))
    return rows


@st.composite
def statements(draw: st.DrawFn, base: dict[str, Any]) -> list[dict[str, Any]]:
    """Up to three results of up to three cases, persons and applications; none: nothing is left."""
    rows = []
    for number in range(1, draw(st.sampled_from([0, 1, 1, 2, 3])) + 1):
        result = draw(st.sampled_from(RESULTS))
        code = "result_code" if result.isdigit() else "result_short_code"
        own = {
            "case_key": draw(st.sampled_from(CASES)),
            "defendant_key": draw(st.sampled_from(["cp:1", "cp:1", "cp:2", None])),
            "application_key": draw(st.sampled_from([None, None, "app:1", "app:2"])),
            "offence_code": draw(st.sampled_from(["ST19501", "ST19501", "ST19502"])),
        }
        rows.append(base | own | {"offence_index": number, "result_index": 1, code: result})
    return rows or [base | {"case_key": "none:"}]


@pytest.mark.long
def test_every_change_has_the_cause_that_the_rules_give_it() -> None:
    slow, reference = beside("slow_causes"), beside("slow_reference")
    found: Counter[str] = Counter()

    @settings(
        max_examples=1000 if LONG else 10,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=not LONG,
        database=None,
    )
    @given(
        rows=histories(),
        unit=st.sampled_from(SPO.units),
        newest=st.sampled_from([(1, 4), (2, 4), (1, 3), (2, 3), (3, 4), (1, 2), (0, 4)]),
        known=st.sampled_from([(9, 9), (9, 9), (9, 9), (3, 9), (2, 4)]),
        released=st.sampled_from(RELEASED),
    )
    def holds(rows: Any, unit: str, newest: Any, known: Any, released: Any) -> None:
        filled = [drawn.filled(row) for row in rows]
        table = drawn.as_table(filled)
        times = [DAY_0 + timedelta(days=days) for days in known]
        states = [Records(table, batch, time, PRECEDENCE) for batch, time in zip(newest, times, strict=True)]
        parts = record_revisions(SPO, *states, PERIODS, BY, unit=unit, key=KEY, now=NOW, released=released)
        asked = slow.Asked(reference, SPO, unit, PERIODS, BY, PRECEDENCE, released)
        read = slow.Reading(*(slow.State(asked, filled, s.as_known_at, s.newest_batch) for s in states))
        assert {(p.period, p.cell, p.cause, p.batch): p.by for p in parts} == dict(read.parts())
        found.update({part.cause for part in parts})

    holds()
    assert set(found) == set(OF_RECORDS) or not LONG, "some cause was never drawn, so nothing was shown about it"
