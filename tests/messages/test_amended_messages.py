"""Real amended messages (two deliveries for one hearing): what counts is what the later one says."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from extract import store
from extract.contract import STATEMENT_ORDER, Texts
from extract.spi import read_spi
from pipelines.sources import LandRequest, find_files, land_files
from transform.engines.duckdb import Records, count
from transform.periods import Period
from transform.questions import Question, load_definitions

Landed = tuple[str | None, str | None, str | None]

MESSAGES = Path(__file__).resolve().parents[2].parent / "shared" / "messages" / "spi"
pytestmark = pytest.mark.skipif(not MESSAGES.is_dir(), reason="the real test messages are not in this checkout")
KEY = b"a key for tests only"
TEXTS = Texts(frozenset(), KEY)
EARLY, BETWEEN, LATE = (datetime(2020, 5, day, 9, tzinfo=UTC) for day in (1, 2, 3))
SCENARIOS = ("401a", "401b", "401c", "401d", "401e")


@dataclass(frozen=True)
class Scenario:
    first: Path
    second: Path


@pytest.fixture(params=SCENARIOS)
def scenario(request: pytest.FixtureRequest) -> Scenario:
    folder = next(MESSAGES.glob(f"{request.param}-*"))
    return Scenario(folder / "input-message-1.xml", folder / "input-message-2.xml")


@pytest.fixture
def records(tmp_path: Path) -> Path:
    store.prepare(tmp_path / "records", "check")
    return tmp_path / "records"


def land(records: Path, file: Path, received_at: datetime) -> None:
    request = LandRequest(find_files([file]), None, received_at, None)
    land_files(request, records, system="B00LIBRA", texts=TEXTS, landed_at=datetime.now(UTC), dry_run=False)


def current_results(records: Path, as_known_at: datetime) -> set[Landed]:
    """Results of the statements that count, found the slow way: the greatest of each key, row by row."""
    with duckdb.connect() as con:
        found = con.execute("from read_parquet($files)", {"files": list(store.known_files(records))})
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    known = [r for r in rows if r["received_at"] <= as_known_at]
    winner: dict[str, tuple[object, ...]] = {}
    for row in known:
        order = tuple(row[name] for name in STATEMENT_ORDER)
        winner[row["statement_key"]] = max(winner.get(row["statement_key"], order), order)
    return {
        (r["offence_code"], r["result_code"], r["result_text_digest"])
        for r in known
        if tuple(r[name] for name in STATEMENT_ORDER) == winner[r["statement_key"]]
    }


def question_about(folder: Path, offence: str, result: str) -> Question:
    """A question of its own for one offence code and one result code, as a data engineer would write it."""
    head = "code,match,label,category,valid_from,valid_to,source\n"
    for kind, code, match in (("questions", "", ""), ("codelists", offence, "offence"), ("codelists", result, "cjs")):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        if code:
            (folder / kind / f"the-{match}.csv").write_text(f"{head}{code},{match},Made for a test,,,,test\n")
    (folder / "questions" / "made.toml").write_text(
        """schema = "courtstats/question@1"
id = "made"
title = "Made for a test"
asks = "In how many cases does this offence have this result?"
owner = "tests"
[count]
unit = "case"
date = "hearing_date"
once = "first in period"
[[step]]
name = "The offence"
keep = { offence = "the-offence" }
[[step]]
name = "The result"
keep = { result = "the-cjs" }
[breakdowns]
default = [["month"]]
[[example]]
name = "One case"
"""
        f'given = [{{ case = "A", hearing = 2011-09-25, offence = "{offence}", result = "{result}" }}]\n'
        'expect = { "2011-09" = 1 }\n'
    )
    return load_definitions(folder).questions["made"]


def said(file: Path) -> set[Landed]:
    reading = read_spi(file.read_bytes(), file=file.name, received_at=EARLY, texts=TEXTS)
    return {(r.offence_code, r.result_code, r.result_text_digest) for s in reading.statements for r in s.results}


@pytest.mark.parametrize("order", ["in order", "the later one first"])
def test_the_later_message_counts_whichever_is_landed_first(records: Path, scenario: Scenario, order: str) -> None:
    steps = [(scenario.first, EARLY), (scenario.second, LATE)]
    for file, at in steps if order == "in order" else reversed(steps):
        land(records, file, at)
    assert said(scenario.first) != said(scenario.second)
    assert current_results(records, LATE) == said(scenario.second)


def test_as_known_between_the_two_the_first_message_counts(records: Path, scenario: Scenario) -> None:
    land(records, scenario.second, LATE)
    land(records, scenario.first, EARLY)
    assert current_results(records, BETWEEN) == said(scenario.first)


def test_landing_both_again_changes_nothing(records: Path, scenario: Scenario) -> None:
    for _ in range(2):
        land(records, scenario.first, EARLY)
        land(records, scenario.second, LATE)
    assert store.newest_batch(records) == 2
    assert current_results(records, LATE) == said(scenario.second)


@pytest.mark.parametrize(
    ("name", "offence", "result", "before", "after"),
    [
        ("401b", "SX03007", "3052", 0, 1),  # a result is added
        ("401c", "CJ88001", "1015", 1, 0),  # a result is taken away
        ("401d", "CJ88116", "3012", 0, 1),  # an offence is added
        ("401e", "CJ88001", "4027", 0, 1),  # all results are replaced
        ("401e", "CJ88001", "3011", 1, 0),
    ],
)
def test_the_engine_counts_what_the_message_that_counts_says(
    records: Path, tmp_path: Path, name: str, offence: str, result: str, before: int, after: int
) -> None:
    folder = next(MESSAGES.glob(f"{name}-*"))
    land(records, folder / "input-message-2.xml", LATE)
    land(records, folder / "input-message-1.xml", EARLY)
    question = question_about(tmp_path / "sql", offence, result)
    month = Period(date(2011, 9, 1), date(2011, 9, 30))
    files = store.known_files(records, month.first, month.last)
    for known, expected in ((BETWEEN, before), (LATE, after)):
        seen = Records(files, store.newest_batch(records), known)
        assert count(question, seen, month, [], key=KEY, now=LATE).value == expected
