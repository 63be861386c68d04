"""What was missed is begun once, for the latest due period, on a real Prefect server; nothing is served here."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.deployments.runner import RunnerDeployment
from prefect.flow_engine import run_flow
from prefect.states import Completed, Crashed, Running, Scheduled

from pipelines.catching_up import Seen, catch_up, look, overtaken
from pipelines.due import COUNT, LAND, MOST_TRIES, Attempt, Due, due_outcomes
from pipelines.settings import DEFINITIONS, Settings, load_settings

QUESTION, SOURCE = "stalking-protection-orders", "libra"
NOW = datetime(2020, 4, 7, 12, 0, tzinfo=UTC)  # a Tuesday: the question was due on Monday at six in London
DUE_AT = datetime(2020, 4, 6, 5, 0, tzinfo=UTC)
pytestmark = [pytest.mark.xdist_group("flows"), pytest.mark.usefixtures("prefect_url")]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """SQLite will do: what is tested is what is begun."""
    return f"sqlite:///{tmp_path / 'warehouse.db'}"


@pytest.fixture
def client(prefect_url: str) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as found:
        yield found


@pytest.fixture
def site(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """One question, and no source unless a test describes one."""
    folder = tmp_path / "sql"
    shutil.copytree(DEFINITIONS, folder)
    for file in (folder / "questions").glob("*.toml"):
        if file.stem != QUESTION:
            file.unlink()
    monkeypatch.setenv("COURTSTATS_DEFINITIONS", str(folder))
    return load_settings()


@pytest.fixture
def deployed(client: SyncPrefectClient) -> Iterator[Callable[[Any, str], Any]]:
    """Make Prefect know a deployment; it is gone after the test."""
    made = []

    def deploy(flow: Any, name: str) -> Any:
        asked = {"question" if name == QUESTION else "source": name}
        made.append(RunnerDeployment.from_flow(flow, name=name, parameters=asked).apply())
        return made[-1]

    yield deploy
    for one in made:
        client.delete_deployment(one)


@pytest.fixture
def counting(deployed: Callable[[Any, str], Any]) -> Any:
    from pipelines.count_orders import count_orders

    return deployed(count_orders, QUESTION)


def standings(seen: Seen) -> dict[str, str]:
    return {due.name: how for due, how in seen.found}


def runs(client: SyncPrefectClient, deployment: Any) -> list[Any]:
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId

    return client.read_flow_runs(deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])))


def test_before_anything_was_landed_no_question_is_due(
    client: SyncPrefectClient, site: Settings, counting: Any
) -> None:
    assert look(client, site, NOW).found == ()


def test_what_prefect_has_no_deployment_of_is_not_due(
    client: SyncPrefectClient, site: Settings, landed: Callable[..., None]
) -> None:
    """A site that runs by hand is never told that a run is overdue."""
    landed()
    assert look(client, site, NOW).found == ()


def test_a_missed_run_is_begun_once_for_the_time_at_which_it_was_due(
    client: SyncPrefectClient, site: Settings, landed: Callable[..., None], counting: Any
) -> None:
    """However often it is looked, and though a hundred Mondays were missed."""
    landed()
    for _ in range(3):
        seen = look(client, site, NOW)
        catch_up(client, seen, NOW)
        catch_up(client, seen, NOW)  # two processes that saw the same
    (run,) = runs(client, counting)
    assert run.expected_start_time.timestamp() == DUE_AT.timestamp()
    assert standings(look(client, site, NOW)) == {QUESTION: "waiting"}


def test_prefects_own_scheduler_has_ten_seconds_to_make_a_due_run(
    client: SyncPrefectClient, site: Settings, landed: Callable[..., None], counting: Any
) -> None:
    landed()
    for seconds, begun in ((9, 0), (10, 1)):
        at = DUE_AT + timedelta(seconds=seconds)
        assert len(catch_up(client, look(client, site, at), at)) == begun


def test_a_run_that_is_killed_is_begun_again_until_it_is_given_up(
    client: SyncPrefectClient, site: Settings, landed: Callable[..., None], counting: Any
) -> None:
    landed()
    for tries in range(1, MOST_TRIES + 1):
        assert [due.at for due in catch_up(client, look(client, site, NOW), NOW)] == [DUE_AT]
        assert len(runs(client, counting)) == tries
        (open_run,) = [run for run in runs(client, counting) if not run.state.is_final()]
        client.set_flow_run_state(open_run.id, Running(), force=True)
        assert standings(look(client, site, NOW)) == {QUESTION: "running"}
        client.set_flow_run_state(open_run.id, Crashed(message="killed"), force=True)
    seen = look(client, site, NOW)
    assert standings(seen) == {QUESTION: "given up"}
    assert catch_up(client, seen, NOW) == []
    overdue = [o for o in due_outcomes(seen.found, seen.attempts, NOW) if o.outcome == "failed"]
    assert [(o.rule, o.segment) for o in overdue] == [("watched.run-overdue", f"deployment={QUESTION}")]


def test_a_period_that_was_loaded_by_hand_is_not_made_again(
    client: SyncPrefectClient, site: Settings, landed: Callable[..., None], counting: Any
) -> None:
    """The warehouse says so, not Prefect; records that were landed before the due time make it due again."""
    from pipelines.count_orders import count_orders

    landed()
    now = datetime.now(UTC)
    ((due, how),) = look(client, site, now).found
    assert how == "missing"
    assert due.period is not None
    count_orders(QUESTION, due.period.first, due.period.last)
    assert standings(look(client, site, now)) == {QUESTION: "made"}


def test_missed_landings_are_made_before_missed_counts(
    client: SyncPrefectClient,
    site: Settings,
    landed: Callable[..., None],
    counting: Any,
    deployed: Callable[[Any, str], Any],
    tmp_path: Path,
) -> None:
    """What they bring belongs in the counts."""
    from pipelines.land_hearings import land_hearings

    landed()
    landing = deployed(land_hearings, SOURCE)
    (tmp_path / "in").mkdir()
    site.sources.write_text(
        f'schema = "courtstats/sources@1"\n[source.{SOURCE}]\nkind = "spi"\nlocation = "{tmp_path / "in"}"\n'
        'schedule = "0 5 * * *"\n'
    )
    assert [(due.flow, due.name) for due in catch_up(client, look(client, site, NOW), NOW)] == [(LAND, SOURCE)]
    (run,) = runs(client, landing)
    client.set_flow_run_state(run.id, Running(), force=True)
    assert catch_up(client, look(client, site, NOW), NOW) == []
    client.set_flow_run_state(run.id, Completed(), force=True)
    assert [(due.flow, due.name) for due in catch_up(client, look(client, site, NOW), NOW)] == [(COUNT, QUESTION)]


def test_what_a_schedule_still_has_waiting_of_earlier_times_is_dropped() -> None:
    """Runs that a person made stay."""
    due = Due(COUNT, "q", DUE_AT, None)
    old = Attempt("1", COUNT, "q", DUE_AT - timedelta(days=7), "waiting", automatic=True)
    kept = (
        replace(old, id="2", automatic=False),
        replace(old, id="3", due_at=DUE_AT),
        replace(old, id="4", state="lost"),
    )
    assert overtaken(Seen(((due, "missing"),), (*kept, old), {})) == [old]


@pytest.mark.parametrize(("tags", "state"), [(["auto-scheduled"], "PassedOver"), ([], "Completed")])
def test_a_scheduled_run_that_is_overtaken_by_the_next_ends_without_counting(
    client: SyncPrefectClient, site: Settings, landed: Callable[..., None], tags: list[str], state: str
) -> None:
    """Years late; the same run made by a person for that time counts."""
    from load.reading import warehouse_status
    from load.warehouse import open_warehouse
    from pipelines.count_orders import count_orders

    landed()
    asked = {"question": QUESTION}
    planned = client.create_flow_run(count_orders, parameters=asked, state=Scheduled(scheduled_time=DUE_AT), tags=tags)
    ended = run_flow(count_orders, flow_run=planned, parameters=asked, return_type="state")
    assert ended.name == state
    with open_warehouse(site.warehouse_url) as warehouse:
        assert warehouse_status(warehouse).rows["run"] == (0 if tags else 1)
