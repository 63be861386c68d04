"""A database as a source: what is asked of it, and in which portions. Nothing here connects to anything."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from extract.mapping import Mapping as TableMapping

PUSHED_FILTER = "offence codes that the questions use"
"""The declared filter of a source that asks only for some offence codes: one text, whichever codes they are.

It is part of the statement keys, so a larger set of codes restates the same days and does not stand beside them.
"""
_PART = r'"(?:[^"]|"")+"|[^"]+'
_NAME = re.compile(rf"(?:(?P<schema>{_PART})\.)?(?P<table>\"(?:[^\"]|\"\")+\"|[^\".]+)")


@dataclass(frozen=True, slots=True)
class OffenceFilter:
    """Rows that are asked for: those of one offence code, or of every form of a base code (its seven characters)."""

    code: str
    base: bool = False


@dataclass(frozen=True, slots=True)
class DatabaseSource:
    """A table, view or SELECT of a database, and how it may be read.

    url: address with user and password; never shown, errors name dialect, database and host only.
    table: name, or schema and name with a dot between; a name that holds a dot stands in double quotes.
    query: a SELECT of the source's own, used as a subquery. One of `table` and `query` is given.
    changed_at: a column whose value rises whenever a row changes, for `day_marks`.
    offence_codes: rows to ask for; None asks for every row.
    statement_timeout: seconds that one statement (one fetch of rows) may take, where the database can limit it.
    batch_rows: rows held in memory at a time.
    """

    url: str = field(repr=False)
    table: str | None = None
    query: str | None = field(default=None, repr=False)
    changed_at: str | None = None
    offence_codes: tuple[OffenceFilter, ...] | None = None
    statement_timeout: float = 300.0
    batch_rows: int = 50_000

    def __post_init__(self) -> None:
        if (self.table is None) == (self.query is None):
            raise ValueError("one of table and query is needed")

    @property
    def name(self) -> str:
        """What its rows come from, in records and refusals: the name of the table, or `query`."""
        return self.table or "query"


def table_name(text: str) -> tuple[str | None, str]:
    """Schema, if one is named, and table; what does not read as names is one name as it stands."""
    found = _NAME.fullmatch(text.strip())
    if not found:
        return None, text
    schema, table = found["schema"], found["table"]
    return (_unquoted(schema) if schema else None), _unquoted(table)


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def mapping_as_read(source: DatabaseSource, mapping: TableMapping) -> TableMapping:
    """The mapping under which the rows are landed: with the filter that is pushed to the database declared."""
    if source.offence_codes is None:
        return mapping
    declared = "; ".join(text for text in (mapping.declared_filter, PUSHED_FILTER) if text)
    return replace(mapping, declared_filter=declared)


def changed_days(marks: Mapping[date, str], remembered: Mapping[date, str]) -> frozenset[date]:
    """Days whose mark is not the one that was remembered when they were last landed."""
    return frozenset(day for day, mark in marks.items() if remembered.get(day) != mark)


def days_between(window: tuple[date, date]) -> list[date]:
    """Every day of a window, both ends included; none where it ends before it begins."""
    return [window[0] + timedelta(n) for n in range((window[1] - window[0]).days + 1)]


@dataclass(frozen=True, slots=True)
class Slice:
    """Days that are read by one statement, as runs of days (first and last); none: the rows without a day."""

    runs: tuple[tuple[date, date], ...]

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [day for run in self.runs for day in days_between(run)]


def slices(days: Collection[date]) -> list[Slice]:
    """The days by month, so that a lost connection costs a month at most, and the rows without a day."""
    runs: list[list[date]] = []
    for day in sorted(set(days)):
        if runs and day - runs[-1][1] == timedelta(1) and day.day > 1:
            runs[-1][1] = day
        else:
            runs.append([day, day])
    months: dict[tuple[int, int], list[tuple[date, date]]] = {}
    for first, last in runs:
        months.setdefault((first.year, first.month), []).append((first, last))
    return [*(Slice(tuple(month)) for month in months.values()), Slice(())]
