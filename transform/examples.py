"""A question's own examples, run by the engine that counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from extract.contract import RECORDS, normalise_text, text_digest
from transform.contract import Figure
from transform.definition import Example, Given, Question
from transform.engines.duckdb import Records, count
from transform.periods import Period, parse_period

LONG_AFTER = datetime(9000, 1, 1, tzinfo=UTC)
"""Later than any hold and any statement: examples show the rule, not what is held."""
_ASCII_CODE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


@dataclass(frozen=True, slots=True)
class ExampleOutcome:
    """One example: the figures it expects and those it got, by the keys of its `expect`."""

    name: str
    passed: bool
    expected: Mapping[str, int | str]
    got: Mapping[str, int | str]


def run_examples(question: Question, key: bytes) -> list[ExampleOutcome]:
    """Every example of the question, counted by the real engine. Raises `TransformError` for an unknown cell."""
    return [_run(question, example, key) for example in question.examples]


def _run(question: Question, example: Example, key: bytes) -> ExampleOutcome:
    records = records_of(example, key)
    asked = {expected: expected_cell(expected) for expected in example.expect}
    got: dict[str, int | str] = {}
    for period, unit in dict.fromkeys((cell.period, cell.unit) for cell in asked.values()):
        of_answer = {e: cell for e, cell in asked.items() if (cell.period, cell.unit) == (period, unit)}
        by = [tuple(name for name, _ in cell.cell) for cell in of_answer.values() if cell.cell]
        answer = count(question, records, period, by, unit=unit, key=key, now=LONG_AFTER)
        figures = {frozenset(f.cell): f for f in answer.figures}
        for expected, cell in of_answer.items():
            figure = figures.get(cell.cell)
            got[expected] = (
                "no such cell" if figure is None else figure.status if figure.value is None else figure.value
            )
    got = {expected: got[expected] for expected in example.expect}
    return ExampleOutcome(example.name, got == dict(example.expect), dict(example.expect), got)


def _value(figure: Figure | None) -> int | str:
    if figure is None:
        return "no such cell"
    return figure.status if figure.value is None else figure.value


@dataclass(frozen=True, slots=True)
class ExpectedCell:
    """What a key of `expect` names: a period, a cell as (breakdown, category) pairs, a unit (`None`: the main one)."""

    period: Period
    cell: frozenset[tuple[str, str]]
    unit: str | None


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
