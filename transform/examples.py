"""A question's own examples, run by the engine that counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from extract.contract import RECORDS, normalise_text, text_digest
from transform.answers import days_of, requested
from transform.breakdowns import SEEN_BREAKDOWNS
from transform.contract import NO_DATA, Answer
from transform.definition import Example, Given, Question
from transform.engines.duckdb import Records, count, count_series
from transform.periods import Period, months, parse_period
from transform.rules import RULES

LONG_AFTER = datetime(9000, 1, 1, tzinfo=UTC)
"""Later than any hold and any statement: examples show the rule, not what is held."""
NO_SUCH_CELL = "no such cell"
_ASCII_CODE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


@dataclass(frozen=True, slots=True)
class ExampleOutcome:
    """One example: the figures it expects and those it got, by the keys of its `expect`."""

    name: str
    passed: bool
    expected: Mapping[str, int | str]
    got: Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class ExpectedCell:
    """What a key of `expect` names: a period, a cell as (breakdown, category) pairs, a unit (`None`: the main one)."""

    period: Period
    cell: frozenset[tuple[str, str]]
    unit: str | None


def run_examples(question: Question, key: bytes) -> list[ExampleOutcome]:
    """Every example of the question, counted by the real engine. Raises `TransformError` for an unknown cell.

    They are counted together first, which costs little more than one of them; what an example gets that is not answered
    as written then is what it gets by itself.
    """
    passed = answered_together(question, key) if len(question.examples) > 1 else frozenset()
    return [
        ExampleOutcome(example.name, True, dict(example.expect), dict(example.expect))
        if place in passed
        else _run(question, example, key)
        for place, example in enumerate(question.examples)
    ]


def _run(question: Question, example: Example, key: bytes) -> ExampleOutcome:
    records = records_of(example, key)
    asked = {expected: expected_cell(expected) for expected in example.expect}
    got: dict[str, int | str] = {}
    for period, unit in dict.fromkeys((cell.period, cell.unit) for cell in asked.values()):
        of_answer = {e: cell for e, cell in asked.items() if (cell.period, cell.unit) == (period, unit)}
        by = [tuple(name for name, _ in cell.cell) for cell in of_answer.values() if cell.cell]
        answer = count(question, records, period, by, unit=unit, key=key, now=LONG_AFTER)
        figures = _figures(answer)
        got |= {expected: figures.get(cell.cell, NO_SUCH_CELL) for expected, cell in of_answer.items()}
    got = {expected: got[expected] for expected in example.expect}
    return ExampleOutcome(example.name, got == dict(example.expect), dict(example.expect), got)


def _figures(answer: Answer) -> dict[frozenset[tuple[str, str]], int | str]:
    return {frozenset(f.cell): f.status if f.value is None else f.value for f in answer.figures}


def answered_together(question: Question, key: bytes) -> frozenset[int]:
    """Places of the examples that are answered as written when all are counted at once.

    The cases of each stand under names of its own and come from a court system of its own, so that a breakdown by
    system gives the figures of each. Not among them is any example of a question that looks at systems itself, and any
    that asks for a category which is there because somebody spoke of it.
    """
    looks_at_systems = any(
        step.system or (step.rule and "source_system" in RULES[step.rule].columns) for step in question.steps
    )
    asked = {
        place: {expected: expected_cell(expected) for expected in example.expect}
        for place, example in enumerate(question.examples)
        if not looks_at_systems and not any(f" {name}=" in e for name in SEEN_BREAKDOWNS for e in example.expect)
    }
    given = (_told_apart(row, place) for place in asked for row in question.examples[place].given)
    records = records_of(Example("all", tuple(given), {}), key)
    got: dict[tuple[str | None, Period], dict[frozenset[tuple[str, str]], int | str]] = {}
    for unit in dict.fromkeys(cell.unit for cells in asked.values() for cell in cells.values()):
        of_unit = [cell for cells in asked.values() for cell in cells.values() if cell.unit == unit]
        combinations = requested(question, [[name for name, _ in cell.cell] for cell in of_unit if cell.cell])
        by = [("source_system",), *((*names, "source_system") for names in combinations)]
        every = replace(question, breakdowns=replace(question.breakdowns, allowed=tuple(by)))
        for periods in _beside_each_other(cell.period for cell in of_unit):
            answers = count_series(every, records, periods, by, unit=unit, key=key, now=LONG_AFTER)
            got |= {(unit, period): _figures(answer) for period, answer in zip(periods, answers, strict=True)}

    def figure(place: int, cell: ExpectedCell) -> int | str | None:
        figures = got[cell.unit, cell.period]
        if not _speaks_of(question.examples[place], cell):
            return NO_DATA if any(cell.cell <= other for other in figures) else None
        return figures.get(cell.cell | {("source_system", str(place))})

    return frozenset(
        place
        for place, cells in asked.items()
        if all(figure(place, cell) == question.examples[place].expect[expected] for expected, cell in cells.items())
    )


def _told_apart(row: Given, place: int) -> Given:
    """A row of the example at a place as no other example has it."""
    application = row.application and f"{place}|{row.application}"
    return replace(row, case=f"{place}|{row.case}", application=application, system=str(place))


def _beside_each_other(periods: Iterable[Period]) -> list[list[Period]]:
    """The periods, each once, in as few series as there need be for none to have two that overlap."""
    found: list[list[Period]] = []
    for period in sorted(dict.fromkeys(periods), key=lambda p: p.first):
        series = next((s for s in found if s[-1].last < period.first), None)
        if series is None:
            found.append([period])
        else:
            series.append(period)
    return found


def _speaks_of(example: Example, asked: ExpectedCell) -> bool:
    """Whether an example by itself has data for a cell: a statement in its months, within the period."""
    heard = {f"{row.hearing:%Y-%m}" for row in example.given if asked.period.first <= row.hearing <= asked.period.last}
    return any(month.label in heard for month in months(days_of(asked.period, tuple(asked.cell))))


def expected_cell(key: str) -> ExpectedCell:
    """A key of `expect`, like `2020Q1 month=2020-01 unit=defendant`, read."""
    text, *conditions = key.split()
    pairs = dict(condition.partition("=")[::2] for condition in conditions)
    unit = pairs.pop("unit", None)
    return ExpectedCell(parse_period(text), frozenset(pairs.items()), unit)


def records_of(example: Example, key: bytes) -> Records:
    """What an example is counted from: all that its rows ever stated."""
    newest = max((row.stated for row in example.given), default=0)
    return Records(example_records(example, key), newest, LONG_AFTER)


def example_records(example: Example, key: bytes) -> pa.Table:
    """The rows of an example as hearing-result records.

    A statement is what one case said about one defendant and day at one time (`stated`, from 1). Results
    on one offence code (and application) of a statement are on one offence. Court, force, source and system are
    those of its first row.
    """
    statements: dict[tuple[str, str, date, int], list[Given]] = {}
    for row in example.given:
        statements.setdefault((row.case, row.defendant, row.hearing, row.stated), []).append(row)
    rows: list[dict[str, Any]] = []
    for (case, defendant, hearing, stated), given in statements.items():
        at = datetime.combine(hearing, time(18), UTC) + timedelta(days=stated)
        base = {field.name: "example" for field in RECORDS if not field.nullable and field.type == pa.string()} | {
            "source_format": "spi",
            "source_name": given[0].source or "spi",
            "source_system": given[0].system or "B00LIBRA",
            "court_ou_code": given[0].court,
            "police_force": given[0].force,
            "payload_hash": f"{stated:064}",
            "received_at": at,
            "landed_batch": stated,
            "landed_at": at,
            "statement_key": f"{case}|{defendant}|{hearing}",
            "stated_at": at,
            "statement_complete": True,
            "hearing_date": hearing,
            "hearing_month": f"{hearing:%Y-%m}",
            "case_key": f"case:{case}",
            "case_key_strength": "strong",
            "defendant_key": f"{case}:{defendant}",
            "case_index": 1,
        }
        results = [row for row in given if row.offence is not None]
        offences = list(dict.fromkeys((row.offence, row.application) for row in results))
        rows += [
            base
            | {"offence_index": offences.index((row.offence, row.application)) + 1, "result_index": position}
            | {"level": row.level or "OFFENCE", "application_key": row.application}
            | {"offence_code_raw": row.offence, "offence_code": row.offence}
            | {"finding": row.finding, "final_disposal": row.final_disposal, "conviction_date": row.convicted}
            | _result(row, key)
            for position, row in enumerate(results, 1)
        ] or [base]
    return pa.Table.from_pylist(rows, schema=RECORDS)


def _result(row: Given, key: bytes) -> dict[str, str | None]:
    """`3307` is a CJS code, `SPO` (capitals only) a short code, anything else a text."""
    result = row.result or ""
    text = row.text if row.text is not None or not result or set(result) <= _ASCII_CODE else result
    is_code = bool(result) and set(result) <= _ASCII_CODE
    cjs = is_code and len(result) == 4 and result.isdigit()
    normalised = normalise_text(text or "")
    return {
        "result_code": result if cjs else None,
        "result_short_code": row.short or (result if is_code and not cjs else None),
        "result_text_digest": text_digest(normalised, key) if normalised else None,
    }
