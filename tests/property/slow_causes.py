"""A slow, plain reading of why records move a figure, against which the engine is held.

It is written from the description of `transform.revising`: one rule after the other, over lists of rows. What a row
and a unit are is as in `slow_reference.py` beside this file, given to it as `reference`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from transform.definition import Question
from transform.periods import Period
from transform.precedence import Precedence
from transform.revising import OF_RECORDS, ReleasedFrom

Row = dict[str, Any]
STATEMENT = ("stated_at", "received_at", "landed_batch", "payload_hash", "case_index")
RESULT = ("statement_key", *STATEMENT, "offence_index", "result_index")


@dataclass(frozen=True)
class Asked:
    """What is asked of which rows; `reference` is the module of the slow reading of counting."""

    reference: Any
    question: Question
    unit: str
    periods: Sequence[Period]
    by: Sequence[Sequence[str]]
    precedence: Sequence[Precedence]
    released: Sequence[ReleasedFrom] = ()


@dataclass
class State:
    """One state of knowledge: what is visible, what stands for each key, and what counts."""

    asked: Asked
    rows: list[Row]
    at: datetime
    batch: int
    latest: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    units: dict[Any, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows = [row for row in self.rows if self.knows(row)]
        for row in self.rows:
            self.latest[row["statement_key"]] = max(self.latest.get(row["statement_key"], ()), place(row))
        for row in self.rows:
            if row["result_index"] is None or not self.stands(row) or self.sets_aside(row):
                continue
            if all(
                self.asked.reference._meets(row, s, self.asked.question) is not s.drop
                for s in self.asked.question.steps
            ):
                key = self.asked.reference.unit_of(row, self.asked.unit, self.asked.question)
                for number, period in enumerate(self.asked.periods):
                    if period.first <= row["hearing_date"] <= period.last:
                        self.units.setdefault((number, key), []).append(row)

    def knows(self, row: Row) -> bool:
        return bool(row["received_at"] <= self.at and row["landed_batch"] <= self.batch)

    def stands(self, row: Row) -> bool:
        return self.latest[row["statement_key"]] == place(row)

    def sets_aside(self, row: Row, *, ever: bool = False) -> list[Row]:
        """What says that this row gives way: rows of a source that goes before its own, for its court and day.

        With `ever` those are among it that said so and were replaced.
        """
        return [
            other
            for rule in self.asked.precedence
            if rule.over_source in (None, row["source_name"])
            and rule.over_format in (None, row["source_format"])
            and rule.over_system in (None, row["source_system"])
            for other in self.rows
            if rule.source in (None, other["source_name"])
            and rule.format in (None, other["source_format"])
            and where(other) == where(row) != (None, row["hearing_date"])
            and (ever or self.stands(other) or other["source_format"] == "table")
        ]

    def first(self, unit: Any) -> Row | None:
        """The result that dates a unit."""
        found = self.units.get(unit)
        row: Row | None = self.asked.reference._chosen(found, self.asked.question) if found else None
        return row

    def statement(self, key: str) -> list[Row]:
        """The rows of the statement that stands for a key."""
        return [row for row in self.rows if row["statement_key"] == key and self.stands(row)]


def place(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in STATEMENT)


def result(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in RESULT)


def where(row: Row) -> tuple[Any, ...]:
    return (row["court_ou_code"] and row["court_ou_code"][:5]), row["hearing_date"]


def holder(row: Row, unit: str) -> tuple[Any, ...]:
    """Whom a result is of, whatever it says."""
    if unit == "case":
        return (row["case_key"],)
    if unit == "defendant":
        return row["case_key"], row["defendant_key"]
    application = (row["application_key"],) if row["application_key"] else (row["case_key"], row["defendant_key"])
    return application if unit == "application" else (*application, row["defendant_key"])


def out_of_quarantine(row: Row, released: Sequence[ReleasedFrom]) -> bool:
    return any(
        r.batch == row["landed_batch"]
        and (r.first_day is None or r.last_day is None or r.first_day <= row["hearing_date"] <= r.last_day)
        and r.file in (None, row["source_file"])
        for r in released
    )


class Reading:
    """Why units changed between two states."""

    def __init__(self, before: State, after: State) -> None:
        self.before, self.after, self.asked = before, after, before.asked
        self.gone: dict[Any, list[Row]] = {}
        self.come: dict[Any, list[Row]] = {}
        for unit in {*before.units, *after.units}:
            old, new = before.first(unit), after.first(unit)
            if old and new and self.cells(old) == self.cells(new):
                continue
            had, has = ({result(r) for r in state.units.get(unit, [])} for state in (before, after))
            self.gone[unit] = [r for r in before.units.get(unit, []) if result(r) not in has and (not new or r is old)]
            self.come[unit] = [r for r in after.units.get(unit, []) if result(r) not in had and (not old or r is new)]

    def cells(self, row: Row) -> list[tuple[tuple[str, Any], ...]]:
        category = self.asked.reference._category
        return [tuple((name, category(row, name, self.asked.question)) for name in names) for names in self.asked.by]

    def parts(self) -> Counter[tuple[str, Any, str, int]]:
        """By how much each cause and landing moved each figure; what outweighs itself is left out."""
        sums: Counter[tuple[str, Any, str, int]] = Counter()
        for unit in self.gone:
            cause, batch = self.cause(unit)
            for row, sign in ((self.before.first(unit), -1), (self.after.first(unit), 1)):
                for cell in [(), *self.cells(row)] if row else []:
                    sums[self.asked.periods[unit[0]].label, cell, cause, batch] += sign
        return Counter({part: by for part, by in sums.items() if by})

    def cause(self, unit: Any) -> tuple[str, int]:
        """A gained unit: the first landing that brought a result; any other: the last. Then the order of causes."""
        events = [self.why_gone(row) for row in self.gone[unit]] + [self.why_come(row) for row in self.come[unit]]
        landing = (min if unit not in self.before.units else max)(batch for _, batch in events)
        return min((c for c, batch in events if batch == landing), key=OF_RECORDS.index), landing

    def why_gone(self, row: Row) -> tuple[str, int]:
        key = row["statement_key"]
        if self.after.sets_aside(row):
            over = self.newly_said(row)
            batch = min(other["landed_batch"] for other in over)
            return self.or_released("source change", (o for o in over if o["landed_batch"] == batch)), batch
        now = self.after.statement(key)
        left = any(r["result_index"] and holder(r, self.asked.unit) == holder(row, self.asked.unit) for r in now)
        cause = "amended result" if left else "removed result"
        if any(self.handed_over(row, r) for r in self.counted(self.after, key)):
            cause = "duplicate resolved"
        return self.or_released(cause, now), now[0]["landed_batch"]

    def why_come(self, row: Row) -> tuple[str, int]:
        key = row["statement_key"]
        if self.before.knows(row):
            over = self.before.sets_aside(row)
            said_now = [r for other in over for r in self.after.statement(other["statement_key"])]
            batch = max(r["landed_batch"] for r in said_now)
            return self.or_released("source change", (r for r in said_now if r["landed_batch"] == batch)), batch
        known = any(
            r["statement_key"] == key
            and r["result_index"]
            and holder(r, self.asked.unit) == holder(row, self.asked.unit)
            for r in self.before.rows
        )
        cause = "amended result" if known else "late result"
        if any(self.handed_over(r, row) for r in self.counted(self.before, key)):
            cause = "duplicate resolved"
        if self.takes_the_place(row):
            cause = "source change"
        return self.or_released(cause, self.after.statement(key)), row["landed_batch"]

    def takes_the_place(self, row: Row) -> bool:
        """Whether its source sets aside what had counted for a changed unit, at this court and day, and did not."""
        return any(
            where(other) == where(row)
            and other["source_name"] == row["source_name"]
            and other["source_format"] == row["source_format"]
            for rows in self.gone.values()
            for old in rows
            for other in self.newly_said(old)
        )

    def newly_said(self, row: Row) -> list[Row]:
        """What new statements said that a row gives way, where it does now."""
        if not self.after.sets_aside(row):
            return []
        return [other for other in self.after.sets_aside(row, ever=True) if not self.before.knows(other)]

    def handed_over(self, old: Row, new: Row) -> bool:
        """Whether a key gave the one result to one holder and now gives the other to another holder instead."""
        key, unit = old["statement_key"], self.asked.unit
        if key != new["statement_key"] or holder(old, unit) == holder(new, unit):
            return False
        same_application = old["application_key"] is not None and old["application_key"] == new["application_key"]
        same_person = old["defendant_key"] is not None and old["defendant_key"] == new["defendant_key"]
        same_place = old["source_format"] != "table" and old["offence_index"] == new["offence_index"]
        same_offence = old["offence_code"] == new["offence_code"]
        linked = same_application or (same_offence and (same_person or same_place))
        return linked and not self.told(self.after, key, old) and not self.told(self.before, key, new)

    def told(self, state: State, key: str, row: Row) -> bool:
        """Whether the statement that stands says something of the same holder, application, defendant and offence."""

        def about(one: Row) -> tuple[Any, ...]:
            names = ("application_key", "defendant_key", "offence_code")
            return (holder(one, self.asked.unit), *(one[name] for name in names))

        return any(about(one) == about(row) for one in state.statement(key))

    def counted(self, state: State, key: str) -> list[Row]:
        return [row for rows in state.units.values() for row in rows if row["statement_key"] == key]

    def or_released(self, cause: str, rows: Iterable[Row]) -> str:
        return OF_RECORDS[0] if any(out_of_quarantine(row, self.asked.released) for row in rows) else cause
