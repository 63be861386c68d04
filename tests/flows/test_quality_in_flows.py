"""A critical fault holds the figure back, `quality` says so, and a corrected landing and rerun release it.

Records are made and landed straight into the store; landings, counts and the warehouse are the real ones.
"""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from expectations.contract import GateError
from load.reading import current_figures
from load.warehouse import open_warehouse
from pipelines.quality import quality_state
from pipelines.quality_contract import QualityState
from pipelines.settings import load_settings

QUESTION = "stalking-protection-orders"
QUARTER = (date(2020, 1, 1), date(2020, 3, 31))
RULE = "landed.offence-code-well-formed"
pytestmark = [pytest.mark.xdist_group("flows"), pytest.mark.usefixtures("prefect_url")]
Land = Callable[..., None]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """One database will do here; what is read from the warehouse is tested on both elsewhere."""
    return f"sqlite:///{tmp_path / 'warehouse.db'}"


def state() -> QualityState:
    return quality_state(load_settings(), QUESTION)


def stand(url: str) -> list[int | None]:
    with open_warehouse(url) as warehouse:
        return [f.value for f in current_figures(warehouse, QUESTION) if not f.breakdown]


def test_a_critical_fault_holds_back_until_a_corrected_landing_and_a_rerun(
    landed: Land, home: Path, url: str, command: Callable[..., object]
) -> None:
    from pipelines.count_orders import count_orders

    landed("ST19501 ", day=1)  # a code that no reader of ours lets through
    with pytest.raises(ExceptionGroup) as stopped:
        count_orders(QUESTION, *QUARTER)
    assert stopped.group_contains(GateError, match="offence-code-well-formed")
    assert stand(url) == []  # nothing is current

    held = state()
    assert held.verdict == "held back"
    assert {i.rule for i in held.issues if i.critical} == {RULE}
    kept = {one for i in held.issues for one in i.holds_back}
    assert kept == {f"{QUESTION} 2020Q1 (case)", "every figure of hearings landed in batch 1 (spi)"}
    assert [(r.state, r.verdict) for r in held.runs] == [("stopped", "held back")]

    said = command("quality", QUESTION, home=home, COURTSTATS_WAREHOUSE_URL=url)
    assert (said.code, said.err) == (2, "")  # type: ignore[attr-defined]
    assert said.out.startswith("HELD BACK: ")  # type: ignore[attr-defined]
    assert "Holds back: stalking-protection-orders 2020Q1 (case)" in said.out  # type: ignore[attr-defined]
    told = json.loads(command("quality", "--json", home=home, COURTSTATS_WAREHOUSE_URL=url).out)  # type: ignore[attr-defined]
    assert (told["schema"], told["verdict"]) == ("courtstats/quality@1", "held back")

    landed("ST19501", day=5)  # the same hearing again, put right
    assert count_orders(QUESTION, *QUARTER).answer.value == 1
    assert stand(url) == [1]

    free = state()
    assert free.verdict != "held back"
    assert RULE not in {i.rule for i in free.issues}
    assert {i.id for i in free.resolved} >= {i.id for i in held.issues if i.critical}
    assert command("quality", QUESTION, home=home, COURTSTATS_WAREHOUSE_URL=url).code == 0  # type: ignore[attr-defined]


def test_a_run_that_an_unanswered_example_stops_is_an_issue_until_it_is_completed(
    landed: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No check failed, and yet there is no figure: that must not look fine."""
    from pipelines import count_orders as flow

    landed(day=1)
    with monkeypatch.context() as wrong:
        wrong.setattr(flow.runs, "failed_examples", lambda *_: ["made for a test"])
        with pytest.raises(ExceptionGroup):
            flow.count_orders(QUESTION, *QUARTER)
    held = state()
    assert (held.verdict, [i.rule for i in held.issues if i.critical]) == ("held back", ["run.stopped"])
    assert "an example of the definition" in held.issues[0].detail
    flow.count_orders(QUESTION, *QUARTER)
    assert state().verdict != "held back"


def test_a_landing_of_nothing_does_not_resolve_the_fault_of_the_landing_before(landed: Land, tmp_path: Path) -> None:
    from pipelines.land_hearings import land_hearings

    landed("ST19501 ")
    cut = tmp_path / "cut.xml"
    cut.write_text("<DeliverRequest>")
    with pytest.raises(ExceptionGroup):
        land_hearings([str(cut)])
    found = state()
    assert (found.verdict, [i.rule for i in found.issues if i.critical]) == ("held back", [RULE])
