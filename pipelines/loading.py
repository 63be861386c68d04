"""An answer into the warehouse: compared with what stands, written, checked, made current. Knows nothing of Prefect."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from load.contract import CheckRow, FigureRow, Loaded, OvertakenError
from load.warehouse import load_run
from pipelines import recording
from pipelines.journal import note
from pipelines.revising import Compared, compare
from pipelines.runs import Order
from pipelines.settings import Settings
from transform.contract import Answer

if TYPE_CHECKING:
    from load.connecting import Warehouse

ATTEMPTS = 20
"""How often figures are compared anew because another run of the same question was quicker."""


def load(
    settings: Settings,
    warehouse: "Warehouse",
    order: Order,
    answer: Answer,
    checks: Sequence[CheckRow],
    verify: Callable[[list[FigureRow]], list[CheckRow]],
    started_at: datetime,
    compared: Compared | None = None,
) -> Loaded:
    """Store the answer to one order, once, with the parts of its differences from what stands.

    `compared` is what `compare` gave for it, where that was done for many at once. Raises as `load_run`.
    """
    row = recording.run_row(order, answer, started_at, started_at)
    attempt = 0
    while True:
        attempt += 1
        against = compared or compare(settings, warehouse, [order], [answer])[0]
        try:
            return load_run(
                warehouse,
                recording.version_of(order),
                row,
                recording.figure_rows(answer),
                recording.attrition_rows(answer),
                recording.evidence_rows(answer),
                answer.notes,
                checks,
                verify,
                parts=against.parts,
                after=against.line.last,
                waiting=lambda: note("Another run is being loaded: waiting for it"),
            )
        except OvertakenError:
            if attempt == ATTEMPTS:
                raise
            note("Another run became current meanwhile: comparing with it")
            compared = None
