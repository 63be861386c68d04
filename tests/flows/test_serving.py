"""`courtstats serve` on a real Prefect server: every due period is loaded once, killed, late or made up for.

The runs are made by the real runner, each in a process of its own; the records are made.
"""

import http
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines import recording
from pipelines.due import dues
from pipelines.runs import definitions
from pipelines.settings import DEFINITIONS, load_settings

QUESTION = "stalking-protection-orders"
ROOT = Path(__file__).resolve().parents[2]
KEPT = ("PATH", "LANG", "TMPDIR")
LONG = os.environ.get("LONG_TESTS") == "1"
PATIENCE = 300.0
LATE = (("2020-04-06T05:00:00Z", "2020Q1"), ("2020-07-06T05:00:00Z", "2020Q2"))[: 2 if LONG else 1]
"""Times for which runs were scheduled that begin years later, and their periods."""
pytestmark = pytest.mark.xdist_group("flows")


@pytest.fixture
def url(tmp_path: Path) -> str:
    """SQLite will do: what is tested is when runs begin."""
    return f"sqlite:///{tmp_path / 'warehouse.db'}"


@pytest.fixture
def served(home: Path, landed: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a made statement in it, and definitions with one question."""
    folder = tmp_path / "sql"
    shutil.copytree(DEFINITIONS, folder)
    for file in (folder / "questions").glob("*.toml"):
        if file.stem != QUESTION:
            file.unlink()
    monkeypatch.setenv("COURTSTATS_DEFINITIONS", str(folder))
    landed()
    return home


@contextmanager
def serving(home: Path, *words: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """`courtstats serve` as an operator starts it; ended with SIGTERM, if the test has not ended it."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("COURTSTATS_")}
    environment |= {"HOME": str(home), "PREFECT_RUNNER_POLL_FREQUENCY": "1", **settings}
    log = home.parent / "served.log"
    with log.open("a") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.cli", "serve", *words],
            cwd=ROOT, env=environment, stdout=said, stderr=said, text=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        sys.stdout.write(log.read_text())  # pytest shows it where the test fails


def until(what: Callable[[], Any], process: subprocess.Popen[str], patience: float = PATIENCE) -> Any:
    """What the function gives, as soon as it gives anything."""
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        if found := what():
            return found
        assert process.poll() is None, "serve has ended"
        time.sleep(0.2)
    raise AssertionError(f"nothing happened in {patience} s: {what}")


def making_runs(parent: int) -> list[int]:
    """Processes that make a run for this process: its children with Prefect's engine in them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            if int(stat[1]) == parent and b"prefect.engine" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (OSError, IndexError):
            continue
    return found


def loaded(warehouse: Path) -> Counter[str]:
    """How many completed runs each period has."""
    if not warehouse.exists():
        return Counter()
    try:
        with closing(sqlite3.connect(f"file:{warehouse}?mode=ro", uri=True)) as con:
            return Counter(row[0] for row in con.execute("select period from run where state = 'completed'"))
    except sqlite3.OperationalError:  # it is being made
        return Counter()


def ask(api: str, path: str, body: dict[str, Any]) -> Any:
    """What Prefect's server answers."""
    request = urllib.request.Request(
        f"{api}/{path}", json.dumps(body).encode(), {"content-type": "application/json"}, method="POST"
    )
    for _ in range(20):
        try:
            with urllib.request.urlopen(request, timeout=30) as said:
                return json.load(said)
        except urllib.error.HTTPError as fault:  # its database is busy for a moment; Prefect's own client waits too
            if fault.code != http.HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            time.sleep(0.5)
    raise AssertionError(f"{path}: the server stays busy")


def deployment(api: str) -> str | None:
    """The id of the question's deployment, once there is one."""
    found = ask(api, "deployments/filter", {"deployments": {"name": {"any_": [QUESTION]}}})
    return found[0]["id"] if found else None


def runs_of(api: str, of: str) -> list[dict[str, Any]]:
    """Runs of a deployment that have begun."""
    found = ask(api, "flow_runs/filter", {"deployments": {"id": {"any_": [of]}}, "limit": 200})
    return [run for run in found if run["state_type"] != "SCHEDULED"]


def latest_due() -> str:
    """The label of the period that the question owes now."""
    (due,) = dues(definitions(load_settings()), (), datetime.now(UTC))
    assert due.period is not None
    return due.period.label


def test_due_periods_are_loaded_once_each_though_they_are_late_and_a_run_is_killed(
    served: Path, prefect_url: str, tmp_path: Path
) -> None:
    """The site was off: `serve` makes up for the latest due period, not for every time that was missed. That run is
    killed, and begun again. What was scheduled for 2020 begins now, and loads the quarters of then."""
    warehouse = tmp_path / "warehouse.db"
    with serving(served, "--at-once", "3", PREFECT_API_URL=prefect_url) as process:
        of = until(lambda: deployment(prefect_url), process)
        (killed,) = until(lambda: making_runs(process.pid), process)
        os.kill(killed, signal.SIGKILL)
        for due, _ in LATE:
            scheduled = {"type": "SCHEDULED", "state_details": {"scheduled_time": due}}
            ask(prefect_url, f"deployments/{of}/create_flow_run", {"state": scheduled, "parameters": {}})
        wanted = {latest_due(), *(period for _, period in LATE)}
        until(lambda: set(loaded(warehouse)) == wanted, process)
        until(lambda: all(r["state_type"] in ("CRASHED", "COMPLETED") for r in runs_of(prefect_url, of)), process)
        until(lambda: not making_runs(process.pid), process)  # one that is just ending would be called cancelled
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert making_runs(process.pid) == []
    assert loaded(warehouse) == dict.fromkeys(wanted, 1)
    assert Counter(run["state_type"] for run in runs_of(prefect_url, of)) == {"CRASHED": 1, "COMPLETED": len(wanted)}
    said = (tmp_path / "served.log").read_text()
    assert f"Due: {QUESTION} for {latest_due()}, late" in said
    assert f"{QUESTION}: was killed or cancelled" in said
    assert "Traceback" not in said
    numbers = [run["id"] for run in runs_of(prefect_url, of)]
    logs = ask(prefect_url, "logs/filter", {"logs": {"flow_run_id": {"any_": numbers}}})
    assert any("Counted" in line["message"] for line in logs)
    assert not any(re.search(r"\b(cases?|orders?)\b.*\d|: \d+$", line["message"]) for line in logs)


def test_a_server_that_is_away_and_a_port_that_is_taken_are_told_in_a_line(served: Path) -> None:
    """Nothing is left behind, and nothing has to be read in a traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = {**os.environ, "HOME": str(served)}
        environment.pop("PREFECT_API_URL", None)
        for words, settings, said in (
            (["--port", str(port)], {}, f"courtstats: port {port}: cannot be used (Address already in use)."),
            ([], {"PREFECT_API_URL": "http://u:secret@127.0.0.1:9/api"}, "PREFECT_API_URL=127.0.0.1:9/api: no Prefect"),
            (["--only", "nope"], {}, "courtstats: nope: has no schedule."),
        ):
            command = [sys.executable, "-m", "pipelines.cli", "serve", *words]
            done = subprocess.run(
                command, cwd=ROOT, env=environment | settings, capture_output=True, text=True, timeout=120, check=False
            )
            assert (done.returncode, done.stdout) == (2, ""), done.stderr
            assert said in done.stderr
            assert "secret" not in done.stderr
            assert "Traceback" not in done.stderr


def test_serving_says_beforehand_what_it_would_serve(served: Path) -> None:
    """A dry run starts nothing and needs no server."""
    command = [sys.executable, "-m", "pipelines.cli", "serve", "--dry-run", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=120, check=True)
    said = json.loads(done.stdout)
    assert said["schema"] == "courtstats/serve@1"
    assert [(one["kind"], one["name"]) for one in said["deployments"]] == [
        ("question", QUESTION),
        ("check", "check-quality"),
    ]
    assert all(datetime.fromisoformat(one["next_at"]) > datetime.now(UTC) for one in said["deployments"])


@pytest.mark.long
@pytest.mark.skipif(not LONG, reason="takes minutes by the clock: LONG_TESTS=1")
def test_a_schedule_of_every_minute_on_a_server_of_its_own_on_time_killed_and_late(
    served: Path, tmp_path: Path, landed: Callable[..., None]
) -> None:
    """New records come three times, and each time the next minute's run is due: the first comes to its end, the second
    is killed and begun again, the third is late, because nothing served for minutes. Every landing is counted once, and
    of the minutes that were missed one is made up for, not each."""
    file = tmp_path / "sql" / "questions" / f"{QUESTION}.toml"
    file.write_text(re.sub(r'^cron\s*=\s*".*"', 'cron = "* * * * *"', file.read_text(), count=1, flags=re.M))
    warehouse, period = tmp_path / "warehouse.db", latest_due()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    api = f"http://127.0.0.1:{port}/api"

    def more(day: int) -> None:
        landed(day=day)
        recording.record_batches(load_settings())

    with serving(served, "--port", port) as process:
        until(lambda: loaded(warehouse)[period] == 1, process)
        of = deployment(api)
        assert of is not None
        until(lambda: quiet(api, process.pid), process)
        more(2)
        (killed,) = until(lambda: making_runs(process.pid), process)
        os.kill(killed, signal.SIGKILL)
        until(lambda: loaded(warehouse)[period] == 2, process)
        until(lambda: quiet(api, process.pid), process)
        before = {run["id"] for run in runs_of(api, of)}
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    more(3)
    time.sleep(150)
    with serving(served, "--port", port) as process:
        until(lambda: loaded(warehouse)[period] == 3, process)
        until(lambda: quiet(api, process.pid), process)
        time.sleep(90)  # another minute is due: there is nothing new to count
        late = [run for run in runs_of(api, of) if run["id"] not in before]
    assert loaded(warehouse) == {period: 3}
    assert [run["state_type"] for run in late] == ["COMPLETED"]
    with closing(sqlite3.connect(warehouse)) as con:
        assert [row[0] for row in con.execute("select newest_batch from run order by run_id")] == [1, 2, 3]


def quiet(api: str, parent: int) -> bool:
    """Whether no run is being made, and the check of quality after the last has ended."""
    checks = ask(api, "flow_runs/filter", {"flows": {"name": {"any_": ["check-quality"]}}, "limit": 50})
    begun = [run for run in checks if run["start_time"]]
    ends = ask(api, "flow_runs/filter", {"flows": {"name": {"any_": ["count-orders"]}}, "limit": 50})
    last = max((_at(run["end_time"]) for run in ends if run["end_time"]), default=None)
    checked = last is not None and any(_at(run["start_time"]) >= last and run["end_time"] for run in begun)
    return checked and not making_runs(parent)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
