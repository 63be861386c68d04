"""Real flows: one Prefect server for the session, and one home with the demo in it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import pipelines  # noqa: F401 - switches telemetry off, so it comes before Prefect
from extract import store
from extract.contract import Result, Statement
from extract.landing import Source, land
from extract.records import batches
from pipelines.settings import Settings, key_check, load_settings, the_key
from transform.definition import Question

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("PATH", "LANG", "TMPDIR", "SSL_CERT_FILE")


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Command = Callable[..., Said]
Land = Callable[..., None]


@pytest.fixture(scope="session")
def command(prefect_url: str, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Run `courtstats` as a user does, in a process of its own, against the session's Prefect server."""

    def run(*words: str | Path, home: Path, **settings: str) -> Said:
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        environment |= {"HOME": str(home), "COURTSTATS_HOME": str(home), "PREFECT_API_URL": prefect_url, **settings}
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *map(str, words)],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def prefect_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Prefect server of its own, for every flow of the session."""
    home = tmp_path_factory.mktemp("prefect")
    os.environ["PREFECT_HOME"] = str(home)
    os.environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] = "120"
    os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "CRITICAL"
    from prefect.settings import PREFECT_API_URL
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield str(PREFECT_API_URL.value())


@pytest.fixture(scope="session")
def prefect_database(prefect_url: str) -> Path:
    """The file in which the session's Prefect server keeps runs, parameters and logs."""
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL

    url = PREFECT_API_DATABASE_CONNECTION_URL.value()
    found = Path(str(getattr(url, "get_secret_value", lambda: url)()).split("///", 1)[1])
    assert found.is_file()
    return found


@pytest.fixture(scope="session")
def demo(command: Command, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    """The home of a demo that was run by the real command, and what it said."""
    home = tmp_path_factory.mktemp("demo")
    return home / "demo", command("demo", home=home)


@pytest.fixture(scope="module", autouse=True)
def _quiet_afterwards() -> Iterator[None]:
    """End the thread that sends Prefect's events: its connection draws random numbers for its pings every ten seconds,
    and Hypothesis, in a later test of the session, takes them for a strategy's own. The next flow starts another.
    """
    yield
    if events := sys.modules.get("prefect.events.worker"):
        events.EventsWorker.drain_all(timeout=30)


@pytest.fixture(scope="session")
def examples_told() -> dict[str, list[str]]:
    """What the examples of each definition said that a flow of this session has asked for."""
    return {}


@pytest.fixture(autouse=True)
def _examples_once(examples_told: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every flow answers the examples of its definition first; here each definition answers its own only once."""
    from pipelines import runs

    real = runs.failed_examples

    def failed(settings: Settings, question: Question) -> list[str]:
        if (told := repr(question)) not in examples_told:
            examples_told[told] = real(settings, question)
        return examples_told[told]

    monkeypatch.setattr(runs, "failed_examples", failed)


@pytest.fixture
def home(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings as an operator would make them: a home, and a warehouse on this database."""
    monkeypatch.setenv("COURTSTATS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COURTSTATS_WAREHOUSE_URL", url)
    return tmp_path / "home"


@pytest.fixture
def landed(home: Path) -> Land:
    """Land a made statement straight into the store, as a faulty reader would."""

    def go(offence: str = "ST19501", result: str = "3307", *, day: int = 1) -> None:
        settings = load_settings()
        at = datetime(2020, 4, day, tzinfo=UTC)
        found = (Result("OFFENCE", 1, 1, offence, offence, result),)
        said = Statement(
            "spi", "spi", "B00LIBRA", f"{day}.xml", None, f"{day}", at, "hearing", at, True, date(2020, 2, 3),
            "message", "B01EF01", "2576", "01", "urn", "urn:01ZD0303208", "strong", "01ZD0303208",
            None, "asn:1", 1, found,
        )  # fmt: skip
        store.prepare(settings.store, key_check(the_key(settings)))
        source = Source("spi", "spi", 1, at, given=True, by_name=True)
        land(settings.store, source, batches([(0, said)]), lambda: [], landed_at=datetime.now(UTC))

    return go
