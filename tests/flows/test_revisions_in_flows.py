"""Two runs of one question, one after the other and at once: why figures moved is stored, and neither run is lost.

A SQLite file is warehouse enough here: both databases are in tests/crash and tests/warehouse, without Prefect.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from load import audit
from load.reading import current_figures, run_details
from load.revisions import revision_rows
from load.warehouse import open_warehouse

QUESTION = "stalking-protection-orders"
QUARTER = (date(2020, 1, 1), date(2020, 3, 31))
pytestmark = [pytest.mark.xdist_group("flows"), pytest.mark.usefixtures("prefect_url", "home")]
Land = Callable[..., None]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'warehouse.db'}"


def test_a_run_after_a_new_landing_stores_why_the_figure_moved_and_which_landing_moved_it(
    landed: Land, url: str
) -> None:
    from pipelines.count_orders import count_orders

    landed(day=1)
    assert count_orders(QUESTION, *QUARTER).answer.value == 1
    landed(result="4506", day=2)  # the same hearing, said anew: no order was made
    assert count_orders(QUESTION, *QUARTER).answer.value == 0
    with open_warehouse(url) as warehouse:
        (revision,) = revision_rows(warehouse, QUESTION, cells=False)
        assert (revision.vintage, revision.before, revision.after) == (2, 1, 0)
        assert [(part.cause, part.units, part.batch) for part in revision.parts] == [("amended result", -1, 2)]
        assert audit.verify(warehouse).faults == ()


def test_of_two_flows_of_one_question_at_once_the_later_says_so_and_compares_again(
    landed: Land, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have compared with what stood before either is loaded; then both are there, one the vintage of the other."""
    from pipelines import loading
    from pipelines.count_orders import count_orders

    landed()
    both, lock = threading.Barrier(2, timeout=120), threading.Lock()
    said: list[str] = []
    met: list[int] = []
    real = loading.load_run

    def together(*given: Any, **named: Any) -> Any:
        with lock:
            met.append(len(met))
            first_two = len(met) <= 2
        if first_two:
            both.wait()
        return real(*given, **named)

    monkeypatch.setattr(loading, "load_run", together)
    monkeypatch.setattr(loading, "note", said.append)
    with ThreadPoolExecutor(2) as pool:
        flows = [pool.submit(count_orders, QUESTION, *QUARTER, by=[by]) for by in ("month", "application_type")]
        done = [flow.result() for flow in flows]
    assert [(ran.answer.value, ran.already_there) for ran in done] == [(1, False), (1, False)]
    assert "Another run became current meanwhile: comparing with it" in said
    with open_warehouse(url) as warehouse:
        assert sorted(run_details(warehouse, ran.run_id or 0).vintage or 0 for ran in done) == [1, 2]
        assert {f.cell: f.value for f in current_figures(warehouse, QUESTION)}["{}"] == 1
        assert audit.verify(warehouse).faults == ()
