"""Rights on PostgreSQL (sql/warehouse/roles.sql), found out by trying as a login of each group.

The loader adds and changes nothing; the analyst reads figures, ops reads runs and the log; nobody changes a row.
"""

import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from load import audit, quality
from load.connecting import connect, reading
from load.contract import LoadError
from load.run_numbers import figures_of_run
from load.schema import REVISION_TABLE, metadata
from load.views import VIEWS
from load.warehouse import current_figures, open_warehouse, record_batch, run_details, warehouse_status
from pipelines import doctor_warehouse
from pipelines.doctor_findings import FAULT
from pipelines.reproducing import asked_runs
from pipelines.settings import load_settings

ROLES = (Path(__file__).resolve().parents[2] / "sql" / "warehouse" / "roles.sql").read_text(encoding="utf-8")
GROUPS = ("loader", "analyst", "ops")
TABLES = tuple(table.name for table in metadata.sorted_tables)
EVERYTHING = (*TABLES, REVISION_TABLE, *VIEWS)
READABLE = {
    "loader": set(EVERYTHING),
    "analyst": {*EVERYTHING} - {"audit_entry", "run_log", "check_result", "landed_batch", "inspection", "alert_sent"},
    "ops": {"run_log", "check_result", "landed_batch", "inspection", "alert_sent", "audit_entry", REVISION_TABLE},
    "nobody": set(),
}
"""What each may read whole; of `run`, ops may read every column but the value, what goes with it, and the salt."""
REFUSED, NOT_LET_IN, NO_SUCH_VERB_ON_A_VIEW = "42501", "not let in", "55000"


@pytest.fixture
def places(postgresql_server, sample):
    """A warehouse with a run in it, owned by a role that is no superuser, and an address for a login of each group."""
    server = make_url(postgresql_server)
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    mark = uuid.uuid4().hex[:12]
    logins = {name: f"{name}_{mark}" for name in ("owner", *GROUPS, "nobody")}
    with admin.connect() as connection:
        for name, login in logins.items():
            more = "CREATEROLE" if name == "owner" else ""
            connection.exec_driver_sql(f"CREATE ROLE {login} LOGIN {more}")
        connection.exec_driver_sql(f"CREATE DATABASE w{mark} OWNER {logins['owner']}")
    found = {
        name: server.set(database=f"w{mark}", username=login).render_as_string(hide_password=False)
        for name, login in logins.items()
    }
    with admin.connect() as connection:
        inside = create_engine(server.set(database=f"w{mark}"), isolation_level="AUTOCOMMIT")
        with inside.connect() as there:
            there.exec_driver_sql(f"ALTER SCHEMA public OWNER TO {logins['owner']}")
        inside.dispose()
        with open_warehouse(found["owner"], who="the owner", clock=lambda: sample.when) as warehouse:
            record_batch(warehouse, sample.batch(), [sample.check(gate="after-landing")])
            sample.load(warehouse)
        apply(server.set(database=f"w{mark}"))
        for name in GROUPS:
            connection.exec_driver_sql(f"GRANT courtstats_{name} TO {logins[name]}")
    yield found
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE w{mark} WITH (FORCE)")
        for login in logins.values():
            connection.exec_driver_sql(f"DROP ROLE {login}")
    admin.dispose()


def apply(address):
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.exec_driver_sql(ROLES.replace("%", "%%"))
    engine.dispose()


def refused(url, statement):
    """The code with which the database refuses a statement; `None` where it does not."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
    except DBAPIError as error:
        return error.orig.sqlstate or NOT_LET_IN
    finally:
        engine.dispose()
    return None


@pytest.mark.parametrize("name", [*GROUPS, "nobody"])
def test_each_reads_what_is_its_own_and_nothing_else(places, name):
    readable = {table for table in EVERYTHING if refused(places[name], f"SELECT * FROM {table} LIMIT 1") is None}
    assert readable == READABLE[name]


@pytest.mark.parametrize("name", [*GROUPS, "nobody"])
def test_nobody_but_the_loader_adds_a_row_and_nobody_changes_one(places, name):
    """Every verb on every table and view, by trying."""
    for table in EVERYTHING:
        column = first_column(table)
        verbs = {
            "UPDATE": f"UPDATE {table} SET {column} = {column}",
            "DELETE": f"DELETE FROM {table}",
            "TRUNCATE": f"TRUNCATE {table} CASCADE",
            "ALTER": f"ALTER TABLE {table} ADD COLUMN more text",
            "DROP": f"DROP TABLE {table} CASCADE" if table not in VIEWS else f"DROP VIEW {table}",
            "TRIGGER": f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        }
        let = [verb for verb, statement in verbs.items() if refused(places[name], statement) is None]
        assert let == [], table
        added = refused(places[name], f"INSERT INTO {table} DEFAULT VALUES")
        no = {REFUSED, NOT_LET_IN, NO_SUCH_VERB_ON_A_VIEW}
        assert (added not in no) == (name == "loader" and table in TABLES), table
    for kind in ("", "TEMPORARY"):
        assert refused(places[name], f"CREATE {kind} TABLE another (n integer)") in (REFUSED, NOT_LET_IN)


def first_column(table):
    return (
        next(iter(metadata.tables[table].c.keys()))
        if table in metadata.tables
        else ("version_num" if table == REVISION_TABLE else "run_id")
    )


@pytest.mark.parametrize("verb", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("table", TABLES)
def test_not_even_the_owner_changes_a_row(places_once, table, verb):
    column = first_column(table)
    assert refused(places_once, verb.format(table, column, column)) == "P0001"


@pytest.fixture(scope="module")
def places_once(postgresql_server):
    """An empty warehouse as its owner, for all of the module."""
    server = make_url(postgresql_server)
    name = f"w{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    address = server.set(database=name).render_as_string(hide_password=False)
    open_warehouse(address).dispose()
    yield address
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


def test_the_loader_lands_and_runs_with_its_rights_alone(places, sample):
    with open_warehouse(places["loader"], who="a loader", clock=lambda: sample.when) as warehouse:
        assert record_batch(warehouse, sample.batch(batch=2), [sample.check(gate="after-landing")])
        loaded = sample.load(warehouse, sample.run(newest_batch=2))
        assert loaded.run.vintage == 2
        assert not loaded.already_there
        assert run_details(warehouse, loaded.run.run_id).figures == sample.figures
        assert warehouse_status(warehouse).newest_batch.batch == 2
        audit.note(warehouse, "looked up", "a question")
        assert audit.verify(warehouse).faults == ()


def test_the_loader_inspects_and_alerts_and_ops_reads_what_was_measured_without_a_figure(places, sample):
    with open_warehouse(places["loader"], who="a loader", clock=lambda: sample.when) as warehouse:
        quality.record_inspection(warehouse, sample.when, 1, [sample.check(gate="watched")])
        quality.record_alert(warehouse, channel="mail", cause="c", state="opened", digest="d", issues=["1"])
        assert quality.past_counts(warehouse, "spo", "case")
    with open_warehouse(places["ops"]) as warehouse:
        assert {one.owner_kind for one in quality.measurements(warehouse)} == {"run", "landing", "inspection"}
        assert quality.failing_since(warehouse, "same-figures", "all", "") is None
        assert [one.run_id for one in quality.runs_of(warehouse)] == [1]
        assert list(quality.alerts_sent(warehouse)) == [("mail", "c")]
        for asked in (quality.attrition_shares, quality.past_counts):
            with pytest.raises(LoadError, match="no right"):
                asked(warehouse, "spo", "case")


def test_the_analyst_reads_the_figures_that_stand_through_view_and_program(places):
    with open_warehouse(places["analyst"]) as warehouse:
        assert [f.value for f in current_figures(warehouse, "spo")] == [27, 0]
        with reading(warehouse) as connection:
            assert connection.scalar(text("SELECT value FROM figure_history WHERE cell = '{}'")) == 27
        with pytest.raises(LoadError, match=r"no right to this \(audit_entry\). See .*courtstats warehouse roles"):
            audit.note(warehouse, "looked up", "a question")


def test_ops_reads_runs_and_the_log_but_no_value_of_a_figure(places):
    assert refused(places["ops"], "SELECT run_id, question, period, state, stop_reason FROM run") is None
    for column in ("value", "status", "weak_units", "incomplete_statements", "salt"):
        assert refused(places["ops"], f"SELECT {column} FROM run") == REFUSED
    with open_warehouse(places["ops"]) as warehouse:
        assert [one.action for one in audit.entries(warehouse)] == [
            "schema raised", "landed", "definition recorded", "ran",
        ]  # fmt: skip
        found = audit.verify(warehouse)
        assert (found.faults, found.figures_compared) == ((), False)


@pytest.mark.parametrize(
    ("name", "knows"),
    [
        ("analyst", {"run", "figure", "publication", "question_version"}),
        ("ops", {"run", "landed_batch", "inspection", "check_result", "alert_sent", "audit_entry"}),
    ],
)
def test_the_status_says_to_each_what_it_may_know(places, name, knows):
    with open_warehouse(places[name]) as warehouse:
        status = warehouse_status(warehouse, exact=False)
        assert set(status.rows) == knows
        (last,) = status.last_runs
        assert (last.run.question, last.run.period, last.state) == ("spo", "2020Q1", "completed")
        assert (last.run.value is None) == (name == "ops")
        assert (status.newest_batch is None) == (name == "analyst")


@pytest.mark.parametrize("name", ["loader", "analyst", "ops"])
def test_what_an_account_may_not_read_is_no_fault_of_the_warehouse(places, name, tmp_path):
    settings = replace(load_settings({"COURTSTATS_HOME": str(tmp_path / "home")}), warehouse_url=places[name])
    checks = (doctor_warehouse.warehouse, doctor_warehouse.audit_log, doctor_warehouse.clock)
    assert [one for check in checks for one in check(settings) if one.state == FAULT] == []
    said = {
        one.name: one.seen for check in (doctor_warehouse.audit_log, doctor_warehouse.both) for one in check(settings)
    }
    assert (said["audit log"] == "not for this account") == (name == "analyst")
    assert (said["records and warehouse"] == "not for this account") == (name == "analyst")


def test_an_analyst_may_count_a_run_again_and_operations_are_told_that_they_may_not(places):
    with open_warehouse(places["analyst"]) as warehouse:
        assert [one.run_id for one in asked_runs(warehouse, [1])] == [1]
        assert figures_of_run(warehouse, 1)
    with open_warehouse(places["ops"]) as warehouse, pytest.raises(LoadError) as told:
        asked_runs(warehouse, [1])
    assert "this account has no right to this" in str(told.value)
    assert str(told.value).endswith("courtstats warehouse roles.")


def test_roles_can_be_applied_any_number_of_times(places, postgresql_server):
    apply(make_url(postgresql_server).set(database=make_url(places["owner"]).database))
    assert refused(places["analyst"], "SELECT * FROM current_figure") is None


@pytest.mark.parametrize("name", ["loader", "analyst", "ops"])
def test_whoever_meets_an_older_schema_is_told_who_has_to_raise_it(places, name):
    owner = make_url(places["owner"])
    with connect(places["owner"]) as warehouse, warehouse.engine.begin() as connection:
        connection.execute(text(f"UPDATE {REVISION_TABLE} SET version_num = '0002'"))
    with pytest.raises(LoadError, match=f"schema is 0002.*may not raise it. Ask {owner.username} to run"):
        open_warehouse(places[name])


def test_who_may_not_make_tables_in_an_empty_database_is_told_so(places, postgresql_server):
    with connect(places["owner"]) as warehouse, warehouse.engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
        connection.exec_driver_sql("GRANT USAGE ON SCHEMA public TO courtstats_loader")
    with pytest.raises(LoadError, match="it has no tables yet, and this account may not make them"):
        open_warehouse(places["loader"])


NAMES = {column.name for table in metadata.sorted_tables for column in table.columns} | {
    "published_value",
    "known_to",
    "value_before",
    "value_after",
    "checks",
    "checks_not_passed",
    "version_num",
}


def test_no_table_or_view_has_a_column_for_a_case(warehouse):
    """Case keys and references stay in the records store: every column is one of a list that was looked through."""
    with warehouse.engine.connect() as connection:
        looked = inspect(connection)
        columns = {c["name"] for name in EVERYTHING for c in looked.get_columns(name)}
    assert columns <= NAMES
    assert not [n for n in columns if any(part in n for part in ("urn", "case", "defendant", "reference", "person"))]
