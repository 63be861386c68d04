"""On random definitions and histories causes add up, and each has a landing that was not known before.

Definitions, histories and periods are drawn as in `test_definitions_property.py` beside this file; every figure of
every pair of states of knowledge is held against plain counts, which know nothing of causes.
"""

import importlib.util
import os
from collections import Counter
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from transform.contract import Answer
from transform.engines.duckdb import Records, count_series
from transform.engines.revising import record_revisions
from transform.precedence import OWN_FEED, Precedence
from transform.revising import OF_RECORDS, CellRevision, ReleasedFrom

_path = Path(__file__).with_name("test_definitions_property.py")
_spec = importlib.util.spec_from_file_location("drawn_definitions", _path)
assert _spec and _spec.loader
drawn = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(drawn)

LONG = os.environ.get("LONG_TESTS") == "1"
NEWEST = [0, 1, 2, 3]
KNOWN_AFTER = [-1, 0, 1, 2]
STATES = list(product(NEWEST, KNOWN_AFTER))
PAIRS = [(a, b) for a in STATES for b in STATES if a != b and a[0] <= b[0] and a[1] <= b[1]]
PRECEDENCES = [(OWN_FEED,), (OWN_FEED, Precedence(source="mi", over_source="spi")), (OWN_FEED,), ()]
RELEASES = [(), (ReleasedFrom(2),), (ReleasedFrom(3, first_day=drawn.NEAR[1], last_day=drawn.NEAR[0]),)]


def figures(answers: list[Answer]) -> dict[tuple[str, Any], int | None]:
    """Every figure by period and cell: its value, zero without data, `None` where it is held."""
    return {
        (f.period, f.cell): None if f.status == "held" else f.value or 0 for answer in answers for f in answer.figures
    }


def at(days: int) -> datetime:
    time: datetime = drawn.DAY_0 + timedelta(days=days)
    return time


def assert_explained(
    parts: list[CellRevision],
    before: list[Answer],
    after: list[Answer],
    new_batches: set[int],
) -> None:
    """The parts of each figure add up to its difference, by landings that were not known; what is held has none."""
    old, new = figures(before), figures(after)
    sums: Counter[tuple[str, Any]] = Counter()
    for part in parts:
        assert part.cause in OF_RECORDS
        assert part.by != 0
        assert part.batch in new_batches
        sums[part.period, part.cell] += part.by
    assert len({(p.period, p.cell, p.cause, p.batch) for p in parts}) == len(parts)
    for where in {*old, *new, *sums}:
        if old.get(where, 0) is None or new.get(where, 0) is None:
            assert where not in sums
        else:
            assert sums[where] == (new.get(where) or 0) - (old.get(where) or 0), where
    free = {answer.period for answer in after if answer.status == "counted"}
    assert_cells_tell_the_same(parts, free, after[0].by)


def assert_cells_tell_the_same(parts: list[CellRevision], periods: set[str], by: Any) -> None:
    """For every breakdown the cells together say by cause and landing what the total says."""
    of: dict[tuple[str, ...], Counter[Any]] = {}
    for part in parts:
        if part.period in periods:
            names = tuple(name for name, _ in part.cell)
            of.setdefault(names, Counter())[part.period, part.cause, part.batch] += part.by
    totals = of.get((), Counter())
    for names in map(tuple, by):
        assert +of.get(names, Counter()) == +totals
        assert -of.get(names, Counter()) == -totals


@pytest.mark.long
def test_causes_add_up_to_the_difference_of_any_two_states_of_knowledge() -> None:
    causes: Counter[str] = Counter()

    @settings(
        max_examples=1000 if LONG else 5,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=not LONG,
        database=None,
    )
    @given(
        definition=drawn.definitions(),
        rows=drawn.histories(),
        periods=drawn.PERIODS,
        pairs=st.lists(st.sampled_from(PAIRS), min_size=1, max_size=2, unique=True),
        precedence=st.sampled_from(PRECEDENCES),
        released=st.sampled_from(RELEASES),
        pick=st.integers(0, 3),
    )
    def holds(definition: Any, rows: Any, periods: Any, pairs: Any, precedence: Any, released: Any, pick: int) -> None:
        note("\n".join([definition.text, *definition.lists.values()]))
        question = definition.question()
        unit = question.units[pick % len(question.units)]
        table = drawn.as_table([drawn.filled(row) for row in rows])
        for (a, ta), (b, tb) in pairs:
            states = [Records(table, batch, at(days), precedence) for batch, days in ((a, ta), (b, tb))]
            asked = {"unit": unit, "key": drawn.KEY, "now": drawn.NOW}
            before, after = (count_series(question, state, periods, definition.by, **asked) for state in states)
            parts = record_revisions(
                question, *states, periods, definition.by, **asked, released=released, counted=(before, after)
            )
            new = {r["landed_batch"] for r in rows if not (r["landed_batch"] <= a and r["received_at"] <= at(ta))}
            assert ta != tb or all(a < part.batch <= b for part in parts if part.batch)
            assert_explained(parts, before, after, {batch for batch in new if batch <= b})
            causes.update(part.cause for part in parts)

    holds()
    assert causes, "no figure changed, so nothing was shown"
