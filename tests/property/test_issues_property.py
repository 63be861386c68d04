"""Random histories of measurements and limits: issues are what a slow and obvious replay of them says.

The replay goes through the runs, landings and inspections one after another, as if each were the newest, and notes
when an issue opens and when it is resolved. It knows nothing of windows.
"""

import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from load.measured import Measured
from pipelines.quality_issues import track

LONG = os.environ.get("LONG_TESTS") == "1"
DAY_1 = datetime(2020, 3, 1, tzinfo=UTC)
SEGMENTS = ("", "source=spi", "source=feed")
RULES = ("landed.first", "landed.second")
SUBJECTS = ("source:spi", "question:q;unit=case;period=2020Q1", "all")
KINDS = dict(zip(SUBJECTS, ("landing", "run", "inspection"), strict=True))

found_then = st.one_of(st.none(), st.integers(0, 3))
owners = st.lists(
    st.tuples(
        st.sampled_from(SUBJECTS),
        st.dictionaries(st.tuples(st.sampled_from(RULES), st.sampled_from(SEGMENTS)), found_then, min_size=1),
        st.integers(0, 2),
    ),
    max_size=12,
)


def stored(drawn: list[Any]) -> list[Measured]:
    """Each drawn owner measured some rules in some segments: so many faults, or (None) it could not run."""
    made: list[Measured] = []
    for number, (subject, counts, tolerated) in enumerate(drawn, 1):
        for (rule, segment), count in sorted(counts.items()):
            outcome = "error" if count is None else "passed" if count <= tolerated else "failed"
            made.append(
                Measured(
                    len(made) + 1, KINDS[subject], number, subject, segment, "landed", rule, "warning", outcome,
                    None if count is None else 3, count, "count", tolerated, "", "", DAY_1 + timedelta(hours=number),
                )
            )  # fmt: skip
    return made


def passes_by(limit: int) -> Any:
    return lambda one: one.outcome != "error" and (one.unexpected or 0) <= limit


def replayed(measured: list[Measured], limit: int) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    """Key to (open since, None) or (open since, resolved at) of its last fault; None: put right by the limits alone."""
    passes = passes_by(limit)
    issues: dict[tuple[str, str, str], tuple[Any, ...]] = {}
    for owner in sorted({m.owner_id for m in measured}):
        rows = [m for m in measured if m.owner_id == owner]
        for rule, subject in sorted({(m.rule, m.subject) for m in rows}):
            failing = {m.segment for m in rows if m.rule == rule and not passes(m)}
            at = rows[0].recorded_at
            for segment in SEGMENTS:
                key = rule, subject, segment
                is_open = key in issues and issues[key][1] is None
                if segment in failing and not is_open:
                    issues[key] = (at, None)
                elif segment not in failing and is_open:
                    issues[key] = (issues[key][0], at)
    for key, newest in newest_of(measured).items():
        if key not in issues and newest.outcome == "failed":
            issues[key] = (newest.recorded_at, newest.recorded_at)
    return issues


def newest_of(measured: list[Measured]) -> dict[tuple[str, str, str], Measured]:
    """By key, what the newest owner of its rule and subject measured."""
    last: dict[tuple[str, str], int] = {}
    for one in measured:
        last[one.rule, one.subject] = max(one.owner_id, last.get((one.rule, one.subject), 0))
    return {(m.rule, m.subject, m.segment): m for m in measured if m.owner_id == last[m.rule, m.subject]}


@settings(max_examples=20_000 if LONG else 400, deadline=None)
@given(owners, st.integers(0, 3), st.randoms(use_true_random=False))
def test_issues_are_what_a_replay_says_under_any_limit_of_today(drawn: list[Any], limit: int, chance: Any) -> None:
    """The order in which measurements are read makes no difference either."""
    measured = stored(drawn)
    mixed = list(measured)
    chance.shuffle(mixed)
    found = {t.key: (t.first_seen, t.resolved_at) for t in track(mixed, passes_by(limit))}
    assert found == replayed(measured, limit)


@settings(max_examples=5_000 if LONG else 150, deadline=None)
@given(owners, st.integers(0, 3), st.integers(1, 5))
def test_with_only_the_newest_measurements_of_each_key_open_issues_are_the_same(
    drawn: list[Any], limit: int, window: int
) -> None:
    """What a window hides is only when it began, and that it hides it is said."""
    measured = stored(drawn)
    kept: list[Measured] = []
    for key in {(m.rule, m.subject, m.segment) for m in measured}:
        line = sorted((m for m in measured if (m.rule, m.subject, m.segment) == key), key=lambda m: m.owner_id)
        kept += line[-window:]
    whole = {t.key: t for t in track(measured, passes_by(limit), window=99)}
    cut = {t.key: t for t in track(kept, passes_by(limit), window=window)}
    still = {key for key, one in whole.items() if one.resolved_at is None}
    assert {key for key, one in cut.items() if one.resolved_at is None} == still
    for key in still:
        assert cut[key].newest == whole[key].newest
        if not cut[key].cut:
            assert cut[key].first_seen == whole[key].first_seen


@settings(max_examples=5_000 if LONG else 100, deadline=None)
@given(owners)
def test_a_looser_limit_never_opens_an_issue(drawn: list[Any]) -> None:
    measured = stored(drawn)
    still = [{t.key for t in track(measured, passes_by(limit)) if t.resolved_at is None} for limit in range(4)]
    assert all(looser <= stricter for stricter, looser in pairwise(still))
