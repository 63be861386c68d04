"""`courtstats land --source NAME` for every kind of source: landed, checked and recorded by the flow, once."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from sqlalchemy import create_engine, make_url, text

from extract import store
from load.reading import warehouse_status
from load.warehouse import open_warehouse
from pipelines.synthetic import write_demo

_spec = importlib.util.spec_from_file_location("named_sources", Path(__file__).parents[1] / "named_sources.py")
assert _spec and _spec.loader
named = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(named)

pytestmark = [pytest.mark.xdist_group("flows"), pytest.mark.usefixtures("prefect_url")]
SECRET = "marked-as-secret-9f3b"
LIVE = named.LIVE.replace('"hearing_result"', '"results.hearing_result"').replace("2020-03-31", "2020-01-31")
FEED = """
[source.feed]
kind = "common-platform"
location = "cp"
"""
SOURCES = named.HEAD + named.MESSAGES + named.EXTRACT + FEED + LIVE + named.CHANGED_AT
HEARING = {
    "sharedTime": "2020-02-03T12:00:00.000Z",
    "hearingDay": "2020-02-03",
    "hearing": {
        "id": "11111111-1111-4111-8111-111111111111",
        "jurisdictionType": "MAGISTRATES",
        "courtCentre": {"id": "22222222-2222-4222-8222-222222222222", "code": "B01LY00"},
        "hearingDays": [{"sittingDay": "2020-02-03T10:00:00.000Z"}],
        "courtApplications": [],
        "prosecutionCases": [],
    },
}
"""A made hearing of which nothing is left."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a source of each kind."""
    home, demo = tmp_path / "home", tmp_path / "demo"
    write_demo(demo)
    named.deliver(demo, home, 5)
    (home / "cp").mkdir()
    (home / "cp" / "hearing.json").write_text(json.dumps(HEARING), encoding="utf-8")
    (home / "live.toml").write_text(named.LIVE_MAPPING, encoding="utf-8")
    (home / "sources.toml").write_text(SOURCES, encoding="utf-8")
    return home


@pytest.fixture
def live(postgresql_server: str) -> str:
    """The address of a real PostgreSQL with one result in it; a mark in the address stands for its password."""
    made = create_engine(postgresql_server)
    with made.begin() as con:
        con.execute(text("drop schema if exists results cascade"))
        con.execute(text("create schema results"))
        con.execute(
            text(
                "create table results.hearing_result (case_no text, heard date, offence text, result text, "
                "updated_at timestamptz)"
            )
        )
        con.execute(text("insert into results.hearing_result values ('c1', '2020-01-20', 'ST19501', '3307', now())"))
    made.dispose()
    address = make_url(postgresql_server).update_query_dict({"application_name": SECRET})
    return address.render_as_string(hide_password=False)


def test_every_kind_of_source_is_landed_checked_and_recorded_once(home: Path, live: str, command: Callable) -> None:
    """By the flow, and by the command, which runs it."""
    from pipelines.land_hearings import land_hearings

    secret = {"COURTSTATS_SECRET_LIVE_URL": live}
    names = ("libra", "synthetic-mi-extract", "feed", "live")
    for number, name in enumerate(names[:3], 1):
        ran = land_hearings(source=name, home=str(home))
        assert (ran.landing.batch, ran.landing.source_name) == (number, name)
        assert not [check for check in ran.checks if check.outcome != "passed"]
    done = command("land", "--source", "live", "--json", home=home, **secret)
    assert done.code == 0, done.err
    landing = json.loads(done.out)
    assert (landing["batch"], landing["source_name"]) == (4, "live"), done.err
    failed = {check["rule"] for check in landing["checks"] if check["outcome"] != "passed"}
    missing = {"landed.court-known", "landed.defendant-known", "landed.force-from-reference"}
    assert failed == missing, "the table has no such columns"
    assert SECRET not in done.out + done.err
    again = command("land", "--source", "live", home=home, **secret)
    assert (again.code, again.out) == (0, "Nothing new.\n")
    assert [one.source_name for one in store.summaries(home / "records")] == list(names)
    with open_warehouse(f"sqlite:///{home / 'warehouse.db'}") as warehouse:
        assert warehouse_status(warehouse).rows["landed_batch"] == len(names)
    listed = json.loads(command("sources", "--json", home=home).out)["sources"]
    assert [one["last_landing"]["batch"] for one in listed] == [1, 2, 3, 4]


def test_no_secret_gets_into_what_is_kept_or_into_prefect(
    home: Path, live: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not from a landing that works, not from one that fails."""
    from pipelines.land_hearings import land_hearings

    monkeypatch.setenv("COURTSTATS_HOME", str(home))
    monkeypatch.setenv("COURTSTATS_SECRET_LIVE_URL", live)
    assert land_hearings(source="live").landing.batch == 1
    broken = SOURCES.replace("results.hearing_result", "results.no_such_table")
    (home / "sources.toml").write_text(broken, encoding="utf-8")
    with pytest.raises(Exception, match="no_such_table"):
        land_hearings(source="live")
    assert not [p for p in home.rglob("*") if p.is_file() and SECRET.encode() in p.read_bytes()]
    with get_client(sync_client=True) as client:
        runs, tasks, logs = client.read_flow_runs(), client.read_task_runs(), client.read_logs()
    told = " ".join(one.model_dump_json() for one in (*runs, *tasks, *logs))
    assert "no_such_table" in told
    assert SECRET not in told
