"""Made statements, a records store of their own, and landings by processes that can be killed or slowed down."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from extract import landing as module
from extract import store
from extract.contract import Refusal, Result, Statement
from extract.records import batches
from extract.store import Landing

NOW = datetime(2020, 6, 1, 12, tzinfo=UTC)
HERE = Path(__file__).resolve().parent


def received_on(day: int) -> datetime:
    return datetime(2020, 3, day, 9, tzinfo=UTC)


def make(
    content: str,
    at: datetime,
    *,
    key: str = "hearing 1",
    file: str = "a.xml",
    envelope: str | None = None,
    results: int = 1,
    day: date = date(2020, 2, 3),
    complete: bool = True,
) -> Statement:
    """A made statement; `content` stands for the hash of its payload."""
    found = tuple(Result("OFFENCE", 1, n + 1, "ST19501", "ST19501", "3307") for n in range(results))
    return Statement(
        "spi", "spi", "B00LIBRA", file, envelope, content, at, key, at, complete, day, "message", "B01EF01", "2576",
        "01", "urn", "urn:01ZD0303208", "strong", "01ZD0303208", None, "asn:1", 1, found,
    )  # fmt: skip


@pytest.fixture(scope="session")
def statement() -> Callable[..., Statement]:
    return make


@pytest.fixture(scope="session")
def received() -> Callable[[int], datetime]:
    return received_on


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "records"
    store.prepare(path, "check")
    return path


@pytest.fixture
def landing(records: Path) -> Callable[..., Landing]:
    """Land statements as one batch; with `by_name` they are messages whose time of receipt nobody gave."""

    def go(*said: Statement, by_name: bool = False, refused: Iterable[Refusal] = (), dry_run: bool = False) -> Landing:
        at = said[0].received_at if said else NOW
        source = module.Source("spi", "spi", len(said), at, given=not by_name, by_name=by_name)
        return module.land(
            records, source, batches(enumerate(said)), lambda: list(refused), landed_at=NOW, dry_run=dry_run
        )

    return go


@pytest.fixture
def held(records: Path) -> Callable[[], list[tuple[str, int]]]:
    """Content and batch of every statement in the store."""

    def look() -> list[tuple[str, int]]:
        files = list(store.known_files(records))
        query = (
            "select distinct payload_hash, landed_batch from read_parquet($files) order by landed_batch, payload_hash"
        )
        return duckdb.connect().execute(query, {"files": files}).fetchall() if files else []

    return look


LANDER = """
import os, signal, sys, time
from datetime import date
from pathlib import Path
path, point = Path(sys.argv[1]), sys.argv[2]
sys.path.insert(0, sys.argv[3])
from conftest import NOW, make, received_on
from extract import appending, landing
from extract.contract import Refusal
from extract.records import batches
def die(*_a, **_k):
    os.kill(os.getpid(), signal.SIGKILL)
def said():
    yield 0, make("A", received_on(1))
    if point == "while reading": die()
    yield 1, make("B", received_on(1), key="hearing 2", day=date(2020, 5, 1))
def refusals():
    if point == "before the lock is used": die()
    return [Refusal("bad-date", "f", "p", "h")]
for name, where, which in (
    ("before the quarantine", landing.quarantine, "write"),
    ("before the summary", landing, "write_summary"),
    ("before the commit", appending, "commit"),
):
    if point == name: setattr(where, which, die)
if point == "while writing the second month":
    write, written = appending.write_month, []
    def writing(*a, **k):
        if written: die()
        written.append(1)
        return write(*a, **k)
    appending.write_month = writing
if point == "after the commit":
    commit = appending.commit
    def committed(*a, **k):
        commit(*a, **k); die()
    appending.commit = committed
waited = []
def waiting():
    waited.append(1)
    (path / "somebody waits").touch()
if point == "between judging and commit until another waits":
    summarise = landing.write_summary
    def slowly(*a, **k):
        until = time.monotonic() + 15
        while not (path / "somebody waits").exists() and time.monotonic() < until: time.sleep(0.05)
        time.sleep(0.5)
        summarise(*a, **k)
    landing.write_summary = slowly
source = landing.Source("spi", "spi", 2, received_on(1), True, False)
done = landing.land(path, source, batches(said()), refusals, landed_at=NOW, waiting=waiting)
print(done.batch, done.statements, len(waited))
"""


@pytest.fixture
def lander(records: Path) -> Iterator[Callable[[str], "subprocess.Popen[str]"]]:
    """Land two statements in a process of its own, which dies or dawdles at the named point.

    It prints the number of the batch, of statements, and how often it said that it waits.
    """
    started: list[subprocess.Popen[str]] = []

    def start(point: str) -> "subprocess.Popen[str]":
        environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
        command = [sys.executable, "-c", LANDER, str(records), point, str(HERE)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
