"""What the world outside can mend is tried again; what a person has to mend, and a fault of the program, is not."""

import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from prefect import Task

from extract import store
from extract.contract import ExtractError
from load.contract import LoadError
from load.reading import warehouse_status
from load.warehouse import open_warehouse
from pipelines.retrying import UnexpectedError
from pipelines.settings import load_settings
from transform.contract import TransformError

QUESTION = "stalking-protection-orders"
QUARTER = (date(2020, 1, 1), date(2020, 3, 31))
pytestmark = [pytest.mark.xdist_group("flows"), pytest.mark.usefixtures("prefect_url", "home")]
Land = Callable[..., None]
AWAY = LoadError("it did not answer in time", passing=True)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A file is warehouse enough here: what differs between databases is how their failures are recognised."""
    return f"sqlite:///{tmp_path / 'warehouse.db'}"


def tasks() -> list[Task[..., Any]]:
    from pipelines import count_orders, land_hearings

    modules = (count_orders, land_hearings)
    return [one for module in modules for one in vars(module).values() if isinstance(one, Task)]


SECONDS = {task.name: task.retry_delay_seconds for task in tasks()}
"""Before this file has them wait no time."""


def test_every_task_waits_two_seconds_before_it_is_tried_again() -> None:
    assert len(SECONDS) > 8
    assert set(SECONDS.values()) == {2}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """How often a task is tried is what matters here, not how long it waits in between."""
    for task in tasks():
        monkeypatch.setattr(task, "retry_delay_seconds", 0)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Let a function fail the first times it is called; gives the list of its calls."""

    def fail(module: Any, name: str, error: Exception, times: int = 1) -> list[int]:
        calls: list[int] = []
        real = getattr(module, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            calls.append(len(calls))
            if len(calls) <= times:
                raise error
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, call)
        return calls

    return fail


@pytest.mark.parametrize(
    ("module", "name", "error"),
    [
        ("runs", "prepare_all", OSError(5, "Input/output error")),
        ("recording", "record_batch", AWAY),
        ("count_orders", "standing_run", AWAY),
        ("count_orders", "check_landed", duckdb.IOException("the file could not be read")),
        ("runs", "count_all", OSError(5, "Input/output error")),
        ("loading", "load_run", AWAY),
    ],
)
def test_a_run_completes_though_the_disk_or_the_warehouse_fails_once(
    landed: Land, failing: Callable[..., list[int]], url: str, module: str, name: str, error: Exception
) -> None:
    from pipelines import count_orders, loading, recording, runs

    landed()
    calls = failing(
        {"runs": runs, "recording": recording, "loading": loading, "count_orders": count_orders}[module], name, error
    )
    ran = count_orders.count_orders(QUESTION, *QUARTER)
    assert (ran.answer.value, len(calls)) == (1, 2)
    with open_warehouse(url) as warehouse:
        assert [r.state for r in warehouse_status(warehouse).last_runs] == ["completed"]


def test_a_stopped_run_is_recorded_though_the_warehouse_is_away_at_that_moment(
    landed: Land, failing: Callable[..., list[int]], url: str
) -> None:
    from pipelines import count_orders

    landed("ST19501 ")  # a code that no reader of ours lets through
    failing(count_orders, "record_stopped_run", AWAY)
    with pytest.raises(ExceptionGroup, match="did not pass their checks"):
        count_orders.count_orders(QUESTION, *QUARTER)
    with open_warehouse(url) as warehouse:
        assert [r.state for r in warehouse_status(warehouse).last_runs] == ["stopped"]


def test_what_does_not_pass_is_tried_three_times_and_then_said(landed: Land, failing: Callable[..., list[int]]) -> None:
    from pipelines import count_orders, loading

    landed()
    calls = failing(loading, "load_run", AWAY, times=9)
    with pytest.raises(LoadError, match="did not answer in time"):
        count_orders.count_orders(QUESTION, *QUARTER)
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("module", "name", "error"),
    [
        ("runs", "prepare_all", TransformError("no such breakdown")),
        ("runs", "prepare_all", ExtractError("the records were landed with another key")),
        ("runs", "failed_examples", TypeError("a fault of the program")),
        ("loading", "load_run", LoadError("the user or the password was refused")),
        ("loading", "load_run", ExceptionGroup("two", [AWAY, LoadError("and one that stays")])),
    ],
)
def test_what_a_person_has_to_mend_is_tried_once(
    landed: Land, failing: Callable[..., list[int]], module: str, name: str, error: Exception
) -> None:
    from pipelines import count_orders, loading, runs

    landed()
    calls = failing({"runs": runs, "loading": loading}[module], name, error, times=9)
    with pytest.raises(type(error)):
        count_orders.count_orders(QUESTION, *QUARTER)
    assert len(calls) == 1


@pytest.mark.parametrize(
    "address", ["no address at all", "mysql://clerk@127.0.0.1/statistics", "postgresql://clerk@127.0.0.1:port/w"]
)
def test_a_mistyped_address_of_the_warehouse_is_tried_once(
    landed: Land, address: str, failing: Callable[..., list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines import count_orders, recording

    landed()
    calls = failing(recording, "open_warehouse", AWAY, times=0)
    monkeypatch.setenv("COURTSTATS_WAREHOUSE_URL", address)
    with pytest.raises(LoadError):
        count_orders.count_orders(QUESTION, *QUARTER)
    assert len(calls) == 1


@pytest.fixture
def cut(tmp_path: Path) -> list[str]:
    """A file that is set aside when it is landed."""
    file = tmp_path / "cut.xml"
    file.write_text("<DeliverRequest>")
    return [str(file)]


def test_a_landing_completes_once_though_the_disk_fails_at_its_commit(
    cut: list[str], failing: Callable[..., list[int]]
) -> None:
    from extract import landing
    from pipelines.land_hearings import land_hearings

    calls = failing(landing.appending, "commit", OSError(28, "No space left on device"))
    done = land_hearings(cut)
    assert (done.landing.batch, len(calls)) == (1, 2)
    assert [b.refused for b in store.summaries(load_settings().store)] == [{"malformed-xml": 1}]


def test_a_landing_is_recorded_though_the_warehouse_fails_once(
    cut: list[str], failing: Callable[..., list[int]], url: str
) -> None:
    from pipelines import recording
    from pipelines.land_hearings import land_hearings

    failing(recording, "open_warehouse", AWAY)
    land_hearings(cut)
    with open_warehouse(url) as warehouse:
        assert warehouse_status(warehouse).rows["landed_batch"] == 1


def test_a_landing_that_the_store_refuses_is_tried_once(cut: list[str], failing: Callable[..., list[int]]) -> None:
    from pipelines import landings
    from pipelines.land_hearings import land_hearings

    calls = failing(landings, "land_files", ExtractError("held with another declared filter"), times=9)
    with pytest.raises(ExtractError, match="another declared filter"):
        land_hearings(cut)
    assert len(calls) == 1


def test_an_unexpected_error_while_reading_is_tried_once_and_its_message_reaches_no_log(
    cut: list[str], failing: Callable[..., list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    """Prefect keeps the message of what a task raises, and that of a failed conversion repeats the value."""
    from prefect.client.orchestration import get_client

    from pipelines import landings
    from pipelines.land_hearings import land_hearings

    value = " ".join(["Made-up", "Name"])
    calls = failing(landings, "land_files", ValueError(f"could not convert {value}"), times=9)
    with pytest.raises(UnexpectedError, match="ValueError") as raised:
        land_hearings(cut)
    assert len(calls) == 1
    shown = "".join(traceback.format_exception(raised.value))
    assert "in land_records" in shown  # where it happened is still shown
    assert "UnexpectedError" in caplog.text
    with get_client(sync_client=True) as client:
        messages = [str(r.state and r.state.message) for r in client.read_flow_runs() + client.read_task_runs()]
    assert any("ValueError" in m for m in messages)
    assert value not in shown + caplog.text + "".join(messages)
