"""One answer, prepared and counted: what both the preview (`count`) and the production path (`run`) do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from extract.contract import ExtractError, Texts
from extract.kept import refuse_removed
from extract.quarantine import held_for
from extract.store import check_key, known_files, newest_batch, newest_received_at, store_id
from pipelines.pushed_codes import pushed_codes_missing
from pipelines.settings import DEFINITIONS, Settings, definitions_of, existing_key, key_check, the_key
from pipelines.source_file import precedence
from transform.answers import requested, with_quarantine
from transform.contract import Answer, TransformError
from transform.definition import Question
from transform.periods import Period
from transform.precedence import Precedence, precedence_of
from transform.questions import Definitions, load_definitions, load_lists, load_question

if TYPE_CHECKING:
    from transform.engines.duckdb import Records, Unit


@dataclass(frozen=True, slots=True)
class Order:
    """Everything that decides one answer: question, unit, period, what was known, and when it is asked."""

    question: Question
    unit: str
    period: Period
    by: tuple[tuple[str, ...], ...]
    as_known_at: datetime
    newest_batch: int
    store: str
    files: tuple[str, ...]
    now: datetime
    code_version: str
    precedence: tuple[Precedence, ...]
    dry_run: bool = False


def published_elsewhere(question: Question) -> TransformError:
    """The error for counting, as if for the record, what a published table answers."""
    return TransformError(
        "its figures are in a published table, so none is counted for the warehouse",
        where=question.id,
        remedy=f"Show them beside the count from records: courtstats count {question.id} --table FILE --period 2018",
    )


def code_version() -> str:
    """Version of the code that counts."""
    return version("courtstats")


def question(settings: Settings, name: str) -> Question:
    """One question; a fault in the file of another does not stop it. Raises as `definitions` and `load_question`."""
    return load_question(definitions_of(settings), name)


def definitions(settings: Settings) -> Definitions:
    """The questions and code lists that the settings point at. Raises SettingsError where there are none."""
    return load_definitions(definitions_of(settings))


def texts(settings: Settings, *, make_key: bool) -> Texts:
    """How result texts are kept: the vocabulary of the code lists and standing data, and the key."""
    from transform.codelists import vocabulary
    from transform.standing import result_labels

    known = vocabulary(load_lists(definitions_of(settings)), result_labels(DEFINITIONS))
    key = the_key(settings) if make_key else existing_key(settings)
    return Texts(known, key)


def prepare(
    settings: Settings,
    question: Question,
    period: Period,
    by: Sequence[str],
    as_known_at: datetime | None,
    now: datetime,
) -> Order:
    """One order: one period, in the question's main unit. Raises as `prepare_all`."""
    return prepare_all(settings, question, [period], by, as_known_at, now, units=[question.unit])[0]


def prepare_all(
    settings: Settings,
    question: Question,
    periods: Sequence[Period],
    by: Sequence[str],
    as_known_at: datetime | None,
    now: datetime,
    *,
    units: Sequence[str] = (),
    dry_run: bool = False,
) -> list[Order]:
    """Fix what is counted: the newest landing, what was known, the files of the periods' months; one order each.

    `by` has one text per combination, names joined by commas; none is the question's default. `units` none are
    all of the question's. Orders come by period, and by unit within a period.

    Raises:
        ExtractError: nothing was ever landed, the store was made with another key, a source landed only codes
            among which some of the question's are not (a group), or a period begins before the month from which the
            store keeps records.
        TransformError: a combination or a unit that the question does not declare.
    """
    asked = [[name.strip() for name in item.split(",")] for item in by]
    combinations = requested(question, asked or None)
    for unit in units:
        if unit not in question.units:
            raise TransformError(
                f"{question.id} has no unit {unit!r}", remedy=f"Its units are: {', '.join(question.units)}"
            )
    key = existing_key(settings)
    batch = newest_batch(settings.store)
    if not batch or key is None:
        raise ExtractError(
            "nothing has been landed yet", where=str(settings.store), remedy="Land some records: courtstats land PATH"
        )
    check_key(settings.store, key_check(key))
    newest = newest_received_at(settings.store, batch)
    if newest is None:
        raise ExtractError(
            "no record has been landed yet", where=str(settings.store), remedy="Land some records: courtstats land PATH"
        )
    # Later than the newest receipt nothing is known: a time to come would make this answer outrank every later one.
    known = min(as_known_at, newest) if as_known_at else newest
    if missing := pushed_codes_missing(settings, question, newest_batch=batch, known_at=known):
        raise ExceptionGroup("codes that were not landed", missing)
    files = known_files(settings.store, min(p.first for p in periods), max(p.last for p in periods))
    earliest = min(periods, key=lambda p: p.first)
    refuse_removed(settings.store, earliest.first, earliest.label)
    first = Order(
        question=question,
        unit=question.unit,
        period=periods[0],
        by=combinations,
        as_known_at=known,
        newest_batch=batch,
        store=store_id(settings.store),
        files=files,
        now=now.astimezone(UTC),
        code_version=code_version(),
        precedence=precedence_of(precedence(settings)),
        dry_run=dry_run,
    )
    wanted = [unit for unit in question.units if unit in (units or question.units)]
    return [replace(first, unit=unit, period=period) for period in periods for unit in wanted]


def records(order: Order) -> "Records":
    """The records an order is counted from."""
    from transform.engines.duckdb import Records

    return Records(order.files, order.newest_batch, order.as_known_at, order.precedence)


@contextmanager
def still_there(settings: Settings, orders: Sequence[Order]) -> Iterator[None]:
    """Say so where the records were removed for good while they were read."""
    import duckdb

    try:
        yield
    except duckdb.IOException:
        earliest = min((order.period for order in orders), key=lambda p: p.first)
        refuse_removed(settings.store, earliest.first, earliest.label)
        raise


def count(settings: Settings, order: Order) -> Answer:
    """The answer to one order; see `count_all`."""
    return count_all(settings, [order])[0]


def count_all(settings: Settings, orders: Sequence[Order]) -> list[Answer]:
    """The answers to orders of one `prepare_all`, in their order: one pass over the records for each unit.

    Reads the records store and nothing else, writes nothing.
    """
    from transform.engines.duckdb import count_series

    found: dict[tuple[str, Period], Answer] = {}
    for unit in dict.fromkeys(order.unit for order in orders):
        of_unit = [order for order in orders if order.unit == unit]
        one = of_unit[0]
        periods = [order.period for order in of_unit]
        key = the_key(settings)
        with still_there(settings, orders):
            answers = count_series(one.question, records(one), periods, one.by, unit=unit, key=key, now=one.now)
        found |= {(unit, period): answer for period, answer in zip(periods, answers, strict=True)}
    one = orders[0]
    spans = [(order.period.first, order.period.last) for order in orders]
    held = held_for(settings.store, one.newest_batch, one.as_known_at, spans)
    return [
        with_quarantine(found[order.unit, order.period], aside.of_days, aside.of_unknown_day)
        for order, aside in zip(orders, held, strict=True)
    ]


def units(settings: Settings, order: Order) -> "list[Unit]":
    """The units behind the answer. Raises TransformError for a period that is held."""
    from transform.engines.duckdb import units

    with still_there(settings, [order]):
        return units(
            order.question, records(order), order.period, unit=order.unit, key=the_key(settings), now=order.now
        )


def failed_examples(settings: Settings, question: Question) -> list[str]:
    """Names of the question's own examples that the engine does not answer as written."""
    from transform.examples import run_examples

    return [e.name for e in run_examples(question, the_key(settings)) if not e.passed]
