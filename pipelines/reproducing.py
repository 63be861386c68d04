"""Counting runs again: from the records as they were landed then, by the definition of then, with today's code.

Compared are the figures (value, status, marks). What stood in quarantine is not: a note on it says what was known of it
at the time, and a landing since may have let it go.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from json import loads
from typing import TYPE_CHECKING

from extract.contract import ExtractError, StageError
from extract.kept import refuse_removed
from extract.store import check_key, known_files, newest_batch, store_id
from load.contract import FigureRow, LoadError, StoredRun
from load.reading import stored_version
from load.run_numbers import figure_count, figures_of_run, newest_version, run_heads
from pipelines import recording, runs
from pipelines.runs import Order
from pipelines.settings import Settings, existing_key, key_check
from pipelines.source_file import precedence
from pipelines.stored_versions import as_loaded
from transform.answers import days_of
from transform.contract import Answer, TransformError
from transform.definition import Question
from transform.holds import holds_in_force
from transform.periods import Period, overlap, parse_period
from transform.precedence import Precedence, precedence_of

if TYPE_CHECKING:
    from load.connecting import Warehouse

HOLDS, DIFFERS, CANNOT = "holds", "differs", "cannot be counted again"
AS_READ = "definition as read"
"""What differs where the text of a definition is the one of then, and a rule that it names has other code now."""
Told = tuple[int | None, str, str]
"""Value, status and marks of a figure."""


class NotReproducedError(StageError):
    """Figures that are not the same when they are counted again."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell (canonical) that is not the same: as stated then and as counted now; `None` where there is no such cell.

    Where a hold is in force now it is `withheld`: both sides are `None`, as neither value may be shown.
    """

    cell: str
    then: Told | None
    now: Told | None
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Reproduced:
    """A run counted again: the `outcome` (`HOLDS`, `DIFFERS` or `CANNOT`, with the reason) and what is another one now.

    `run` has no figures with it, `figures` is how many it stated: so many runs can be counted again at once.
    `versions` are (name, then, now) of what decides a count beside definition and records; `None` was not noted.
    `todays_definition` says whether the definition is still that of today, `None` where there is no such question now.
    """

    run: StoredRun
    outcome: str
    figures: int = 0
    differences: tuple[Difference, ...] = ()
    versions: tuple[tuple[str, str | None, str | None], ...] = ()
    todays_definition: bool | None = None
    why: StageError | None = None


def asked_runs(warehouse: "Warehouse", numbers: Sequence[int]) -> list[StoredRun]:
    """Runs that can be counted again, without their figures, in the order asked for.

    Raises an `ExceptionGroup` of every number that has no figures, and why.
    """
    found, faults = [], []
    wanted = list(dict.fromkeys(numbers))
    heads = {one.run_id: one for one in run_heads(warehouse, wanted)}
    for number in wanted:
        stored = heads.get(number)
        if stored is None:
            remedy = "`courtstats status` lists runs"
            faults.append(LoadError(f"there is no run {number}", where=warehouse.place, remedy=remedy))
            continue
        if stored.state == "completed":
            found.append(stored)
            continue
        what = f"run {number} was stopped ({stored.stop_reason}): it has no figures that could be counted again"
        faults.append(LoadError(what, where=warehouse.place, remedy="Name a run that was completed"))
    if faults:
        raise ExceptionGroup("runs", faults)
    return found


def reproduce(
    settings: Settings,
    warehouse: "Warehouse",
    asked: Sequence[StoredRun],
    now: datetime,
    advance: Callable[[int], None] = lambda _runs: None,
) -> list[Reproduced]:
    """Count runs again and compare, in the order asked for. Reads only.

    Args:
        settings: where the records, the key and today's definitions are.
        warehouse: an open one, for the definitions of then.
        asked: completed runs.
        now: aware; what is under a hold at that time is not shown.
        advance: called with the number of runs done since the last call.

    Raises:
        SettingsError, ExceptionGroup: no definitions, or faults in today's one: its holds could not be told.
    """
    today = {name: _todays(settings, name) for name in dict.fromkeys(one.run.question for one in asked)}
    holding = {name: _holding(warehouse, name, one) for name, one in today.items()}
    read = {one: as_loaded(stored_version(warehouse, one)) for one in {r.run.definition_hash for r in asked}}
    done: dict[int, Reproduced] = {}
    orders: dict[int, Order] = {}
    by_number = {one.run_id: one for one in asked}
    for one in asked:
        then, refused = read[one.run.definition_hash]
        try:
            orders[one.run_id] = _order(settings, one, then, refused)
        except StageError as fault:
            done[one.run_id] = Reproduced(one, CANNOT, figure_count(warehouse, one.run_id), why=fault)
            advance(1)
    for group in _groups(orders):
        try:
            answers = _counted(settings, [orders[number] for number in group])
        except StageError as fault:
            done |= {n: Reproduced(by_number[n], CANNOT, figure_count(warehouse, n), why=fault) for n in group}
        else:
            for number, answer in zip(group, answers, strict=True):
                one, name = by_number[number], by_number[number].run.question
                whole = replace(one, figures=figures_of_run(warehouse, number))
                compared = _compared(whole, orders[number], answer, today[name], holding[name], now)
                done[number] = replace(compared, run=one)
        advance(len(group))
    return [done[one.run_id] for one in asked]


def faults_of(found: Iterable[Reproduced]) -> list[StageError]:
    """One error for each run that does not hold or cannot be counted again."""
    faults: list[StageError] = []
    for one in found:
        if one.why:
            faults.append(one.why)
        elif one.outcome == DIFFERS:
            number = len(one.differences)
            faults.append(
                NotReproducedError(
                    f"{number} figure{' does' if number == 1 else 's do'} not come out as the run stated",
                    where=f"run {one.run.run_id}",
                    remedy="The versions that differ from then may tell why; where none does, the records or the "
                    "figures were changed: compare with a backup",
                )
            )
    return faults


def _todays(settings: Settings, name: str) -> Question | None:
    """Today's definition; `None` where there is no such question any more. Raises as `runs.question` for faults."""
    try:
        return runs.question(settings, name)
    except TransformError:
        return None


def _holding(warehouse: "Warehouse", name: str, today: Question | None) -> Question | None:
    """Whose holds count now: those of today's definition, else of the one that the last run used.

    `None` where this version of the program cannot read that: then anything might be held.
    """
    version = newest_version(warehouse, name) if today is None else None
    return as_loaded(version)[0] if version else today


def _order(settings: Settings, one: StoredRun, then: Question | None, refused: Sequence[str]) -> Order:
    """What the run was asked. Raises what stands in the way of counting it again."""
    run, store, where = one.run, settings.store, str(settings.store)
    name = f"run {one.run_id}"
    if then is None:
        what = f"this version of courtstats cannot read the definition of then: {refused[0]}"
        raise TransformError(what, where=name, remedy=f"Install courtstats {run.code_version} and reproduce with it")
    key, held, holds = existing_key(settings), newest_batch(store), store_id(store)
    if run.store not in (None, holds):
        raise ExtractError(
            f"{name} was counted from another records store",
            where=where,
            remedy="Set COURTSTATS_STORE to the one that belongs to the warehouse",
        )
    if held < run.newest_batch or key is None:
        what = f"it holds {held} landings, but {name} was counted from {run.newest_batch}"
        remedy = "Set COURTSTATS_STORE to the store that belongs to the warehouse, or restore a backup"
        if key is None:
            what, remedy = "there is no key to read the records with", "Put the key file back, or set COURTSTATS_KEY"
        raise ExtractError(what, where=where, remedy=remedy)
    check_key(store, key_check(key))
    period = Period(run.period_from, run.period_to)
    refuse_removed(store, period.first, f"{name}, {period.label}:")
    return Order(
        question=then,
        unit=run.unit,
        period=period,
        by=run.breakdowns,
        as_known_at=run.as_known_at,
        newest_batch=run.newest_batch,
        store=holds,
        files=(),
        now=run.started_at,
        code_version=runs.code_version(),
        precedence=_rules(settings, one),
    )


def _rules(settings: Settings, one: StoredRun) -> tuple[Precedence, ...]:
    """Which source went before which; runs of earlier schemas did not say, so as today."""
    if one.run.precedence is None:
        return precedence_of(precedence(settings))
    return tuple(Precedence(**rule) for rule in one.run.precedence)


def _groups(orders: dict[int, Order]) -> list[list[int]]:
    """Runs that one pass can count: alike but for unit and period, and periods of one unit do not overlap."""
    groups: list[tuple[tuple[object, ...], list[int]]] = []
    for number, order in orders.items():
        known = (order.as_known_at, order.newest_batch, order.now, order.precedence)
        alike = (order.question.fingerprint, order.question.id, order.by, *known)
        fits = (
            group
            for of, group in groups
            if of == alike
            and not any(orders[n].unit == order.unit and overlap(orders[n].period, order.period) for n in group)
        )
        group = next(fits, None)
        if group is None:
            groups.append((alike, [number]))
        else:
            group.append(number)
    return [group for _, group in groups]


def _counted(settings: Settings, orders: Sequence[Order]) -> list[Answer]:
    import duckdb

    span = min(o.period.first for o in orders), max(o.period.last for o in orders)
    try:
        files = known_files(settings.store, *span)
        return runs.count_all(settings, [replace(order, files=files) for order in orders])
    except duckdb.IOException:
        raise ExtractError(
            "a file of the records could not be read",
            where=str(settings.store),
            remedy="Check the disk and who may read the folder, or restore a backup",
        ) from None


def _compared(
    one: StoredRun, order: Order, answer: Answer, today: Question | None, holds: Question | None, now: datetime
) -> Reproduced:
    differ = list(_differences(one, recording.figure_rows(answer)))
    versions: list[tuple[str, str | None, str | None]] = []
    if one.run.definition_hash != order.question.fingerprint:
        versions.append((AS_READ, one.run.definition_hash, order.question.fingerprint))
    noted = one.run.counted_with
    then, new = noted or {"courtstats": one.run.code_version}, recording.counted_with(order)
    versions += [
        (name, then.get(name), new.get(name))
        for name in dict.fromkeys([*then, *(new if noted else ())])
        if then.get(name) != new.get(name)
    ]
    holding = [order.question, holds] if holds else None
    return Reproduced(
        run=one,
        outcome=DIFFERS if differ else HOLDS,
        figures=len(one.figures),
        differences=tuple(_shown(each, one.run.period, holding, now) for each in differ),
        versions=tuple(versions),
        todays_definition=today.fingerprint == one.run.definition_hash if today else None,
    )


def _differences(one: StoredRun, counted: Sequence[FigureRow]) -> list[Difference]:
    """Every cell that is not the same; the total also where only the run itself states another one."""
    then = {f.cell: (f.value, f.status, f.marks) for f in one.figures}
    new = {f.cell: (f.value, f.status, f.marks) for f in counted}
    cells = [cell for cell in dict.fromkeys([*then, *new]) if then.get(cell) != new.get(cell)]
    found = [Difference(cell, then.get(cell), new.get(cell)) for cell in cells]
    total = counted[0]
    if total.cell not in cells and (one.run.value, one.run.status) != (total.value, total.status):
        found.insert(0, Difference(total.cell, (one.run.value, one.run.status or "", ""), new[total.cell]))
    return found


def _shown(one: Difference, period: str, holding: Iterable[Question] | None, now: datetime) -> Difference:
    """A difference as it may be shown: what a hold covers now (all, where the holds are unknown) only differs."""
    if holding is None:
        return replace(one, then=None, now=None, withheld=True)
    days = days_of(parse_period(period), list(loads(one.cell).items()))
    held = any(holds_in_force(question, days, now.astimezone(UTC)) for question in holding)
    return replace(one, then=None, now=None, withheld=True) if held else one
