"""A check that fails stops the flow that it belongs to, on what it is asked about and nothing else."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from expectations.contract import GateError
from load.reading import current_figures, warehouse_status
from load.warehouse import open_warehouse
from pipelines.settings import DEFINITIONS

QUESTION = "stalking-protection-orders"
QUARTER = (date(2020, 1, 1), date(2020, 3, 31))
pytestmark = [pytest.mark.xdist_group("flows"), pytest.mark.usefixtures("prefect_url")]
Land = Callable[..., None]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """One database will do here; test_flows_on_both_databases.py has both."""
    return f"sqlite:///{tmp_path / 'warehouse.db'}"


def test_figures_that_do_not_add_up_are_not_loaded(landed: Land, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second gate: the engine is made to give one case too many in a month."""
    from pipelines import count_orders as flow

    landed()
    count = flow.runs.count_all

    def wrong(*asked: object) -> object:
        (answer,) = count(*asked)  # type: ignore[arg-type]
        cells = [replace(f, value=f.value + 1) if f.cell and f.value is not None else f for f in answer.figures]
        return [replace(answer, figures=tuple(cells))]

    monkeypatch.setattr(flow.runs, "count_all", wrong)
    with pytest.raises(ExceptionGroup) as stopped:
        flow.count_orders(QUESTION, *QUARTER)
    assert stopped.group_contains(GateError, match="add up")
    with open_warehouse(url) as warehouse:
        assert current_figures(warehouse, QUESTION) == []
        assert [r.state for r in warehouse_status(warehouse).last_runs] == ["stopped"]


def test_a_landing_with_a_critical_fault_is_recorded_and_ends_in_an_error(
    landed: Land, tmp_path: Path, url: str
) -> None:
    from pipelines.land_hearings import land_hearings

    landed("ST19501 ")  # a code that no reader of ours lets through
    cut = tmp_path / "cut.xml"
    cut.write_text("<DeliverRequest>")
    with pytest.raises(ExceptionGroup) as stopped:
        land_hearings([str(cut)])
    assert stopped.group_contains(GateError, match="offence-code-well-formed")
    with open_warehouse(url) as warehouse:
        assert warehouse_status(warehouse).rows["landed_batch"] == 2


def test_a_fault_received_later_does_not_stop_a_count_as_known_before(landed: Land) -> None:
    from pipelines.count_orders import count_orders

    landed(day=1)
    landed("ST19501 ", day=5)
    known = datetime(2020, 4, 2, tzinfo=UTC)
    assert count_orders(QUESTION, *QUARTER, as_known_at=known).answer.value == 1
    with pytest.raises(ExceptionGroup):
        count_orders(QUESTION, *QUARTER)


def test_when_a_hold_ends_the_same_question_is_a_new_run(
    landed: Land, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only time has passed: neither the definition nor the records have changed."""
    from pipelines import count_orders as flow

    shutil.copytree(DEFINITIONS, tmp_path / "sql")
    file = tmp_path / "sql" / "questions" / f"{QUESTION}.toml"
    hold = '[[hold]]\nperiod = "2020Q1"\nuntil = 2999-01-01T09:30:00+00:00\nbasis = "made for a test"\n\n'
    file.write_text(file.read_text().replace("[[note]]", hold + "[[note]]", 1))
    monkeypatch.setenv("COURTSTATS_DEFINITIONS", str(tmp_path / "sql"))
    landed()
    held = flow.count_orders(QUESTION, *QUARTER)

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2999, 1, 1, 9, 30, tzinfo=UTC)

    monkeypatch.setattr(flow, "datetime", Later)
    after = flow.count_orders(QUESTION, *QUARTER)
    assert (held.answer.value, held.answer.status) == (None, "held")
    assert (after.answer.value, after.already_there) == (1, False)
