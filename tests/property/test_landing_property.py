"""Random histories of landings land what a slow, plain reading of the written rules lands.

The rules are those at the head of sql/landing/repeats.sql, written down again in plain Python and sharing
nothing with it. And whatever was landed: any beginning of it landed again as one folder changes nothing.
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

from extract import store
from extract.compaction import compact
from extract.contract import STATEMENT_ORDER, Result, Statement
from extract.landing import Source, land
from extract.records import batches
from pipelines.settings import DEFINITIONS
from transform.definition import Question
from transform.engines.duckdb import Records, count
from transform.periods import parse_period
from transform.questions import load_definitions

LONG = os.environ.get("LONG_TESTS") == "1"
SLOW = settings(
    max_examples=300 if LONG else 3,
    phases=list(Phase) if LONG else [Phase.generate],  # a landing takes too long for finding the smallest case
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not LONG,
    database=None,
)
DAY_0 = datetime(2020, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    """One delivery: what it says about which key, how it arrived, and whether all of it can be read."""

    key: str
    content: str
    file: str
    envelope: str | None
    complete: bool


@dataclass(frozen=True)
class Folder:
    """One landing: its deliveries, and the day given as its receipt (None: received when it is landed)."""

    said: tuple[Said, ...]
    given: int | None


@dataclass(frozen=True)
class Held:
    said: Said
    received_at: datetime
    batch: int

    @property
    def order(self) -> tuple[object, ...]:
        return self.received_at, self.received_at, self.batch, self.said.content, 1


# --- the rules, one after the other ---------------------------------------------------------------


def news(folder: Folder, received_at: datetime, held: Sequence[Held], *, by_name: bool) -> list[Said]:
    """What of a folder says something new."""
    found: list[Said] = []
    for said in folder.said:
        copies = [s for s in folder.said if (s.key, s.content) == (said.key, said.content)]
        if said is copies[0] and not is_repeat(copies, folder, received_at, held, by_name=by_name):
            found.append(said)
    return found


def is_repeat(
    copies: list[Said], folder: Folder, received_at: datetime, held: Sequence[Held], *, by_name: bool
) -> bool:
    said = copies[0]
    of_key = [h for h in held if h.said.key == said.key]
    same = [h for h in of_key if h.said.content == said.content]
    if not same:
        return False
    known_then = [h for h in of_key if folder.given is None or h.received_at <= received_at]
    counted = max(known_then, key=lambda h: h.order, default=None)
    if counted and counted.said.content == said.content and counted.said.complete != said.complete:
        return False  # what counts can now be read otherwise
    if counted and any((s.key, s.content) == (said.key, counted.said.content) for s in folder.said):
        return True  # it counted when this was received, or what counted is said again beside it
    return any(same_delivery(h, copy, received_at, folder, by_name=by_name) for h in same for copy in copies)


def same_delivery(held: Held, said: Said, received_at: datetime, folder: Folder, *, by_name: bool) -> bool:
    if held.said.envelope and said.envelope:
        return held.said.envelope == said.envelope
    if held.received_at == received_at:
        return True
    unnamed = held.said.envelope is None and said.envelope is None
    return by_name and folder.given is None and unnamed and held.said.file == said.file


# --- the store ------------------------------------------------------------------------------------


def land_folder(path: Path, folder: Folder, received_at: datetime, now: datetime, *, by_name: bool) -> None:
    def statement(said: Said) -> Statement:
        code = {"A": "3307", "B": "4506"}.get(said.content)
        found = (Result("OFFENCE", 1, 1, "ST19501", "ST19501", code),) if code else ()
        return Statement(
            "spi", "spi", "B00LIBRA", said.file, said.envelope, said.content, received_at, said.key, received_at,
            said.complete, date(2020, 2, 3), "message", "B01EF01", "2576", "01", "urn", f"case:{said.key}", "strong",
            None, None, "asn:1", 1, found,
        )  # fmt: skip

    source = Source("spi", "spi", len(folder.said), received_at, given=folder.given is not None, by_name=by_name)
    land(path, source, batches((n, statement(s)) for n, s in enumerate(folder.said)), lambda: [], landed_at=now)


def in_store(path: Path) -> list[Held]:
    """Every statement in the store, in the order of landing."""
    files = list(store.known_files(path))
    if not files:
        return []
    query = (
        "select distinct statement_key, payload_hash, source_file, envelope_id, statement_complete, received_at, "
        "landed_batch from read_parquet($files) order by landed_batch, source_file"
    )
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        rows = con.execute(query, {"files": files}).fetchall()
    return [Held(Said(*row[:5]), row[5].astimezone(UTC), row[6]) for row in rows]


def counting(held: Sequence[Held]) -> dict[str, Said]:
    """What counts for each key; the order of `Held` is that of the contract."""
    assert STATEMENT_ORDER == ("stated_at", "received_at", "landed_batch", "payload_hash", "case_index")
    return {h.said.key: h.said for h in sorted(held, key=lambda h: h.order)}


# --- histories ------------------------------------------------------------------------------------


@st.composite
def histories(draw: st.DrawFn, *, given_too: bool, complete_only: bool) -> list[Folder]:
    """Folders about one or two keys with few contents, so that they meet often; every file has a name of its own."""
    folders: list[Folder] = []
    files = draw(st.permutations([f"{n}.xml" for n in range(18)]))
    envelopes = draw(st.sampled_from([[None], ["E1", "E2", "E3", "E4"], [None, "E1", "E2"]]))
    for _ in range(draw(st.integers(1, 6))):
        said = [
            Said(
                draw(st.sampled_from(["one", "one", "other"])),
                draw(st.sampled_from("ABC")),
                files.pop(),
                draw(st.sampled_from(envelopes)),
                complete_only or draw(st.integers(0, 3)) > 0,
            )
            for _ in range(draw(st.integers(1, 3)))
        ]
        said = sorted(
            {(s.key, s.content): s for s in said}.values() if draw(st.booleans()) and not complete_only else said,
            key=lambda s: s.file,
        )
        whole = {(s.key, s.content): s.complete for s in said}  # equal contents of one folder are read alike
        said = [Said(s.key, s.content, s.file, s.envelope, whole[s.key, s.content]) for s in said]
        folders.append(Folder(tuple(said), draw(st.sampled_from([None, 1, 2, 3])) if given_too else None))
    return folders


def landed(path: Path, folders: Sequence[Folder], *, by_name: bool) -> None:
    """Land the folders one after the other, and compare with the rules after each."""
    expected: list[Held] = []
    for number, folder in enumerate(folders):
        now = DAY_0 + timedelta(days=10 + number)
        received_at = now if folder.given is None else DAY_0 + timedelta(days=folder.given)
        new = news(folder, received_at, expected, by_name=by_name)
        batch = max((h.batch for h in expected), default=0) + 1
        expected += [Held(said, received_at, batch) for said in new]
        land_folder(path, folder, received_at, now, by_name=by_name)
        assert in_store(path) == expected


@pytest.mark.long
@SLOW
@given(folders=histories(given_too=True, complete_only=False), by_name=st.booleans())
def test_what_lands_is_what_the_written_rules_say(folders: list[Folder], by_name: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store.prepare(Path(folder), "check")
        landed(Path(folder), folders, by_name=by_name)


@pytest.mark.long
@SLOW
@given(folders=histories(given_too=False, complete_only=True), until=st.integers(1, 6))
def test_any_beginning_of_the_history_landed_again_as_one_folder_lands_nothing(
    folders: list[Folder], until: int
) -> None:
    """The files of the first landings, under the names that they had, in one folder and in the order of names."""
    again = sorted((s for folder in folders[:until] for s in folder.said), key=lambda s: s.file)
    now = DAY_0 + timedelta(days=50)
    with tempfile.TemporaryDirectory() as place:
        store.prepare(Path(place), "check")
        landed(Path(place), folders, by_name=True)
        before = in_store(Path(place))
        land_folder(Path(place), Folder(tuple(again), None), now, now, by_name=True)
        assert in_store(Path(place)) == before


@pytest.mark.long
@SLOW
@given(
    folders=histories(given_too=True, complete_only=False),
    now_whole=st.booleans(),
    receipt=st.sampled_from([None, 29]),
)
def test_the_whole_history_landed_again_as_one_folder_never_changes_what_counts(
    folders: list[Folder], now_whole: bool, receipt: int | None
) -> None:
    """Also where all of it can be read by now, under other names, in no envelope, or with a later receipt given."""
    everything = [s for folder in folders for s in folder.said]
    again = [
        Said(s.key, s.content, f"archive/{s.file}", None, s.complete or now_whole)
        for s in sorted(everything, key=lambda s: s.file)
    ]
    whole = {(s.key, s.content): s.complete for s in again}
    again = [Said(s.key, s.content, s.file, None, whole[s.key, s.content]) for s in again]
    now = DAY_0 + timedelta(days=50)
    received_at = now if receipt is None else DAY_0 + timedelta(days=receipt)
    with tempfile.TemporaryDirectory() as place:
        store.prepare(Path(place), "check")
        landed(Path(place), folders, by_name=True)
        before = counting(in_store(Path(place)))
        land_folder(Path(place), Folder(tuple(again), receipt), received_at, now, by_name=True)
        after = counting(in_store(Path(place)))
        assert {k: s.content for k, s in after.items()} == {k: s.content for k, s in before.items()}


# --- compaction -----------------------------------------------------------------------------------


def answers(path: Path, question: Question) -> list[tuple[object, ...]]:
    """Every figure of a question at each number of the newest landing, as known at each time of receipt."""
    landings = store.summaries(path)
    times = sorted({h.received_at for h in in_store(path)})
    found: list[tuple[object, ...]] = []
    for batch in [landing.batch or 0 for landing in landings]:
        for at in times:
            records = Records(store.known_files(path), batch, at)
            answer = count(question, records, parse_period("2020-02"), key=b"k" * 16, now=DAY_0 + timedelta(days=99))
            found.append((batch, at, answer.figures, answer.attrition, answer.evidence))
    return found


@pytest.mark.long
@settings(SLOW, max_examples=100 if LONG else 2)
@given(
    folders=histories(given_too=True, complete_only=False),
    after=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_merging_files_at_any_time_changes_no_answer_and_no_later_landing(
    folders: list[Folder], after: list[bool]
) -> None:
    """Two stores are told the same; in one of them files are merged now and then, and what was replaced is removed."""
    question = load_definitions(DEFINITIONS).question("stalking-protection-orders")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        plain, merged = Path(one), Path(other)
        for path in (plain, merged):
            store.prepare(path, "check")
        for number, folder in enumerate(folders):
            now = DAY_0 + timedelta(days=10 + number)
            received_at = now if folder.given is None else DAY_0 + timedelta(days=folder.given)
            for path in (plain, merged):
                land_folder(path, folder, received_at, now, by_name=True)
            if after[number]:
                compact(merged, now=datetime.now(UTC) + timedelta(days=1), grace=timedelta(hours=1))
            assert in_store(merged) == in_store(plain)
        compact(merged, now=datetime.now(UTC))
        assert len(store.known_files(merged)) == 1
        found = answers(merged, question)
        assert found == answers(plain, question)
        event(f"counted: {sorted({figures[0].value for _, _, figures, *_ in found})}")
