"""Random histories of landings: what is removed of earlier hearing months changes nothing about the later ones.

Two stores are told the same. From one of them everything before a month is removed at some moment, and maybe before a
later month too. After every landing both hold the same rows of the kept months; at the end every answer about them is
the same, at the number of every landing and as known at every time of receipt, with what is held in quarantine.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from extract import appending, kept, store
from extract.compaction import compact
from extract.contract import Refusal, Result, Statement
from extract.landing import Source, land
from extract.quarantine import held_for
from extract.records import batches
from extract.retention import retain
from pipelines.settings import DEFINITIONS
from transform.definition import Question
from transform.engines.duckdb import Records, count
from transform.periods import Period
from transform.questions import load_definitions

LONG = os.environ.get("LONG_TESTS") == "1"
SLOW = settings(
    max_examples=150 if LONG else 2,
    phases=list(Phase) if LONG else [Phase.generate],  # a landing takes too long for finding the smallest case
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not LONG,
    database=None,
)
DAY_0 = datetime(2020, 6, 1, tzinfo=UTC)
DAYS = {
    "a": date(2020, 1, 31), "b": date(2020, 2, 3), "c": date(2020, 2, 29), "d": date(2020, 3, 1),
    "e": date(2020, 3, 9), "f": date(2020, 4, 1),
}  # fmt: skip
"""Hearing day of each statement key: a key has one for ever."""
CASES = {"a": "1", "b": "2", "c": "1", "d": "1", "e": "2", "f": "1"}
"""One case is heard in several months, removed and kept ones."""
MONTHS = (date(2020, 3, 1), date(2020, 4, 1))


@dataclass(frozen=True)
class Step:
    """One landing: which keys it speaks of and how, what it could not read, when it was received, what follows it."""

    said: tuple[tuple[str, str, bool], ...]
    refused: tuple[tuple[str, str | None], ...]
    received_on: int
    given: bool
    then: str


@st.composite
def steps(draw: st.DrawFn) -> Step:
    key = st.sampled_from(sorted(DAYS))
    said = draw(st.lists(st.tuples(key, st.sampled_from("ABC"), st.booleans()), max_size=4, unique_by=lambda s: s[0]))
    refused = draw(st.lists(st.tuples(st.sampled_from("xy"), st.one_of(st.none(), key)), max_size=2, unique=True))
    return Step(
        tuple(said), tuple(refused), draw(st.integers(1, 3)), draw(st.booleans()),
        draw(st.sampled_from(["", "", "merge", "remove", "remove"])),
    )  # fmt: skip


def land_step(path: Path, step: Step, number: int) -> int:
    """Land it; the number of the newest batch then."""
    now = DAY_0 + timedelta(days=10 + number)
    received_at = DAY_0 + timedelta(days=step.received_on) if step.given else now

    def statement(key: str, content: str, complete: bool) -> Statement:
        code = {"A": "3307", "B": "4506"}.get(content)
        found = (Result("OFFENCE", 1, 1, "ST19501", "ST19501", code),) if code else ()
        return Statement(
            "spi", "spi", "B00LIBRA", f"{key}.xml", None, f"{key} {content}", received_at, key, received_at, complete,
            DAYS[key], "message", "B01EF01", "2576", "01", "urn", f"case:{CASES[key]}", "strong", None, None, "asn:1",
            1, found,
        )  # fmt: skip

    refusals = [
        Refusal("bad-date", f"{key}.xml", "Case 1", f"{content} {key}", DAYS[key] if key else None, f"/in/{key}.xml")
        for content, key in step.refused
    ]
    source = Source("spi", "spi", len(step.said), received_at, given=step.given, by_name=True)
    land(path, source, batches(enumerate(statement(*s) for s in step.said)), lambda: refusals, landed_at=now)
    return store.newest_batch(path)


def rows(path: Path, month: date, numbers: dict[int, int]) -> list[tuple[object, ...]]:
    """Rows of the hearing months from one on, with the numbers of the other store's batches."""
    files = list(store.known_files(path))
    if not files:
        return []
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        found = con.read_parquet(files, union_by_name=True, hive_partitioning=False)
        names = [n for n in appending.STORED.names if n != "landed_batch"]
        lines = found.filter(f"hearing_date >= date '{month}'").select(*names, "landed_batch").fetchall()
    return sorted((*(str(part) for part in line[:-1]), numbers.get(line[-1], line[-1])) for line in lines)


def answers(path: Path, question: Question, landings: Sequence[int], first: date) -> list[tuple[object, ...]]:
    """The answer about the days from one on, month by month, at each landing, as known at each time of receipt."""
    period = Period(max(first, MONTHS[0]), date(2020, 4, 30))
    found: list[tuple[object, ...]] = []
    for batch in landings:
        for day in (1, 2, 99):
            at = DAY_0 + timedelta(days=day)
            records = Records(store.known_files(path, period.first, period.last), batch, at)
            answer = count(question, records, period, [["month"]], key=b"k" * 16, now=DAY_0 + timedelta(days=99))
            held = held_for(path, batch, at, [(period.first, period.last)])
            found.append((answer.figures, answer.attrition, answer.evidence, held))
    return found


@pytest.mark.long
@SLOW
@given(history=st.lists(steps(), min_size=2, max_size=5))
def test_removing_earlier_months_at_any_time_changes_no_row_and_no_answer_of_later_ones(history: list[Step]) -> None:
    question = load_definitions(DEFINITIONS).question("stalking-protection-orders")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        plain, shorter = Path(one), Path(other)
        for path in (plain, shorter):
            store.prepare(path, "check")
        month = date(2020, 1, 1)
        left = list(MONTHS)
        numbers: dict[int, int] = {}  # a landing of removed months alone is a batch of the plain store only
        for number, step in enumerate(history):
            numbers[land_step(plain, step, number)] = land_step(shorter, step, number)
            if step.then == "merge":
                compact(shorter, now=datetime.now(UTC) + timedelta(days=1), grace=timedelta(hours=1))
            newest = max((Path(f).parent.name for f in store.known_files(shorter)), default="")
            if step.then == "remove" and left and newest >= f"hearing_month={left[0]:%Y-%m}":
                month = left.pop(0)
                retain(shorter, month, because="a test", now=datetime.now(UTC))
                assert kept.kept_from(shorter) == month
                event("removed")
            assert rows(shorter, date.min, {}) == rows(plain, month, numbers)
        plain_landings, landings = list(numbers), list(numbers.values())
        assert answers(shorter, question, landings, month) == answers(plain, question, plain_landings, month)
