"""Flow: answer one question for one period, check the answer, and load it into the warehouse."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import cast

from prefect import flow, runtime, task

from expectations.contract import GateError, Outcome, stops
from expectations.gates import check_counted, check_landed, check_loaded
from load.contract import CheckRow, FigureRow, LoadError
from load.reading import standing_run
from load.warehouse import record_stopped_run
from pipelines import recording, runs
from pipelines.journal import note
from pipelines.loading import load
from pipelines.passing_over import overtaken
from pipelines.retrying import may_pass, without_values
from pipelines.revising import Compared, compare
from pipelines.runs import Order, published_elsewhere
from pipelines.settings import Settings, load_settings
from pipelines.times import LONDON
from pipelines.watching import watch_answer
from transform.contract import Answer, TransformError
from transform.periods import Period, period_before, series


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run: the answer, its number in the warehouse (None: dry run) and whether it was there already.

    `beside` are the other periods of a series and the other units of the question, in their order.
    """

    answer: Answer
    run_id: int | None
    already_there: bool
    checks: tuple[Outcome | CheckRow, ...]
    key: str
    beside: tuple["Ran", ...] = ()


@flow(name="count-orders", log_prints=False)
def count_orders(
    question: str,
    first: date | None = None,
    last: date | None = None,
    by: list[str] | None = None,
    as_known_at: datetime | None = None,
    dry_run: bool = False,
    home: str | None = None,
    every: str | None = None,
    units: list[str] | None = None,
) -> Ran:
    """Answer a question, check the answer, load it. The same run again changes nothing.

    Args:
        question: id of the question.
        first, last: days of the period, both included (None: the period that the question's schedule
            names, before the time for which this run was scheduled).
        by: combinations of breakdowns, names joined by commas (None: the question's default).
        as_known_at: leave out what was received later (None: the newest receipt in the store).
        dry_run: do everything but load.
        home: folder for everything that is kept (None: as set in the environment).
        every: makes a series of the days, each period of it a run of its own (month, quarter, ...).
        units: units to count in (None: all of the question's).

    Raises:
        ExtractError, TransformError, GateError, LoadError: see each stage.
    """
    settings = load_settings(home=Path(home) if home else None)
    started_at = datetime.now(UTC)
    if state := overtaken(lambda: schedule_of(settings, question)):
        return cast(Ran, state)  # for Prefect: whoever calls the flow has made no schedule
    periods = periods_asked(settings, question, first, last, every)
    orders = prepare(settings, question, periods, by or [], as_known_at, started_at, dry_run, units or [])
    if not dry_run:
        record_landings(settings)
    done = {} if dry_run else already_loaded(settings, orders)
    open_orders = [order for order in orders if recording.key_of(order) not in done]
    if open_orders:
        answer_examples(settings, open_orders)
        checks = check_records(settings, open_orders)
        answers = count_records(settings, open_orders)
        checked, stopped = [], []
        for order, answer in zip(open_orders, answers, strict=True):
            try:
                checked.append((order, answer, checks + check_answer(settings, order, answer)))
            except ExceptionGroup as faults:  # the others are checked too: every fault is told at once
                stopped.append(faults)
        if stopped:
            raise ExceptionGroup("figures that did not pass their checks", stopped) if len(stopped) > 1 else stopped[0]
        if dry_run:
            keyed = ((recording.key_of(order), answer, found) for order, answer, found in checked)
            done = {key: Ran(answer, None, False, found, key) for key, answer, found in keyed}
        else:
            compared = compare_with_standing(settings, open_orders, answers)
            for (order, answer, found), against in zip(checked, compared, strict=True):
                found += watch(settings, order, answer)  # by then the earlier periods of its series are loaded
                done[recording.key_of(order)] = load_answer(settings, order, answer, found, started_at, against)
    if dry_run:
        note("Dry run: nothing was loaded")
    main, *beside = (done[recording.key_of(order)] for order in orders)
    return replace(main, beside=tuple(beside))


def schedule_of(settings: Settings, question: str) -> str | None:
    """The times of a question's schedule, if it has one."""
    schedule = runs.question(settings, question).schedule
    return schedule.cron if schedule else None


def periods_asked(
    settings: Settings, question: str, first: date | None, last: date | None, every: str | None
) -> tuple[Period, ...]:
    """The period or series given, else the period that the schedule names before this run's scheduled time."""
    if first and last:
        return series(every, first, last) if every else (Period(first, last),)
    schedule = runs.question(settings, question).schedule
    scheduled = runtime.flow_run.scheduled_start_time
    if first or last or every or schedule is None or scheduled is None:
        raise TransformError("no period was given", where=question, remedy="Give --from and --to, or --period 2020Q1")
    return (period_before(schedule.period, scheduled.astimezone(LONDON).date()),)


@task(name="prepare", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
def prepare(
    settings: Settings,
    question: str,
    periods: tuple[Period, ...],
    by: list[str],
    as_known_at: datetime | None,
    now: datetime,
    dry_run: bool,
    units: list[str],
) -> list[Order]:
    """Fix what is counted: definition, periods, units, what was known, newest landing."""
    found = runs.question(settings, question)
    if found.published:
        raise published_elsewhere(found)
    return runs.prepare_all(settings, found, periods, by, as_known_at, now, units=units, dry_run=dry_run)


@task(name="record landings", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
@without_values
def record_landings(settings: Settings) -> None:
    """Record every landing that the warehouse does not know yet: what a run cites, the warehouse holds."""
    recording.record_batches(settings)


@task(name="look for the same run", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
def already_loaded(settings: Settings, orders: list[Order]) -> dict[str, Ran]:
    """The runs with the same keys that were completed before, by key."""
    found: dict[str, Ran] = {}
    with recording.opened(settings) as warehouse:
        for order in orders:
            key = recording.key_of(order)
            if stored := standing_run(warehouse, key):
                note(f"This run is in the warehouse already (run {stored.run_id}); nothing was changed")
                found[key] = Ran(recording.stored_answer(order, stored), stored.run_id, True, stored.checks, key)
    return found


@task(name="answer the question's own examples", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
def answer_examples(settings: Settings, orders: list[Order]) -> None:
    """Run the definition's examples through the engine; one that fails stops the run."""
    order = orders[0]
    if failed := runs.failed_examples(settings, order.question):
        remedy = f"Compare the rule with the example: courtstats explain {order.question.id}"
        for one in orders:
            record_stopped(settings, one, None, [], "an example of the definition is not answered as written")
        raise ExceptionGroup(
            "examples",
            [
                TransformError(
                    f"the example {name!r} is not answered as written", where=order.question.id, remedy=remedy
                )
                for name in failed
            ],
        )
    note(f"{len(order.question.examples)} examples of the definition are answered as written")


@task(name="check the records", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
@without_values
def check_records(settings: Settings, orders: list[Order]) -> tuple[Outcome, ...]:
    """First gate: the records of the period or series, as they are known for this count."""
    note("Checking the records of the period")
    order = orders[0]
    checked = check_landed(
        order.files,
        newest_batch=order.newest_batch,
        as_known_at=order.as_known_at,
        first=min(o.period.first for o in orders),
        last=max(o.period.last for o in orders),
        counting=True,
        question=order.question.id,
    )
    note(recording.checks_line("Records of the period", checked))
    return stop_or_go(settings, orders, None, tuple(checked), "the records did not pass their checks")


@task(name="count", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
@without_values
def count_records(settings: Settings, orders: list[Order]) -> list[Answer]:
    """Resolve, filter, deduplicate, count: all periods in one pass for each unit."""
    answers = runs.count_all(settings, orders)
    note("Counted")
    return answers


@task(name="check the answer", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
def check_answer(settings: Settings, order: Order, answer: Answer) -> tuple[Outcome, ...]:
    """Second gate: the figures add up and agree with the attrition and the evidence."""
    checked = check_counted(*recording.frames(answer), breakdowns=answer.by)
    note(recording.checks_line("Figures", checked))
    return stop_or_go(settings, [order], answer, tuple(checked), "the figures did not pass their checks")


@task(name="compare with earlier periods", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
@without_values
def watch(settings: Settings, order: Order, answer: Answer) -> tuple[Outcome, ...]:
    """What the steps keep and where the figures lie, against earlier periods; what is unusual stops nothing."""
    with recording.opened(settings) as warehouse:
        watched = watch_answer(settings, warehouse, order, answer)
    note(recording.checks_line("Beside earlier periods", watched))
    return watched


@task(name="compare with what stands", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
@without_values
def compare_with_standing(settings: Settings, orders: list[Order], answers: list[Answer]) -> list[Compared]:
    """Why figures differ from those that stand: recounted, with the parts of every difference."""
    with recording.opened(settings) as warehouse:
        compared = compare(settings, warehouse, orders, answers)
    note(f"Compared with what stands: {sum(bool(one.parts) for one in compared)} of {len(compared)} differ")
    return compared


@task(name="load", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
def load_answer(
    settings: Settings,
    order: Order,
    answer: Answer,
    checks: tuple[Outcome, ...],
    started_at: datetime,
    compared: Compared,
) -> Ran:
    """Write, compare with what was computed (third gate), make current, commit: one transaction."""
    computed = recording.figures_frame(recording.figure_rows(answer))
    last_gate: list[Outcome] = []

    def verify(stored: list[FigureRow]) -> list[CheckRow]:
        last_gate[:] = check_loaded(computed, recording.figures_frame(stored))
        return [recording.check_row(c) for c in last_gate]

    made = [recording.check_row(c) for c in checks]
    with recording.opened(settings) as warehouse:
        try:
            loaded = load(settings, warehouse, order, answer, made, verify, started_at, compared)
        except LoadError as fault:
            if fault.checks:  # the third gate stopped it: the record of that is kept, the figures are not
                record_stopped(settings, order, answer, [*made, *fault.checks], str(fault))
            raise
    if loaded.already_there:
        note(f"The same run was loaded meanwhile (run {loaded.run.run_id}); nothing was changed")
        return Ran(
            recording.stored_answer(order, loaded.run),
            loaded.run.run_id,
            True,
            loaded.run.checks,
            recording.key_of(order),
        )
    note(recording.checks_line("Warehouse", last_gate))
    note(f"Loaded as run {loaded.run.run_id}")
    return Ran(answer, loaded.run.run_id, False, (*checks, *last_gate), recording.key_of(order))


def stop_or_go(
    settings: Settings, orders: list[Order], answer: Answer | None, checked: tuple[Outcome, ...], reason: str
) -> tuple[Outcome, ...]:
    """Pass the outcomes on, or record that the runs stopped here and raise GateError for each that stops them."""
    stopping = stops(list(checked))
    if not stopping:
        return checked
    for order in orders:
        record_stopped(settings, order, answer, [recording.check_row(c) for c in checked], reason)
    raise ExceptionGroup(
        reason,
        [
            GateError(f"{c.sentence} [{c.rule}: {c.outcome}]", where=orders[0].question.id, remedy=c.remedy)
            for c in stopping
        ],
    )


def record_stopped(
    settings: Settings, order: Order, answer: Answer | None, checks: list[CheckRow], reason: str
) -> None:
    """Keep the record of a run that was stopped; it has no figures and claims no key. A dry run keeps none."""
    if order.dry_run:
        return
    with recording.opened(settings) as warehouse:
        run = recording.run_row(order, answer, order.now, datetime.now(UTC))
        record_stopped_run(warehouse, recording.version_of(order), run, reason, checks)
