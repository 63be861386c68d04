"""Why new figures differ from those that stand: recounted step by step, each step by one thing that changed.

The order is fixed (docs/method.md): the program, what is held back, the records, the rules which source goes before
which, the code lists, the definition. Each count differs from the one before in that alone, so the parts add up to the
difference; loading refuses figures whose parts do not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from load.contract import RevisionRow, RunRow, breakdown_name, breakdown_of, canonical_cell, counts_as
from load.reading import stored_version
from load.vintages import Line, Stated, differences, line_of
from pipelines import recording, runs
from pipelines.released import released
from pipelines.runs import Order
from pipelines.settings import Settings, the_key
from pipelines.stored_versions import as_loaded
from transform.changes import Change, changes
from transform.contract import HELD, Answer
from transform.definition import Question
from transform.planning import Version, period_plan, versions
from transform.precedence import Precedence

if TYPE_CHECKING:
    from load.connecting import Warehouse
    from transform.engines.duckdb import Records

PROGRAM, RULES, LIST, DEFINITION, NOT_RECOUNTED = (
    "program change",
    "source change",
    "code-list change",
    "definition change",
    "not recounted",
)
PRECEDENCE_SAYS = "the rules say otherwise which source goes before which"
HOLDS_SAY = "other days are held back than before"
TOTAL = "{}"
Values = Mapping[str, tuple[int | None, str]]
"""Value and status by canonical cell."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What a new answer was compared with, and the parts of every difference."""

    line: Line
    parts: tuple[RevisionRow, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    """New figures of one period beside those of one earlier run: the combinations that it stated last, and whether it
    stated the total last too.
    """

    place: int
    before: Stated
    by: tuple[tuple[str, ...], ...]
    total: bool
    stood: Values
    now: Values


def compare(
    settings: Settings, warehouse: "Warehouse", orders: Sequence[Order], answers: Sequence[Answer]
) -> list[Compared]:
    """Each answer beside what stands of its question, unit and period, with the parts of every difference.

    The orders are of one `prepare_all`. Figures that do not differ are not recounted. Nothing is written.

    Raises:
        ArithmeticError: the parts of the records do not add up: counting itself is at fault.
        LoadError, ExtractError, TransformError: see the stages.
    """
    lines = [line_of(warehouse, order.question.id, order.unit, order.period.label) for order in orders]
    differing = [_differing(*of) for of in zip(orders, answers, lines, strict=True)]
    found: list[list[RevisionRow]] = [[] for _ in orders]
    pairs = [
        pair
        for place, (order, answer, line, differ) in enumerate(zip(orders, answers, lines, differing, strict=True))
        for pair in _pairs(place, order, answer, line, {run_id for _, run_id in differ.values()})
    ]
    for group in _alike(pairs, orders):
        told = _of_group(settings, warehouse, [orders[pair.place] for pair in group], group)
        for pair, parts in zip(group, told, strict=True):
            found[pair.place] += (part for part in parts if part.cell in differing[pair.place])
    return [Compared(line, tuple(parts)) for line, parts in zip(lines, found, strict=True)]


# --- what is compared --------------------------------------------------------------------------


def _differing(order: Order, answer: Answer, line: Line) -> dict[str, tuple[int, int]]:
    """By cell: how much it differs, and the run that stated it; see `load.vintages.differences`."""
    row = recording.run_row(order, answer, order.now, order.now)
    return differences(line, row, recording.figure_rows(answer)) if line.is_ahead(row) else {}


def _pairs(place: int, order: Order, answer: Answer, line: Line, concerned: set[int]) -> list[_Pair]:
    """The earlier runs that stated what differs now, each with its breakdowns; mostly one, and none where none does."""
    figures = recording.figure_rows(answer)
    pairs = []
    for run_id in sorted(concerned):
        of_run = {name: stated for name, stated in line.stated.items() if stated.run_id == run_id}
        by = tuple(names for names in order.by if breakdown_name(names) in of_run)
        wanted = {"", *(breakdown_name(names) for names in by)} & of_run.keys()
        stood = {cell: told for name in wanted for cell, told in of_run[name].figures.items()}
        now = {f.cell: (f.value, f.status) for f in figures if breakdown_of(f.cell) in wanted}
        pairs.append(_Pair(place, next(iter(of_run.values())), by, "" in wanted, stood, now))
    return pairs


def _alike(pairs: Sequence[_Pair], orders: Sequence[Order]) -> list[list[_Pair]]:
    """Pairs that can be recounted in one pass: counted by the same definition on the same records before."""
    groups: dict[tuple[object, ...], list[_Pair]] = {}
    for pair in pairs:
        run = pair.before.run
        rules = None if run.precedence is None else tuple(tuple(sorted(rule.items())) for rule in run.precedence)
        same = (orders[pair.place].unit, run.definition_hash, run.as_known_at, run.newest_batch, run.store, rules)
        groups.setdefault((*same, pair.by, pair.total), []).append(pair)
    return list(groups.values())


# --- the parts ---------------------------------------------------------------------------------


def _of_group(
    settings: Settings, warehouse: "Warehouse", orders: Sequence[Order], pairs: Sequence[_Pair]
) -> list[list[RevisionRow]]:
    """The parts of each pair; where the earlier vintage cannot be counted again, its whole difference is one part."""
    order, run = orders[0], pairs[0].before.run
    old, refused = as_loaded(stored_version(warehouse, run.definition_hash))
    if old is None:
        why = f"its definition cannot be read by this version: {refused[0]}"
    elif run.store not in (None, order.store):
        why = "it was counted from another records store"
    elif run.newest_batch > order.newest_batch:
        why = "the records store does not hold all landings of then any more"
    else:
        told: dict[int, list[RevisionRow]] = {}
        for places in _under_the_same_holds(old, pairs):
            with runs.still_there(settings, orders):
                recounted = _recounted(settings, old, [orders[n] for n in places], [pairs[n] for n in places])
            told |= dict(zip(places, recounted, strict=True))
        return [told[place] for place in range(len(pairs))]
    return [_difference(pair, pair.stood, pair.now, NOT_RECOUNTED, why) for pair in pairs]


def _under_the_same_holds(old: Question, pairs: Sequence[_Pair]) -> list[list[int]]:
    """Places of pairs of which the earlier run was counted under the same holds."""
    groups: dict[tuple[bool, ...], list[int]] = {}
    for place, pair in enumerate(pairs):
        in_force = tuple(pair.before.run.started_at < hold.until for hold in old.holds)
        groups.setdefault(in_force, []).append(place)
    return list(groups.values())


def _recounted(
    settings: Settings, old: Question, orders: Sequence[Order], pairs: Sequence[_Pair]
) -> list[list[RevisionRow]]:
    from transform.engines.duckdb import count_series
    from transform.engines.revising import record_revisions

    order, run, by = orders[0], pairs[0].before.run, pairs[0].by
    key, periods = the_key(settings), [one.period for one in orders]
    differ = changes(old, order.question) if old.fingerprint != order.question.fingerprint else ()
    made = versions(old, order.question, differ, (order.unit, order.unit), by)
    then = made[0].question

    def counted(version: Question, records: "Records", at: datetime = order.now) -> list[Answer]:
        return count_series(version, records, periods, by, key=key, now=at)

    now = runs.records(order)
    rules = then_rules(run, order)
    before = replace(now, newest_batch=run.newest_batch, as_known_at=run.as_known_at, precedence=rules)
    after = replace(now, precedence=rules)
    # Days under a hold are not looked at, so a hold can move a unit to a day outside it.
    as_then = counted(then, before)
    as_stated = counted(replace(then, holds=old.holds), before, run.started_at) if then.holds else as_then
    with_records = as_then if before == after else counted(then, after)
    with_rules = with_records if after == now else counted(then, now)
    with_versions = [with_rules, *(counted(version.question, now) for version in made[1:])]
    parts = [
        _difference(pair, pair.stood, _values(answer), PROGRAM, "")
        for pair, answer in zip(pairs, as_stated, strict=True)
    ]
    for pair, of_pair, one, other in zip(pairs, parts, as_stated, as_then, strict=True):
        of_pair += _difference(pair, _values(one), _values(other), DEFINITION, HOLDS_SAY)
    if before != after:
        let_out = released(settings.store, order.newest_batch, after=run.newest_batch)
        told = record_revisions(
            then, before, after, periods, by, key=key, now=order.now, released=let_out, counted=(as_then, with_records)
        )
        for pair, period, of_pair in zip(pairs, periods, parts, strict=True):
            of_pair += [
                RevisionRow(canonical_cell(dict(one.cell)), pair.before.run_id, one.cause, one.by, one.batch)
                for one in told
                if one.period == period.label
            ]
    for pair, of_pair, one, other in zip(pairs, parts, with_records, with_rules, strict=True):
        of_pair += _difference(pair, _values(one), _values(other), RULES, PRECEDENCE_SAYS)
    for place, (pair, of_pair) in enumerate(zip(pairs, parts, strict=True)):
        of_pair += _of_versions(pair, made, [answers[place] for answers in with_versions], differ)
        of_pair += _difference(pair, _values(with_versions[-1][place]), pair.now, DEFINITION, HOLDS_SAY)
    return [_told(pair, of_pair) for pair, of_pair in zip(pairs, parts, strict=True)]


def then_rules(run: RunRow, order: Order) -> tuple[Precedence, ...]:
    """Which source went before which when a run was counted; runs of earlier schemas did not say, so as now."""
    return order.precedence if run.precedence is None else tuple(Precedence(**rule) for rule in run.precedence)


def _of_versions(
    pair: _Pair, made: Sequence[Version], answers: Sequence[Answer], differ: Sequence[Change]
) -> list[RevisionRow]:
    if len(made) < 2:
        return []
    plan = period_plan(made, answers, None)
    parts = []
    for cell in (plan.total, *plan.cells):
        for effect in cell.effects:
            of_effect = [differ[number] for number in effect.changes]
            cause = LIST if all(change.part == "list" for change in of_effect) else DEFINITION
            says = "; ".join(change.says for change in of_effect)
            parts.append(RevisionRow(canonical_cell(dict(cell.cell)), pair.before.run_id, cause, effect.by, says=says))
    return parts


def _difference(pair: _Pair, before: Values, after: Values, cause: str, says: str) -> list[RevisionRow]:
    """One part for each cell in which two counts differ; one that either withholds has none."""
    parts = []
    for cell in dict.fromkeys([*before, *after]):
        was, now = counts_as(*before.get(cell, (None, None))), counts_as(*after.get(cell, (None, None)))
        if was is not None and now is not None and was != now:
            parts.append(RevisionRow(cell, pair.before.run_id, cause, now - was, says=says))
    return parts


def _values(answer: Answer) -> Values:
    return {canonical_cell(dict(f.cell)): (f.value, f.status) for f in answer.figures}


def _told(pair: _Pair, parts: Sequence[RevisionRow]) -> list[RevisionRow]:
    """The parts of those cells that the earlier run stated, and that neither side withholds."""
    held = {cell for side in (pair.stood, pair.now) for cell, (_, status) in side.items() if status == HELD}
    return [part for part in parts if part.cell not in held and (pair.total or part.cell != TOTAL)]
