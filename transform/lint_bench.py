"""A question with its examples, ready to be counted again and again under rules that were changed a little.

The engine that counts runs them, all examples at once: the cases of each stand under names of its own and
come from a court system of its own, so that a breakdown by system gives the figures of each. Only where the
question itself looks at systems, or a cell depends on what else was landed, are examples counted one by one.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from extract.contract import normalise_text, text_digest
from transform.answers import days_of
from transform.breakdowns import SEEN_BREAKDOWNS
from transform.codelists import CodeEntry
from transform.contract import NO_DATA
from transform.definition import Breakdowns, Example, Question
from transform.engines.duckdb import Records, count, units
from transform.examples import LONG_AFTER, ExpectedCell, expected_cell, records_of
from transform.lint_rules import covers
from transform.periods import Period, months
from transform.rules import RULES

_KEY = bytes(32)
"""Texts of examples and lists only need to be digested alike; no stored record is looked at."""
_COLUMNS = ("case_key", "hearing_date", "offence_code", "result_code", "result_short_code", "result_text_digest")
Row = Mapping[str, Any]
Disagreement = tuple[int, str, int | str, int | str]
"""The place of an example, the key of its figure, what it expects, what it got."""


@dataclass(frozen=True)
class Bench:
    """A question with its examples ready to be counted again under changed rules."""

    question: Question

    @cached_property
    def records(self) -> Records:
        """The rows of all examples; the cases of each are told apart by its place."""
        given = tuple(
            replace(
                row,
                case=f"{n}|{row.case}",
                application=row.application and f"{n}|{row.application}",
                system=row.system if self._looks_at_systems else str(n),
            )
            for n, example in enumerate(self.question.examples)
            for row in example.given
        )
        return records_of(Example("all", given, {}), _KEY)

    @cached_property
    def rows(self) -> list[list[Row]]:
        """The rows of each example as the engine sees them."""
        found: list[list[Row]] = [[] for _ in self.question.examples]
        for row in self.records.files.select(_COLUMNS).to_pylist():  # type: ignore[union-attr]
            found[_place(row["case_key"])].append(row)
        return found

    @cached_property
    def asked(self) -> dict[tuple[int, str], ExpectedCell]:
        """Every expected figure by example and key."""
        return {(n, key): expected_cell(key) for n, e in enumerate(self.question.examples) for key in e.expect}

    def disagreements(
        self, changed: Question, among: Collection[int] | None = None, *, cells_first: bool = False
    ) -> Iterator[Disagreement]:
        """What the examples (`among`: those at these places) get otherwise than they expect under a changed rule.

        Counts as it goes, so that taking the first costs little.
        """
        ways = [self._totals(changed, among), self._cells(changed, among)]
        for way in reversed(ways) if cells_first else ways:
            yield from way

    def _totals(self, changed: Question, among: Collection[int] | None) -> Iterator[Disagreement]:
        groups: dict[tuple[Period, str], list[tuple[int, str, int]]] = defaultdict(list)
        for (n, key), cell in self.asked.items():
            figure = self.question.examples[n].expect[key]
            if not cell.cell and isinstance(figure, int) and (among is None or n in among):
                groups[cell.period, cell.unit or self.question.unit].append((n, key, figure))
        for (period, unit), expected in sorted(groups.items(), key=lambda item: -len(item[1])):
            got = self.total(changed, period, unit)
            for n, key, figure in expected:
                value = got[n] if self._landed(n, period, ()) else NO_DATA
                if value != figure:
                    yield n, key, figure, value

    def total(self, changed: Question, period: Period, unit: str) -> Counter[int]:
        """The units of every example in one period."""
        plain = replace(changed, unit=unit, also=(), evidence=(), breakdowns=Breakdowns((), (), ()))
        found = units(plain, self.records, period, key=_KEY, now=LONG_AFTER)
        return Counter(_place(one.case_key) for one in found)

    @cached_property
    def _looks_at_systems(self) -> bool:
        columns = {column for step in self.question.steps if step.rule for column in RULES[step.rule].columns}
        return "source_system" in columns or any(step.system for step in self.question.steps)

    def _cells(self, changed: Question, among: Collection[int] | None) -> Iterator[Disagreement]:
        groups: dict[tuple[Period, str, int | None], list[tuple[int, str]]] = defaultdict(list)
        for (n, key), cell in self.asked.items():
            if (cell.cell or isinstance(self.question.examples[n].expect[key], str)) and (among is None or n in among):
                alone = self._looks_at_systems or any(name in SEEN_BREAKDOWNS for name, _ in cell.cell)
                groups[cell.period, cell.unit or self.question.unit, n if alone else None].append((n, key))
        for (period, unit, place), keys in sorted(groups.items(), key=lambda item: -len(item[1])):
            got = self.figures(changed, period, unit, keys, place)
            for n, key in keys:
                expected = self.question.examples[n].expect[key]
                if got[n, key] != expected:
                    yield n, key, expected, got[n, key]

    def figures(
        self, changed: Question, period: Period, unit: str, keys: list[tuple[int, str]], place: int | None
    ) -> dict[tuple[int, str], int | str]:
        """Figures of one period and unit by example and key, from the example at a place alone or from all at once."""
        system = () if place is not None else ("source_system",)
        names = {one: tuple(sorted(name for name, _ in self.asked[one].cell)) for one in keys}
        by = sorted({(*system, *names[one]) for one in keys} - {()})
        plain = replace(
            changed, unit=unit, also=(), evidence=(), breakdowns=Breakdowns(changed.breakdowns.declared, (), tuple(by))
        )  # other breakdowns would only take time
        records = self.records if place is None else records_of(self.question.examples[place], _KEY)
        answer = count(plain, records, period, by, key=_KEY, now=LONG_AFTER)
        found = {frozenset(f.cell): f.status if f.value is None else f.value for f in answer.figures}
        got: dict[tuple[int, str], int | str] = {}
        for one in keys:
            cell = self.asked[one].cell
            if place is None and not self._landed(one[0], period, tuple(cell)):
                got[one] = NO_DATA
            else:
                mine = cell | {("source_system", str(one[0]))} if system else cell
                got[one] = found.get(mine, "no such cell")
        return got

    def _landed(self, place: int, period: Period, cell: tuple[tuple[str, str], ...]) -> bool:
        """Whether an example has a statement in the months of a cell, within its period."""
        days = {row["hearing_date"] for row in self.rows[place]}
        landed = {f"{day:%Y-%m}" for day in days if period.first <= day <= period.last}
        return any(month.label in landed for month in months(days_of(period, cell)))


def _place(case_key: str) -> int:
    return int(case_key.removeprefix("case:").partition("|")[0])


def matches(entry: CodeEntry, row: Row) -> bool:
    """Whether an entry matches a row of an example, as the engine compares them."""
    if entry.match in ("offence", "base"):
        code = row["offence_code"]
        return code is not None and covers(entry, CodeEntry(code, "offence", "", "", None, None, ""))
    if entry.match == "text":
        uncoded = row["result_code"] in (None, "1000")
        return bool(uncoded and row["result_text_digest"] == text_digest(normalise_text(entry.code), _KEY))
    return bool(row["result_code" if entry.match == "cjs" else "result_short_code"] == entry.code)
