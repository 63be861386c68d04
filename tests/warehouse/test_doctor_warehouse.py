"""What `courtstats doctor` says of a warehouse, on both databases."""

from dataclasses import replace

import pytest

from load.contract import LoadError
from load.warehouse import open_warehouse
from pipelines import doctor_warehouse
from pipelines.doctor_findings import FAULT
from pipelines.settings import load_settings


@pytest.fixture
def settings(url, tmp_path):
    return replace(load_settings({"COURTSTATS_HOME": str(tmp_path / "home")}), warehouse_url=url)


def test_a_warehouse_in_order_has_nothing_to_mend(warehouse, settings, sample):
    sample.load(warehouse)
    checks = (doctor_warehouse.warehouse, doctor_warehouse.both, doctor_warehouse.audit_log)
    found = [one for check in checks for one in check(settings)]
    assert [one for one in found if one.state == FAULT] == []
    said = {one.name: one.seen for one in found}
    assert "schema" in said["warehouse"]
    if warehouse.engine.dialect.name == "postgresql":
        assert said["database server"].startswith("PostgreSQL ")
        assert "add rows" in said["rights"]
    else:
        assert said["warehouse file"] == "not damaged, write-ahead log"


def test_an_empty_database_is_a_warning_and_stays_empty(settings, url):
    if url.startswith("sqlite"):
        assert [one.state for one in doctor_warehouse.warehouse(settings)] == ["ok"]
        return
    for _ in range(2):
        (one,) = doctor_warehouse.warehouse(settings)
        assert (one.state, "it has no tables yet" in one.seen) == ("warning", True)


def test_a_missing_view_is_a_fault(url, settings):
    with open_warehouse(url) as warehouse, warehouse.engine.begin() as connection:
        connection.exec_driver_sql("DROP VIEW run_log")
    (one,) = doctor_warehouse.warehouse(settings)
    assert (one.state, "run_log missing" in one.seen) == (FAULT, True)


def test_a_newer_schema_is_refused_with_advice(url, settings):
    with open_warehouse(url) as warehouse, warehouse.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE warehouse_revision SET version_num = '0999'")
    with pytest.raises(LoadError, match="Install the newer version"):
        list(doctor_warehouse.warehouse(settings))


def test_a_clock_behind_the_newest_run_is_a_fault(warehouse, settings, sample, monkeypatch):
    sample.load(warehouse)

    class Behind(doctor_warehouse.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2019, 1, 1, tzinfo=tz)

    monkeypatch.setattr(doctor_warehouse, "datetime", Behind)
    found = list(doctor_warehouse.clock(settings))
    assert found[0].state == FAULT
    assert "newest run was stored" in found[0].seen
