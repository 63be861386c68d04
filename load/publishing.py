"""Which figures were given out, where and when: later ones are marked as revised against the last of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from load.audit import append
from load.connecting import Warehouse, explained, reading, writing
from load.contract import LoadError, StoredFigure
from load.reading import read_current
from load.schema import figure, publication, published_figure
from load.vintages import dated
from transform.contract import HELD


@dataclass(frozen=True, slots=True)
class LastPublished:
    """What was last given out of a cell, where (`label`) and when."""

    label: str
    published_at: datetime
    value: int | None
    status: str
    vintage: int | None


@dataclass(frozen=True, slots=True)
class Published:
    """What was noted: figures new under the label, and how many were under it before.

    `publication_id` is `None` where nothing was written.
    """

    publication_id: int | None
    label: str
    published_at: datetime
    figures: tuple[StoredFigure, ...]
    already: int


def publish(
    warehouse: Warehouse,
    question: str,
    label: str,
    published_at: datetime | None = None,
    *,
    periods: Sequence[str] = (),
    is_held: Callable[[StoredFigure], bool] = lambda _figure: False,
    dry_run: bool = False,
) -> Published:
    """Note that the figures that stand (of some periods, else of all) were given out under a label, in one transaction.

    A figure that was noted under the label before is not noted again, so the same call again changes nothing. `is_held`
    adds to the figures that were stored as held. `published_at` (aware) is now, where none is given; of an earlier time
    the figures are noted that stood then, for no others can have been given out.

    Raises an `ExceptionGroup` of `LoadError`, one for each period that has (or had then) no figure or one that is held.
    """
    if dry_run:
        with explained(warehouse), reading(warehouse) as connection:
            return _to_publish(warehouse, connection, question, label, published_at, periods, is_held)
    with explained(warehouse), writing(warehouse, f"question {question}") as connection:
        now = dated(connection, warehouse, question)
        wanted = _to_publish(warehouse, connection, question, label, published_at, periods, is_held)
        wanted = replace(wanted, published_at=published_at or now)
        if not wanted.figures:
            return wanted
        values = {"question": question, "label": label, "published_at": wanted.published_at, "recorded_at": now}
        number = connection.execute(insert(publication).returning(publication.c.publication_id), values).scalar_one()
        connection.execute(
            insert(published_figure),
            [{"publication_id": number, "figure_id": one.figure_id} for one in wanted.figures],
        )
        given = list(dict.fromkeys(one.period for one in wanted.figures))
        said = {"publication": number, "label": label, "periods": given, "figures": len(wanted.figures)}
        append(connection, warehouse, "published", question, **said)
        return Published(number, label, wanted.published_at, wanted.figures, wanted.already)


def _to_publish(
    warehouse: Warehouse,
    connection: Connection,
    question: str,
    label: str,
    at: datetime | None,
    periods: Sequence[str],
    is_held: Callable[[StoredFigure], bool],
) -> Published:
    every = read_current(connection, question, as_stored_at=at)
    stand = [one for one in every if not periods or one.period in periods]
    there = list(dict.fromkeys(one.period for one in stand))
    faults = [
        _no_figure(warehouse, question, f" for {period}", f" --period {period}", at)
        for period in periods
        if period not in there
    ]
    if not stand and not periods:
        faults.append(_no_figure(warehouse, question, "", "", at))
    held = {one.period for one in stand if one.status == HELD or is_held(one)}
    faults += [
        LoadError(
            f"figures of {question} for {period} are held",
            where=warehouse.place,
            remedy="Nothing was noted; publish them when the hold has ended, or name other periods with --period",
        )
        for period in there
        if period in held
    ]
    if faults:
        raise ExceptionGroup("figures that cannot be published", faults)
    before = set(
        connection.scalars(
            select(published_figure.c.figure_id)
            .join(publication, publication.c.publication_id == published_figure.c.publication_id)
            .where(publication.c.question == question, publication.c.label == label)
        )
    )
    new = tuple(one for one in stand if one.figure_id not in before)
    return Published(None, label, at or warehouse.clock(), new, len(stand) - len(new))


def _no_figure(warehouse: Warehouse, question: str, of: str, option: str, at: datetime | None) -> LoadError:
    if at is None:
        remedy = f"courtstats run {question}{option} counts and keeps what there is"
        return LoadError(f"there is no figure of {question}{of}", where=warehouse.place, remedy=remedy)
    return LoadError(
        f"there was no figure of {question}{of} at {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: the warehouse said nothing "
        "of it then",
        where=warehouse.place,
        remedy="Only what the warehouse had said by then can be noted as given out then; name a later day, or none",
    )


def last_published(connection: Connection, question: str) -> dict[tuple[str, str, str], LastPublished]:
    """By unit, period and cell what was last given out of a question (the rule of sql/warehouse/current_figure.sql)."""
    query = (
        select(
            figure.c.unit, figure.c.period, figure.c.cell,
            publication.c.label, publication.c.published_at, figure.c.value, figure.c.status, figure.c.vintage,
        )
        .select_from(publication)
        .join(published_figure, published_figure.c.publication_id == publication.c.publication_id)
        .join(figure, figure.c.figure_id == published_figure.c.figure_id)
        .where(publication.c.question == question, figure.c.question == question)
        .order_by(publication.c.published_at, publication.c.publication_id)
    )  # fmt: skip
    return {(row[0], row[1], row[2]): LastPublished(*row[3:]) for row in connection.execute(query)}
