"""The state of quality is the same on both databases, and on PostgreSQL an account of operations may read it."""

import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

from load.warehouse import open_warehouse, record_batch, record_stopped_run
from pipelines.quality import quality_state
from pipelines.settings import load_settings

ROLES = (Path(__file__).resolve().parents[2] / "sql" / "warehouse" / "roles.sql").read_text(encoding="utf-8")
CODE = "landed.offence-code-well-formed"


@pytest.fixture
def filled(url: str, sample) -> str:
    """A landing that passed, a run that was completed, and the same again stopped by a critical check."""
    with open_warehouse(url, clock=lambda: sample.when) as warehouse:
        passed = sample.check(gate="landed", rule=CODE, severity="critical", segment="source=police")
        record_batch(warehouse, sample.batch(), [passed])
        sample.load(warehouse)
        failed = replace(passed, outcome="failed", unexpected=1)
        later = replace(warehouse, clock=lambda: sample.when + timedelta(hours=1))
        record_stopped_run(later, sample.version(), sample.run(), "made for a test", [failed])
    return url


def state(url: str, home: Path, sample):
    settings = load_settings({"COURTSTATS_HOME": str(home), "COURTSTATS_WAREHOUSE_URL": url})
    return quality_state(settings, as_at=sample.when + timedelta(days=30))


def test_issues_runs_and_sources_are_read_on_both_databases(filled: str, tmp_path: Path, sample) -> None:
    found = state(filled, tmp_path, sample)
    run = sample.run()
    assert found.verdict == "held back"
    (issue,) = [i for i in found.issues if i.critical]
    assert (issue.rule, issue.subject) == (CODE, f"question:{run.question};unit={run.unit};period={run.period}")
    assert [(r.state, r.stop_reason) for r in found.runs] == [("stopped", "made for a test"), ("completed", None)]
    assert [s.name for s in found.sources] == [sample.batch().source_name]
    assert [v.landings for v in found.volumes] == [1]
    (funnel,) = found.funnels
    assert funnel.period == run.period


def test_operations_may_read_it_without_how_figures_were_reached(filled: str, tmp_path: Path, sample) -> None:
    """Their role reads runs, landings and checks; the steps of an answer are figures, so there is no funnel for it."""
    if not filled.startswith("postgresql"):
        pytest.skip("a SQLite file has no roles")
    login = f"ops_{uuid.uuid4().hex[:12]}"
    admin = create_engine(make_url(filled), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {login} LOGIN")
        connection.exec_driver_sql(ROLES.replace("%", "%%"))
        connection.exec_driver_sql(f"GRANT courtstats_ops TO {login}")
    try:
        theirs = make_url(filled).set(username=login).render_as_string(hide_password=False)
        found, whole = state(theirs, tmp_path, sample), state(filled, tmp_path, sample)
        assert found.issues == whole.issues
        assert found.runs == tuple(replace(run, attrition=()) for run in whole.runs)
        assert (len(whole.funnels), found.funnels) == (1, ())
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP OWNED BY {login}")
            connection.exec_driver_sql(f"DROP ROLE {login}")
        admin.dispose()
