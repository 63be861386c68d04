"""Random histories of extracts: what is held is what a slow, plain reading of the written rules holds.

The rules are those of docs/quarantine.md on rows of tables, written down again in plain Python. And whatever was
landed, landing the same again lets nothing go, sets nothing aside, and is no landing.
"""

import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from extract import holding, quarantine, store
from extract.contract import Refusal, Result, Statement
from extract.landing import Source, land
from extract.quarantine import Held
from extract.records import batches

LONG = os.environ.get("LONG_TESTS") == "1"
SLOW = settings(
    max_examples=200 if LONG else 3,
    phases=list(Phase) if LONG else [Phase.generate],  # a landing takes too long for finding the smallest case
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not LONG,
    database=None,
)
FIRST = date(2020, 2, 3)


@dataclass(frozen=True)
class Extract:
    """One made extract: its days, the faulty rows (content, day or None), the day of March it was received on."""

    days: frozenset[int]
    bad: frozenset[tuple[str, int | None]]
    on: int

    @property
    def stated(self) -> frozenset[int]:
        return self.days | {day for _, day in self.bad if day is not None}

    @property
    def complete(self) -> frozenset[int]:
        if any(day is None for _, day in self.bad):
            return frozenset()
        return self.stated - {day for _, day in self.bad}


@dataclass
class Fault:
    content: str
    day: int | None
    span: tuple[int, int] | None
    on: int
    let_go_on: int | None = None


@st.composite
def extracts(draw: st.DrawFn) -> Extract:
    day = st.integers(0, 3)
    bad = st.tuples(st.sampled_from("pq"), st.one_of(st.none(), day))
    return Extract(draw(st.frozensets(day, max_size=4)), draw(st.frozensets(bad, max_size=2)), draw(st.integers(1, 4)))


def by_the_rules(history: list[Extract]) -> list[Fault]:
    """Every fault that was set aside, in order, and when it was let go."""
    faults: list[Fault] = []
    spoken: set[int] = set()
    for extract in history:
        contents = {f"{content} {day}" for content, day in extract.bad}
        held = [f for f in faults if f.let_go_on is None]
        for fault in held:
            if fault.content in contents or fault.on > extract.on:
                continue
            if fault.day is not None:
                done = fault.day in extract.complete
            elif fault.span and extract.complete:
                first, last = fault.span
                enclosed = min(extract.complete) <= first and last <= max(extract.complete)
                done = enclosed and all(day in extract.complete for day in spoken if first <= day <= last)
            else:
                done = False
            fault.let_go_on = extract.on if done else None
        known = {f.content for f in held}
        span = (min(extract.stated), max(extract.stated)) if extract.stated else None
        fresh = sorted((f"{content} {day}", day) for content, day in extract.bad)
        faults += [Fault(content, day, span, extract.on) for content, day in fresh if content not in known]
        spoken |= extract.stated
    return faults


def land_extract(path: Path, extract: Extract) -> object:
    at = datetime(2020, 3, extract.on, tzinfo=UTC)
    found = (Result("OFFENCE", 1, 1, "ST19501", "ST19501", "3307"),)
    said = [
        Statement(
            "mis", "table", None, "mis.csv", None, f"{extract} {day}", at, f"table:mis:{day}", at,
            day in extract.complete, FIRST + timedelta(days=day), "column", "B01EF01", None, "01", "court",
            f"case:mis:{day}", "strong", None, None, None, 1, found,
        )
        for day in sorted(extract.stated)
    ]  # fmt: skip
    refused = [
        Refusal(
            "no-offence-code", "mis.csv", f"row {n}", content, FIRST + timedelta(days=day) if day is not None else None
        )
        for n, (content, day) in enumerate(sorted((f"{c} {d}", d) for c, d in extract.bad), 1)
    ]
    source = Source("mis", "table", 1, at, given=True, by_name=False)
    return land(
        path, source, batches((0, s) for s in said), lambda: refused, landed_at=datetime(2020, 6, 1, tzinfo=UTC)
    )


@pytest.mark.long
@given(st.lists(extracts(), min_size=1, max_size=5))
@SLOW
def test_what_is_held_of_a_table_is_what_the_rules_say(history: list[Extract]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records"
        store.prepare(path, "check")
        for number in range(1, len(history) + 1):
            land_extract(path, history[number - 1])
            expected = by_the_rules(history[:number])
            found = holding.on_record(path, store.newest_batch(path))
            assert [(s.content_hash, s.released_batch is None) for s in found] == [
                (f.content, f.let_go_on is None) for f in expected
            ]
        before = store.newest_batch(path)
        held = [s.content_hash for s in found if s.released_batch is None]
        again = land_extract(path, history[-1])
        assert (store.newest_batch(path), getattr(again, "released", None)) == (before, 0)
        # Of a day that landed they are parts, and only an extract that says nothing else is whole.
        for on in range(1, 5):
            counted = quarantine.held_for(path, before, datetime(2020, 3, on, tzinfo=UTC), [(FIRST, FIRST)])
            assert counted == (Held(0, sum(f.span is None and f.on <= on for f in expected)),)
        assert held == [s.content_hash for s in holding.on_record(path, before) if s.released_batch is None]
