"""The flows themselves, on SQLite and on PostgreSQL: once each, stopped by a check, stopped by an example."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from load.contract import LoadError
from load.reading import current_figures, warehouse_status
from load.warehouse import open_warehouse
from pipelines.settings import DEFINITIONS, load_settings

QUESTION = "stalking-protection-orders"
QUARTER = (date(2020, 1, 1), date(2020, 3, 31))
pytestmark = [pytest.mark.xdist_group("flows"), pytest.mark.usefixtures("prefect_url")]
Land = Callable[..., None]


def faults(group: BaseException) -> list[str]:
    return [f for e in group.exceptions for f in faults(e)] if isinstance(group, ExceptionGroup) else [str(group)]


def test_a_run_is_loaded_once_and_says_so_the_second_time(landed: Land, url: str) -> None:
    from pipelines.count_orders import count_orders

    landed()
    first = count_orders(QUESTION, *QUARTER)
    again = count_orders(QUESTION, *QUARTER)
    assert (first.already_there, again.already_there) == (False, True)
    assert (first.answer, first.run_id) == (again.answer, again.run_id)
    with open_warehouse(url) as warehouse:
        assert warehouse_status(warehouse).rows["run"] == 1
        figures = {f.cell: f.value for f in current_figures(warehouse, QUESTION)}
    assert figures["{}"] == 1
    assert figures['{"month":"2020-02"}'] == 1
    assert figures['{"month":"2020-01"}'] is None  # nothing was landed for it: no figure, not zero


def test_a_critical_check_stops_the_run_and_a_later_statement_that_mends_it_releases_it(landed: Land, url: str) -> None:
    """Write, check, then count: a fault in the records of the period holds the figure back; what counts is checked."""
    from pipelines.count_orders import count_orders

    landed("ST19501 ", day=1)  # a code that no reader of ours lets through
    with pytest.raises(ExceptionGroup) as stopped:
        count_orders(QUESTION, *QUARTER)
    assert any("offence-code-well-formed" in fault for fault in faults(stopped.value))
    with open_warehouse(url) as warehouse:
        status = warehouse_status(warehouse)
        assert current_figures(warehouse, QUESTION) == []
        assert [(r.state, r.run.value) for r in status.last_runs] == [("stopped", None)]
        assert {c.check.rule for c in status.failed_checks} >= {"landed.offence-code-well-formed"}
    landed("ST19501", day=2)
    assert count_orders(QUESTION, *QUARTER).answer.value == 1


def test_a_dry_run_that_a_check_stops_leaves_no_trace(landed: Land, url: str) -> None:
    from pipelines.count_orders import count_orders

    landed("ST19501 ")
    with pytest.raises(ExceptionGroup):
        count_orders(QUESTION, *QUARTER, dry_run=True)
    with open_warehouse(url) as warehouse:
        rows = dict(warehouse_status(warehouse).rows)
        assert rows.pop("audit_entry") == 1  # the schema was made, by looking for the same run
        assert set(rows.values()) == {0}


def test_a_run_as_known_in_the_future_knows_no_more_and_does_not_outrank_later_ones(landed: Land, url: str) -> None:
    from pipelines.count_orders import count_orders

    landed(day=1)
    now = count_orders(QUESTION, *QUARTER)
    future = count_orders(QUESTION, *QUARTER, as_known_at=datetime(2099, 1, 1, tzinfo=UTC))
    assert future.already_there
    assert future.run_id == now.run_id
    landed(result="4506", day=2)
    assert count_orders(QUESTION, *QUARTER).answer.value == 0
    with open_warehouse(url) as warehouse:
        assert {f.cell: f.value for f in current_figures(warehouse, QUESTION)}["{}"] == 0


def test_a_warehouse_refuses_the_figures_of_another_records_store(landed: Land, home: Path) -> None:
    from pipelines.count_orders import count_orders

    landed()
    count_orders(QUESTION, *QUARTER)
    shutil.rmtree(home / "records")
    landed(result="4506")  # the same batch number and receipt, other records
    with pytest.raises(LoadError, match="Each records store needs a warehouse of its own"):
        count_orders(QUESTION, *QUARTER)


def test_figures_that_the_database_changes_on_the_way_in_are_not_loaded(landed: Land, url: str) -> None:
    """The third gate reads back what was written, before it becomes current."""
    if not url.startswith("sqlite"):
        pytest.skip("the tampering trigger is written for SQLite; the gate is the same code")
    from pipelines.count_orders import count_orders

    landed()
    open_warehouse(url).dispose()
    with create_engine(url).begin() as con:
        con.execute(
            text(
                "create trigger tamper after insert on figure when new.cell = '{}' begin "
                "insert into figure (run_id, question, unit, period, breakdown, cell, place, vintage, value, status, "
                "known_from) values (new.run_id, new.question, new.unit, new.period, '', '{\"x\":\"1\"}', 9, "
                "new.vintage, 5, 'counted', new.known_from); end"
            )
        )
    with pytest.raises(Exception, match="loaded"):
        count_orders(QUESTION, *QUARTER)
    with open_warehouse(url) as warehouse:
        assert current_figures(warehouse, QUESTION) == []
        assert [r.state for r in warehouse_status(warehouse).last_runs] == ["stopped"]


def test_a_failing_example_stops_the_run(
    landed: Land, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.count_orders import count_orders

    shutil.copytree(DEFINITIONS, tmp_path / "sql")
    file = tmp_path / "sql" / "questions" / f"{QUESTION}.toml"
    file.write_text(file.read_text().replace('expect = { "2020Q1" = 1 }', 'expect = { "2020Q1" = 9 }', 1))
    monkeypatch.setenv("COURTSTATS_DEFINITIONS", str(tmp_path / "sql"))
    landed()
    with pytest.raises(ExceptionGroup) as stopped:
        count_orders(QUESTION, *QUARTER)
    assert "SPO and Granted on one case is one case" in " ".join(faults(stopped.value))
    with open_warehouse(url) as warehouse:
        assert current_figures(warehouse, QUESTION) == []


def test_a_changed_definition_or_a_new_landing_is_a_new_run(
    landed: Land, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.count_orders import count_orders

    landed()
    first = count_orders(QUESTION, *QUARTER)
    shutil.copytree(DEFINITIONS, tmp_path / "sql")
    monkeypatch.setenv("COURTSTATS_DEFINITIONS", str(tmp_path / "sql"))
    assert count_orders(QUESTION, *QUARTER).already_there  # the same words elsewhere are the same definition
    codes = tmp_path / "sql" / "codelists" / "spo-granted.csv"
    codes.write_text(codes.read_text().rstrip("\n") + "\n9999,cjs,Made for a test,,,,test\n")
    second = count_orders(QUESTION, *QUARTER)
    landed(result="9999", day=5)
    third = count_orders(QUESTION, *QUARTER)
    assert len({first.run_id, second.run_id, third.run_id}) == 3


def test_a_held_period_has_no_value_anywhere(
    landed: Land, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.count_orders import count_orders

    shutil.copytree(DEFINITIONS, tmp_path / "sql")
    file = tmp_path / "sql" / "questions" / f"{QUESTION}.toml"
    hold = '[[hold]]\nperiod = "2020Q1"\nuntil = 2999-01-01T09:30:00+00:00\nbasis = "made for a test"\n\n'
    file.write_text(file.read_text().replace("[[note]]", hold + "[[note]]", 1))
    monkeypatch.setenv("COURTSTATS_DEFINITIONS", str(tmp_path / "sql"))
    landed()
    answer = count_orders(QUESTION, *QUARTER).answer
    assert (answer.value, answer.status, answer.attrition, answer.evidence) == (None, "held", (), ())
    assert any("made for a test" in note for note in answer.notes)
    with open_warehouse(url) as warehouse:
        assert {(f.value, f.status) for f in current_figures(warehouse, QUESTION)} == {(None, "held")}


def test_a_hold_set_after_a_figure_was_loaded_hides_it_too(
    landed: Land, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pipelines import figures_shown
    from pipelines.count_orders import count_orders

    landed()
    count_orders(QUESTION, *QUARTER)
    shutil.copytree(DEFINITIONS, tmp_path / "sql")
    file = tmp_path / "sql" / "questions" / f"{QUESTION}.toml"
    hold = '[[hold]]\nperiod = "2020-02"\nuntil = 2999-01-01T09:30:00+00:00\nbasis = "made for a test"\n\n'
    file.write_text(file.read_text().replace("[[note]]", hold + "[[note]]", 1))
    monkeypatch.setenv("COURTSTATS_DEFINITIONS", str(tmp_path / "sql"))
    capsys.readouterr()
    figures_shown.figures(load_settings(), QUESTION, None, as_json=True)
    shown = {json.dumps(f["cell"]): (f["value"], f["status"]) for f in json.loads(capsys.readouterr().out)["figures"]}
    assert shown["{}"] == (None, "held")
    assert shown['{"month": "2020-02"}'] == (None, "held")
    assert shown['{"month": "2020-03"}'] == (None, "no data")


def test_landings_are_recorded_with_their_checks_also_those_that_an_interrupted_flow_left(
    landed: Land, tmp_path: Path, url: str
) -> None:
    from pipelines.land_hearings import land_hearings

    landed()  # in the store, not in the warehouse: as if the flow had died in between
    broken = tmp_path / "cut.xml"
    broken.write_text("<DeliverRequest>")
    done = land_hearings([str(broken)])
    assert done.landing.refused == {"malformed-xml": 1}
    with open_warehouse(url) as warehouse:
        status = warehouse_status(warehouse)
    assert status.newest_batch is not None
    assert (status.newest_batch.batch, status.newest_batch.refused) == (2, 1)
    assert status.rows["landed_batch"] == 2
    assert status.rows["check_result"] > 0


def test_flow_results_can_be_shown_as_json(landed: Land, capsys: pytest.CaptureFixture[str]) -> None:
    from pipelines import reports
    from pipelines.count_orders import count_orders

    landed()
    reports.ran(load_settings(), count_orders(QUESTION, *QUARTER), as_json=True)
    assert json.loads(capsys.readouterr().out)["value"] == 1
