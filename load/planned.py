"""What a plan needs of the warehouse: which figures stand, what they were counted from, and by which definition.

Only reads: a warehouse that is missing is not made, and an older one is not raised to this version.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import select

from load.connecting import Warehouse, connect, is_missing, reading
from load.contract import QuestionVersion
from load.migrating import newer, revision
from load.schema import REVISION, question_version, run


@dataclass(frozen=True, slots=True)
class LoadedFigure:
    """The total of one period in one unit as it stands, with what it was counted from.

    `breakdowns` are all that were loaded for it from the same records by the same definition.
    """

    run_id: int
    definition_hash: str
    unit: str
    period: str
    period_from: date
    period_to: date
    breakdowns: tuple[tuple[str, ...], ...]
    as_known_at: datetime
    newest_batch: int
    value: int | None
    status: str


@dataclass(frozen=True, slots=True)
class LoadedQuestion:
    """Everything of a question that stands: its figures by first day, and the definitions they were counted by."""

    figures: tuple[LoadedFigure, ...]
    versions: Mapping[str, QuestionVersion]


def loaded_question(url: str, question: str) -> LoadedQuestion:
    """What the warehouse at this address holds of a question; nothing where there is no warehouse.

    Raises `LoadError` where it cannot be read, or was made by a newer version of the program.
    """
    if is_missing(url):
        return LoadedQuestion((), {})
    with connect(url) as warehouse:
        return _read(warehouse, question)


def _read(warehouse: Warehouse, question: str) -> LoadedQuestion:
    with reading(warehouse) as connection:
        found = revision(connection)
        if found is None:
            return LoadedQuestion((), {})
        if found > REVISION:
            raise newer(found, warehouse.place)
        query = (
            select(*(run.c[name] for name in _COLUMNS))
            .where(run.c.question == question, run.c.state == "completed")
            .order_by(run.c.run_id)
        )
        rows = connection.execute(query).mappings().all()
        wanted = {row["definition_hash"] for row in rows}
        kept = select(question_version).where(question_version.c.definition_hash.in_(wanted))
        texts = connection.execute(kept).mappings().all()
    # As `load.reading.current_figures`: the one known latest stands, not the one counted last.
    known_latest = sorted(rows, key=lambda r: (r["as_known_at"], r["newest_batch"], r["finished_at"], r["run_id"]))
    current = {(row["period_from"], row["period_to"], row["unit"]): row for row in known_latest}
    figures = []
    for _, row in sorted(current.items()):
        basis = [row[name] for name in _BASIS]
        beside = [r for r in rows if [r[n] for n in _BASIS] == basis]
        breakdowns = dict.fromkeys(tuple(names) for r in beside for names in r["breakdowns"])
        kept_of = {name: row[name] for name in _COLUMNS if name not in ("finished_at", "breakdowns")}
        figures.append(LoadedFigure(**kept_of, breakdowns=tuple(breakdowns)))
    versions = {
        row["definition_hash"]: QuestionVersion(
            row["definition_hash"], row["question"], row["title"], row["definition"], row["lists"]
        )
        for row in texts
    }
    return LoadedQuestion(tuple(figures), versions)


_COLUMNS = (*(f.name for f in fields(LoadedFigure)), "finished_at")
"""All of them are in the first schema: an older warehouse is read as it is, and not raised by looking."""
_BASIS = ("period_from", "period_to", "unit", "definition_hash", "as_known_at", "newest_batch")
"""Figures of runs that agree in all of this add up."""
