"""What checks measured, kept and read back; inspections that are noted; alerts that were sent.

A measurement is kept as it was judged when it was made; judging it again by other limits is for whoever reads it.
Nothing here reads a figure.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import func, insert, select, text

from load.columns import UtcDateTime
from load.connecting import Warehouse, explained, reading, writing
from load.contract import CheckRow
from load.measured import EVERYTHING, AlertSent, Measured, OwnerKind
from load.past_answers import attrition_shares as attrition_shares
from load.past_answers import past_counts as past_counts
from load.past_answers import runs_of as runs_of
from load.schema import alert_sent, check_result, inspection
from load.storing import store_checks
from load.views import view_sql

PERIODS = 40
"""Of each question and unit the latest so many periods can still matter."""
_AT_ONCE = 200


def record_inspection(warehouse: Warehouse, as_at: datetime, newest_batch: int, checks: Sequence[CheckRow]) -> int:
    """Note a look at everything at a time (`as_at`, aware) with what its checks found. Returns its number.

    Raises `LoadError` where it cannot be stored; then nothing is.
    """
    with explained(warehouse), writing(warehouse, "inspections") as connection:
        now = warehouse.clock()
        row = {"as_at": as_at, "newest_batch": newest_batch, "recorded_at": now}
        number = connection.execute(insert(inspection).returning(inspection.c.inspection_id), row).scalar_one()
        store_checks(connection, checks, now, subject=EVERYTHING, inspection_id=number)
    return int(number)


def measurements(warehouse: Warehouse, *, question: str | None = None, last: int = 60) -> list[Measured]:
    """Of each rule, subject and segment the newest `last` measurements, newest first.

    Where those of a rule and subject found nothing at all (passed, with nothing unexpected), only the newest of each
    segment is given: they pass by whatever threshold. Subjects are the latest `PERIODS` periods of every question and
    unit (or of `question` alone), every source, and inspections. The rules are in sql/warehouse/measured.sql; the time
    it takes does not rise with the number of runs.

    Raises:
        ValueError: `last` is below 1. LoadError: the warehouse cannot be read.
    """
    if last < 1:
        raise ValueError("at least the last measurement is asked for")
    query = text(view_sql("measured")).columns(recorded_at=UtcDateTime())
    with reading(warehouse) as connection:
        if connection.dialect.name == "postgresql":
            for way in ("seqscan", "hashjoin", "mergejoin"):  # it cannot know how few looks into an index are needed
                connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        found = connection.execute(query, {"question": question, "last": last, "periods": PERIODS})
        return [_measured(row) for row in found]


def failing_since(
    warehouse: Warehouse,
    rule: str,
    subject: str,
    segment: str,
    fails: Callable[[Measured], bool] = lambda one: one.outcome != "passed",
) -> datetime | None:
    """When the first of the measurements that fail in a row, up to the newest, was recorded; `None` if that passes.

    What measured the rule of the subject without naming the segment has passed it. `fails` judges each (as it was
    judged when it was made, unless said otherwise). Reads back to the beginning, however far that is.
    """
    began: datetime | None = None
    query = (
        select(check_result)
        .where(check_result.c.rule == rule, check_result.c.subject == subject)
        .order_by(check_result.c.check_id.desc())
        .execution_options(yield_per=_AT_ONCE)
    )
    with reading(warehouse) as connection:
        for _, rows in groupby(map(_measured, connection.execute(query)), lambda one: one.owner_id):
            here = [one for one in rows if one.segment == segment]
            if not here or not fails(here[0]):
                return began
            began = here[0].recorded_at
    return began


def record_alert(
    warehouse: Warehouse, *, channel: str, cause: str, state: str, digest: str, issues: Sequence[str]
) -> None:
    """Note that an alert was handed over to a channel (its name, never its address). Raises `LoadError`."""
    row = {"channel": channel, "cause": cause, "state": state, "digest": digest, "issues": list(issues)}
    with explained(warehouse), writing(warehouse, "alerts") as connection:
        connection.execute(insert(alert_sent), row | {"sent_at": warehouse.clock()})


def alerts_sent(warehouse: Warehouse) -> dict[tuple[str, str], AlertSent]:
    """By channel and cause the last alert that was sent; of those that were resolved too. Raises `LoadError`."""
    newest = select(func.max(alert_sent.c.alert_id)).group_by(alert_sent.c.cause, alert_sent.c.channel)
    query = select(alert_sent).where(alert_sent.c.alert_id.in_(newest)).order_by(alert_sent.c.alert_id)
    with reading(warehouse) as connection:
        return {
            (row.channel, row.cause): AlertSent(
                row.sent_at, row.channel, row.cause, row.state, row.digest, tuple(row.issues)
            )
            for row in connection.execute(query)
        }


def _measured(row: Any) -> Measured:
    kind, number = _owner(row)
    return Measured(
        row.check_id,
        kind,
        number,
        row.subject,
        row.segment,
        row.gate,
        row.rule,
        row.severity,
        row.outcome,
        row.checked,
        row.unexpected,
        row.limit_kind,
        row.limit,
        row.sentence,
        row.detail,
        row.recorded_at,
    )


def _owner(row: Any) -> tuple[OwnerKind, int]:
    if row.run_id is not None:
        return "run", row.run_id
    return ("landing", row.batch) if row.batch is not None else ("inspection", row.inspection_id)
