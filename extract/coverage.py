"""Source coverage: which source spoke of which court in which month, where it fell silent, where several spoke."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from pathlib import Path

import duckdb

from extract import disk_faults, store

UNKNOWN = "unknown"
SQL = Path(__file__).resolve().parents[1] / "sql" / "landing" / "coverage.sql"


@dataclass(frozen=True, slots=True)
class Covered:
    """What one source said of one court in one month (`YYYY-MM`): statements and days of hearing.

    `court` is five characters, or `unknown`. `shared_days` are those on which another source, or the same one for
    another court system, spoke of the court too.
    """

    court: str
    month: str
    source_name: str
    source_format: str
    source_system: str
    statements: int
    days: int
    shared_days: int

    @property
    def speaker(self) -> tuple[str, str, str]:
        """Who spoke: source, format, court system."""
        return self.source_name, self.source_format, self.source_system


@dataclass(frozen=True, slots=True)
class Gap:
    """Months (`YYYY-MM`, both included) in which a source said nothing of a court, though it did before and after."""

    court: str
    source_name: str
    source_system: str
    first: str
    last: str
    months: int


@disk_faults.looked_again
def coverage(path: Path, first: date, last: date) -> list[Covered]:
    """Every (court, source, month) of hearings from `first` to `last`, in that order; none where nothing was landed."""
    files = store.known_files(path, first, last)
    if not files:
        return []
    with duckdb.connect() as con:
        con.read_parquet(list(files), union_by_name=True).create_view("records")
        bound = {"from": first, "to": last, "newest_batch": store.newest_batch(path)}
        return [Covered(*row) for row in con.execute(SQL.read_text(), bound).fetchall()]


def gaps(covered: Sequence[Covered]) -> list[Gap]:
    """Every gap: months without a statement between two months with some, by known court and source."""
    found = []
    courts = [row for row in covered if row.court != UNKNOWN]  # an empty day of an extract names none
    for (court, (name, _format, system)), rows in groupby(courts, key=lambda row: (row.court, row.speaker)):
        numbers = [_number(row.month) for row in rows]
        for before, after in pairwise(numbers):
            if after - before > 1:
                found.append(Gap(court, name, system, _month(before + 1), _month(after - 1), after - before - 1))
    return found


def _number(month: str) -> int:
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number) - 1


def _month(number: int) -> str:
    return f"{number // 12:04}-{number % 12 + 1:02}"
