"""The command line as a user types it: a process of its own, a clean environment, no Prefect anywhere."""

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from extract.store import Landing
from pipelines import landings, runs
from pipelines.settings import load_settings
from pipelines.synthetic import write_demo
from transform.periods import parse_period

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("PATH", "LANG", "SSL_CERT_FILE")
LIBRARIES = ("pydantic", "duckdb", "pyarrow.parquet", "pyarrow.compute", "deltalake", "sqlalchemy")
"""What most commands import, and takes longest."""

_spec = importlib.util.spec_from_file_location("starting", ROOT / "tests" / "starting.py")
assert _spec and _spec.loader
starting = importlib.util.module_from_spec(_spec)
sys.modules["starting"] = starting
_spec.loader.exec_module(starting)


@dataclass(frozen=True)
class Landed:
    """A home with the demo's records in it, landed as `courtstats land` does, and what each landing did."""

    home: Path
    deliveries: Path
    landings: tuple[Landing, ...]


def environment(home: Path, **settings: str) -> dict[str, str]:
    """What a new user's shell has, with everything that could be written kept inside the home's parent."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"HOME": str(home.parent), "COURTSTATS_HOME": str(home), "PYTHONPATH": str(ROOT), **settings}


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., "starting.Said"]]:
    """Run `courtstats`. Whatever is asked of it, it never answers with a traceback."""
    starter = starting.Starter(LIBRARIES, environment(tmp_path_factory.mktemp("starter") / "home"))

    def run(*words: str | Path, home: Path, cwd: Path = ROOT, **settings: str) -> starting.Said:
        said = starter.run([*map(str, words)], environment(home, **settings), cwd, 120)
        assert "Traceback" not in said.err, said.err
        return said

    yield run
    starter.stop()


@pytest.fixture(scope="session")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Landed:
    """The five deliveries of the demo in a records store: 27 cases in the first quarter of 2020."""
    home = tmp_path_factory.mktemp("landed") / "home"
    settings = load_settings({"COURTSTATS_HOME": str(home)})
    plan = write_demo(home.parent / "deliveries")
    done = [
        landings.land(
            settings,
            landings.request_of([d.path], d.format, d.mapping, d.received_at, d.covers),
            dry_run=False,
            waiting=lambda: None,
        )
        for d in plan.deliveries
    ]
    return Landed(home, home.parent / "deliveries", tuple(done))


@pytest.fixture(scope="session")
def loaded(landed: Landed, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a warehouse with two answers in it: the first quarter of 2020 and its February."""
    from load.warehouse import load_run, record_batch
    from pipelines import recording

    url = f"sqlite:///{tmp_path_factory.mktemp('loaded') / 'warehouse.db'}"
    settings = load_settings({"COURTSTATS_HOME": str(landed.home), "COURTSTATS_WAREHOUSE_URL": url})
    question = runs.definitions(settings).question("stalking-protection-orders")
    now = datetime(2020, 7, 7, tzinfo=UTC)
    with recording.opened(settings) as warehouse:
        for landing in landed.landings:
            record_batch(warehouse, recording.batch_row(landing), [])
        for name in ("2020Q1", "2020-02"):
            order = runs.prepare(settings, question, parse_period(name), [], None, now)
            answer = runs.count(settings, order)
            load_run(
                warehouse,
                recording.version_of(order),
                recording.run_row(order, answer, now, now),
                recording.figure_rows(answer),
                recording.attrition_rows(answer),
                recording.evidence_rows(answer),
                answer.notes,
                [],
                lambda _stored: [],
            )
    return url


@pytest.fixture(scope="session")
def real_messages() -> Path:
    """Real, published SPI messages with the results that a person reads in them."""
    folder = ROOT.parent / "shared" / "messages"
    if not (folder / "expected_results.jsonl").exists():
        pytest.skip(f"the published messages are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, str]]:
    """Every file and folder below a folder, with the hash of what it holds: two of these show any change."""

    def look(folder: Path) -> dict[str, str]:
        return {
            p.relative_to(folder).as_posix(): sha256(p.read_bytes()).hexdigest() if p.is_file() else "folder"
            for p in folder.rglob("*")
        }

    return look


@pytest.fixture(scope="session")
def shell() -> Callable[..., dict[str, str]]:
    """The clean environment, for what is run other than by `command`."""
    return environment
