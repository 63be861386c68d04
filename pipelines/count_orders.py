"""Flow: answer one question for one period, check the answer, and load it into the warehouse."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from prefect import flow, runtime, task

from expectations.contract import GateError, Outcome, stops
from expectations.gates import check_counted, check_landed, check_loaded
from load.contract import CheckRow, FigureRow, LoadError
from load.reading import find_run
from load.warehouse import load_run, record_stopped_run
from pipelines import recording, runs
from pipelines.journal import note
from pipelines.retrying import may_pass, without_values
from pipelines.runs import Order
from pipelines.settings import Settings, load_settings
from pipelines.times import LONDON
from transform.contract import Answer, TransformError
from transform.periods import Period, period_before


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run: the answer, its number in the warehouse (None: dry run) and whether it was there already."""

    answer: Answer
    run_id: int | None
    already_there: bool
    checks: tuple[Outcome | CheckRow, ...]
    key: str


@flow(name="count-orders", log_prints=False)
def count_orders(
    question: str,
    first: date | None = None,
    last: date | None = None,
    by: list[str] | None = None,
    as_known_at: datetime | None = None,
    dry_run: bool = False,
    home: str | None = None,
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

    Raises:
        ExtractError, TransformError, GateError, LoadError: see each stage.
    """
    settings = load_settings(home=Path(home) if home else None)
    started_at = datetime.now(UTC)
    period = period_asked(settings, question, first, last)
    order = prepare(settings, question, period, by or [], as_known_at, started_at, dry_run)
    if not dry_run:
        record_landings(settings)
    if not dry_run and (ran := already_loaded(settings, order)):
        return ran
    answer_examples(settings, order)
    checks = check_records(settings, order)
    answer = count_records(settings, order)
    checks += check_answer(settings, order, answer)
    if dry_run:
        note("Dry run: nothing was loaded")
        return Ran(answer, None, False, checks, recording.key_of(order))
    return load_answer(settings, order, answer, checks, started_at)


def period_asked(settings: Settings, question: str, first: date | None, last: date | None) -> Period:
    """The period given, else the one the question's schedule names before this run's scheduled time."""
    if first and last:
        return Period(first, last)
    schedule = runs.question(settings, question).schedule
    scheduled = runtime.flow_run.scheduled_start_time
    if first or last or schedule is None or scheduled is None:
        raise TransformError("no period was given", where=question, remedy="Give --from and --to, or --period 2020Q1")
    return period_before(schedule.period, scheduled.astimezone(LONDON).date())


@task(name="prepare", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
def prepare(
    settings: Settings,
    question: str,
    period: Period,
    by: list[str],
    as_known_at: datetime | None,
    now: datetime,
    dry_run: bool,
) -> Order:
    """Fix what is counted: definition, period, what was known, newest landing."""
    found = runs.question(settings, question)
    return replace(runs.prepare(settings, found, period, by, as_known_at, now), dry_run=dry_run)


@task(name="record landings", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
@without_values
def record_landings(settings: Settings) -> None:
    """Record every landing that the warehouse does not know yet: what a run cites, the warehouse holds."""
    recording.record_batches(settings)


@task(name="look for the same run", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
def already_loaded(settings: Settings, order: Order) -> Ran | None:
    """The run with the same key, if it was completed before."""
    with recording.opened(settings) as warehouse:
        stored = find_run(warehouse, recording.key_of(order))
    if stored is None:
        return None
    note(f"This run is in the warehouse already (run {stored.run_id}); nothing was changed")
    return Ran(recording.stored_answer(order, stored), stored.run_id, True, stored.checks, stored.run.run_key or "")


@task(name="answer the question's own examples", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
def answer_examples(settings: Settings, order: Order) -> None:
    """Run the definition's examples through the engine; one that fails stops the run."""
    if failed := runs.failed_examples(settings, order.question):
        remedy = f"Compare the rule with the example: courtstats explain {order.question.id}"
        record_stopped(settings, order, None, [], "an example of the definition is not answered as written")
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
def check_records(settings: Settings, order: Order) -> tuple[Outcome, ...]:
    """First gate: the records of the period, as they are known for this count."""
    note("Checking the records of the period")
    checked = check_landed(
        order.files,
        newest_batch=order.newest_batch,
        as_known_at=order.as_known_at,
        first=order.period.first,
        last=order.period.last,
        counting=True,
    )
    note(recording.checks_line("Records of the period", checked))
    return stop_or_go(settings, order, None, tuple(checked), "the records did not pass their checks")


@task(name="count", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
@without_values
def count_records(settings: Settings, order: Order) -> Answer:
    """Resolve, filter, deduplicate, count."""
    answer = runs.count(settings, order)
    note("Counted")
    return answer


@task(name="check the answer", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
def check_answer(settings: Settings, order: Order, answer: Answer) -> tuple[Outcome, ...]:
    """Second gate: the figures add up and agree with the attrition and the evidence."""
    checked = check_counted(*recording.frames(answer), breakdowns=answer.by)
    note(recording.checks_line("Figures", checked))
    return stop_or_go(settings, order, answer, tuple(checked), "the figures did not pass their checks")


@task(name="load", retries=2, retry_delay_seconds=2, retry_condition_fn=may_pass)
def load_answer(
    settings: Settings, order: Order, answer: Answer, checks: tuple[Outcome, ...], started_at: datetime
) -> Ran:
    """Write, compare with what was computed (third gate), commit: one transaction."""
    computed = recording.figures_frame(recording.figure_rows(answer))
    last_gate: list[Outcome] = []

    def verify(stored: list[FigureRow]) -> list[CheckRow]:
        last_gate[:] = check_loaded(computed, recording.figures_frame(stored))
        return [recording.check_row(c) for c in last_gate]

    with recording.opened(settings) as warehouse:
        try:
            loaded = load_run(
                warehouse,
                recording.version_of(order),
                recording.run_row(order, answer, started_at, datetime.now(UTC)),
                recording.figure_rows(answer),
                recording.attrition_rows(answer),
                recording.evidence_rows(answer),
                answer.notes,
                [recording.check_row(c) for c in checks],
                verify,
            )
        except LoadError as fault:
            if fault.checks:  # the third gate stopped it: the record of that is kept, the figures are not
                record_stopped(settings, order, answer, [*map(recording.check_row, checks), *fault.checks], str(fault))
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
    settings: Settings, order: Order, answer: Answer | None, checked: tuple[Outcome, ...], reason: str
) -> tuple[Outcome, ...]:
    """Pass the outcomes on, or record that the run stopped here and raise GateError for each that stops it."""
    stopping = stops(list(checked))
    if not stopping:
        return checked
    record_stopped(settings, order, answer, [recording.check_row(c) for c in checked], reason)
    raise ExceptionGroup(
        reason,
        [
            GateError(f"{c.sentence} [{c.rule}: {c.outcome}]", where=order.question.id, remedy=c.remedy)
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
