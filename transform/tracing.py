"""What happened to each row of an example, step by step, told by the statement that counts.

The trace selects from the named steps of that very statement, and asks its own conditions about each row,
so that it cannot say anything else than the count does. For people who write a question: an example that
fails shows the step that dropped or kept the wrong unit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from transform.breakdowns import TIME_BREAKDOWNS, UNKNOWN
from transform.counting import FRAGMENTS, units_sql, used_breakdowns
from transform.definition import Example, Given, Question
from transform.examples import example_records, records_of
from transform.periods import Period
from transform.trace_reasons import Asked, Key, Reason, shown_day, shown_result

COUNTED, BESIDE, DROPPED, REPLACED, OUTSIDE, EMPTY = "counted", "beside", "dropped", "replaced", "outside", "empty"
FATES: dict[str, str] = {
    COUNTED: "it is the result by which its unit counts",
    BESIDE: "every step kept it, but another result of its unit counts",
    DROPPED: "a step dropped it",
    REPLACED: "a later statement replaced it",
    OUTSIDE: "it was heard outside the period",
    EMPTY: "it is a statement with nothing left",
}
"""Everything that can happen to a row."""
_ENDING = (FRAGMENTS / "units-answer.sql").read_text(encoding="utf-8").rstrip("\n")
_UNTOLD = (*TIME_BREAKDOWNS[1:], "source_system")
"""Breakdowns that the words leave out: the month says the rest of the time, the row its source."""
_HEARD = """
select 'heard' as stage, statement_key, landed_batch, null::integer as result_index, null::integer as step,
    null::varchar as unit_key, null::integer as outcome_rank, null::varchar[] as cell
from records
join open_day using (hearing_date)"""
_STANDS = """
select 'stands' as stage, statement_key, landed_batch
from records
anti join replaced using (statement_key, stated_at, received_at, landed_batch, payload_hash, case_index)"""
_STEP = "select 'step' as stage, {{step}} as step, statement_key, landed_batch, result_index from step_{{step}}"
_KEPT = "select 'kept' as stage, statement_key, landed_batch, result_index, unit_key, outcome_rank from counted_result"
_FIRST = """
select 'first' as stage, statement_key, landed_batch, result_index, unit_key, outcome_rank, [{{cell}}] as cell
from counted_unit"""
"""What is asked of the named steps, one part for each stage."""


@dataclass(frozen=True, slots=True)
class RowTrace:
    """What happened to one row (number from 1) of an example: one of `FATES`, with the steps that it went through.

    `unit` is its unit where every step kept it, `cell` the categories in which that unit counts (`COUNTED`
    only), `said` the fate in words.
    """

    row: int
    given: Given
    fate: str
    steps: tuple[Reason, ...]
    unit: str | None
    cell: tuple[tuple[str, str], ...]
    said: str

    @property
    def label(self) -> str:
        """The row in words: case, defendant and statement where they are not the first, hearing, codes."""
        given = self.given
        who = f"case {given.case}" + (f", defendant {given.defendant}" if given.defendant != "1" else "")
        heard = f"hearing {shown_day(given.hearing)}" + (f", statement {given.stated}" if given.stated > 1 else "")
        return ", ".join(
            [f"{who}: {heard}", *([given.offence, shown_result(given)] if given.offence else ["no results"])]
        )


@dataclass(frozen=True, slots=True)
class Trace:
    """The rows of an example in their order, for one period and one unit."""

    period: str
    unit: str
    rows: tuple[RowTrace, ...]


def trace(question: Question, example: Example, period: Period, unit: str | None, key: bytes) -> Trace:
    """What happened to every row of an example when this period is counted in this unit (`None`: the main one).

    Raises `TransformError` for a unit that the question does not have.
    """
    from transform.engines.duckdb import bound, open_records, unit_asked

    counted_in = unit_asked(question, unit)
    records = records_of(example, key)
    with open_records(question, records, [period], [], key) as connection:
        parameters = bound(records, [period])
        rows = connection.execute(_trace_sql(question, counted_in), parameters).fetchall()
        asked = [Asked(connection, question, number, step) for number, step in enumerate(question.steps, 1)]
    return Trace(period.label, counted_in, tuple(_rows(question, example, period, counted_in, _Stages(rows), asked)))


def _trace_sql(question: Question, unit: str) -> str:
    """The counting statement up to its units, with its named steps laid one under the other."""
    counting = units_sql(question, unit).rstrip("\n")
    if not counting.endswith(_ENDING):
        raise ValueError("units-answer.sql no longer ends the statement of the units")
    cell = ", ".join(f"cast(by_{name} as varchar)" for name in used_breakdowns(question)) or "null"
    steps = [_STEP.replace("{{step}}", str(number)) for number in range(1, len(question.steps) + 1)]
    stages = "\nunion all by name\n".join([_HEARD, _STANDS, *steps, _KEPT, _FIRST.replace("{{cell}}", cell)])
    return counting.removesuffix(_ENDING) + stages


class _Stages:
    """The answer of the trace's statement, by what it says about which record."""

    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        self.heard: set[tuple[str, int]] = set()
        self.stands: dict[str, int] = {}
        self.steps: dict[Key, set[int]] = {}
        self.kept: dict[Key, tuple[str, int | None]] = {}
        self.first: dict[Key, list[str | None]] = {}
        for stage, statement, batch, result, step, unit, rank, cell in rows:
            if stage == "heard":
                self.heard.add((statement, batch))
            elif stage == "stands":
                self.stands[statement] = batch
            elif stage == "step":
                self.steps.setdefault((statement, batch, result), set()).add(step)
            elif stage == "kept":
                self.kept[statement, batch, result] = (unit, rank)
            else:
                self.first[statement, batch, result] = cell


def _rows(
    question: Question, example: Example, period: Period, unit: str, stages: _Stages, asked: list[Asked]
) -> Iterator[RowTrace]:
    records = _records(example)
    of_unit: dict[str, list[int]] = {}
    first: dict[str, int] = {}
    for number, record in enumerate(records, 1):
        if record in stages.kept:
            of_unit.setdefault(stages.kept[record][0], []).append(number)
            if record in stages.first:
                first[stages.kept[record][0]] = number
    for number, (given, record) in enumerate(zip(example.given, records, strict=True), 1):
        statement, batch, result = record
        passed = stages.steps.get(record, set())
        went = [a.reason(record, given, a.number in passed) for a in asked[: len(passed) + 1]] if result else []
        key = stages.kept[record][0] if record in stages.kept else None
        cell: tuple[tuple[str, str], ...] = ()
        if (statement, batch) not in stages.heard:
            fate, said = OUTSIDE, f"outside the period {period.label}"
        elif stages.stands[statement] != batch:
            fate, said = REPLACED, f"replaced by statement {stages.stands[statement]}"
        elif result is None:
            fate, said = EMPTY, "a statement with nothing left"
        elif key is None:
            fate, said = DROPPED, f"dropped at step {went[-1].step} {went[-1].name!r} ({went[-1].because})"
        elif record not in stages.first:
            other = first[key]
            fate, said = (
                BESIDE,
                f"kept by every step, but its {unit} counts by row {other}"
                + _chosen(question, stages, [records[n - 1] for n in of_unit[key]], records[other - 1]),
            )
        else:
            values = zip(used_breakdowns(question), stages.first[record], strict=False)
            cell = tuple((name, value) for name, value in values if value is not None)
            told = [f"{name} {value}" for name, value in cell if name not in _UNTOLD and value != UNKNOWN]
            where = f" ({', '.join(told)})" if told else ""
            fate, said = (
                COUNTED,
                f"kept by every step, so its {unit} is counted in {period.label}{where}"
                + _chosen(question, stages, [records[n - 1] for n in of_unit[key]], record),
            )
        steps = tuple(went) if fate in (COUNTED, BESIDE, DROPPED) else ()
        yield RowTrace(number, given, fate, steps, key, cell, said)


def _records(example: Example) -> list[Key]:
    """The record that each row of the example became, as the examples themselves make them."""
    seen: dict[tuple[str, int], int] = {}
    found: list[Key] = []
    for given in example.given:
        made = example_records(replace(example, given=(given,)), b"any").select(["statement_key", "landed_batch"])
        statement, batch = (column[0].as_py() for column in made.columns)
        if given.offence is None:
            found.append((statement, batch, None))
            continue
        seen[statement, batch] = seen.get((statement, batch), 0) + 1
        found.append((statement, batch, seen[statement, batch]))
    return found


def _chosen(question: Question, stages: _Stages, records: list[Key], first: Key) -> str:
    """Why one of several results of a unit counts."""
    if len(records) < 2:
        return ""
    outcome = question.outcome
    if not outcome:
        return "; of several the first hearing counts, on one day the lower offence code"
    ranks = [rank for _, rank in (stages.kept[r] for r in records) if rank]
    names = [outcome.prefer[rank - 1] for rank in dict.fromkeys(ranks)]
    own = stages.kept[first][1] or 0
    if len(names) > 1:
        return f"; its outcome is {outcome.prefer[own - 1]}, preferred among {', '.join(sorted(names))}"
    return f"; of several with one outcome the {'last' if outcome.last else 'first'} hearing counts"


def trace_json(traced: Trace) -> Mapping[str, Any]:
    """A trace as plain JSON values."""
    return {
        "period": traced.period,
        "unit": traced.unit,
        "rows": [
            {
                "row": r.row,
                "label": r.label,
                "fate": r.fate,
                "said": r.said,
                "unit_key": r.unit,
                "cell": dict(r.cell),
                "steps": [{"step": s.step, "name": s.name, "kept": s.kept, "because": s.because} for s in r.steps],
            }
            for r in traced.rows
        ],
    }
