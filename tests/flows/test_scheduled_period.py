"""The period of a scheduled run comes from the time for which it was scheduled, however late it starts."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow
from prefect.states import Scheduled

from pipelines.settings import load_settings
from transform.contract import TransformError

QUESTION = "stalking-protection-orders"
pytestmark = [pytest.mark.xdist_group("flows"), pytest.mark.usefixtures("prefect_url")]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """SQLite will do: the period does not depend on the database."""
    return f"sqlite:///{tmp_path / 'warehouse.db'}"


@pytest.mark.parametrize(
    ("scheduled", "period"),
    [
        (datetime(2020, 4, 6, 5, 0, tzinfo=UTC), "2020Q1"),
        (datetime(2020, 3, 31, 23, 30, tzinfo=UTC), "2020Q1"),  # it is 1 April in London already
        (datetime(2020, 3, 31, 22, 30, tzinfo=UTC), "2019Q4"),
    ],
)
def test_the_last_complete_quarter_before_the_scheduled_time(
    scheduled: datetime, period: str, landed: Callable[..., None]
) -> None:
    """A run of 2020 that starts years late still answers for the quarter that was due."""
    from pipelines.count_orders import count_orders

    landed()
    asked = {"question": QUESTION}
    with get_client(sync_client=True) as client:
        planned = client.create_flow_run(count_orders, parameters=asked, state=Scheduled(scheduled_time=scheduled))
    assert run_flow(count_orders, flow_run=planned, parameters=asked).answer.period == period


def test_one_end_of_a_period_alone_is_refused(tmp_path: Path) -> None:
    from pipelines.count_orders import periods_asked

    with pytest.raises(TransformError, match="--from and --to"):
        periods_asked(load_settings(home=tmp_path), QUESTION, date(2020, 1, 1), None, None)
