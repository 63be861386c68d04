"""Portions of a database's rows: judged exactly for the days that they are read for, and what marks a day."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc

from extract.contract import Refusal, Texts
from extract.database_values import text_column
from extract.mapping import Mapping as TableMapping
from extract.table_files import Rows
from extract.table_rows import Judged, judge


def as_rows(
    batch: Sequence[Sequence[object]], theirs: Sequence[str], mapping: TableMapping, name: str, dates: frozenset[str]
) -> Rows:
    """Rows of a driver as text columns of ours.

    Args:
        batch: rows, each with the values of `theirs` in that order.
        mapping: names each of `theirs` for one or more columns of ours.
        name: of the table, for errors.
        dates: those of `theirs` that the database gave as ISO text of its own dates.
    """
    made = {
        column: text_column(values, name, column)
        for column, values in zip(theirs, zip(*batch, strict=True), strict=True)
    }
    native = frozenset(ours for ours, column in mapping.columns.items() if made[column][1] or column in dates)
    return Rows(
        pa.array(range(1, len(batch) + 1), pa.int64()),
        {ours: made[column][0] for ours, column in mapping.columns.items()},
        native,
    )


def judged(
    batches: Iterable[Rows],
    wanted: Iterable[date],
    name: str,
    mapping: TableMapping,
    last_day: date,
    texts: Texts,
    done: Callable[[int], None],
) -> Iterator[Judged]:
    """Each batch as judged, without the rows of days other than the wanted ones."""
    known = frozenset(wanted)
    days = pa.array(sorted(known), pa.date32())
    for rows in batches:
        all_of_it = judge(rows, name, mapping, None, last_day, texts)
        usable = all_of_it.usable.filter(pc.is_in(all_of_it.usable.column("hearing_date"), days))
        refusals = tuple(r for r in all_of_it.refusals if r.hearing_date is None or r.hearing_date in known)
        yield replace(all_of_it, usable=usable, refusals=refusals)
        done(len(rows.numbers))


def placed(refusals: Iterable[Refusal]) -> list[Refusal]:
    """The refusals with a place that stays: rows of a database have no numbers, so those alike are counted.

    A row that is refused at every reading is then one refusal and not one for each reading.
    """
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for refusal in refusals:
        seen[refusal.reason, refusal.content_hash] += 1
        number = seen[refusal.reason, refusal.content_hash]
        place = "row of the database" if number == 1 else f"row of the database, {number} alike"
        found.append(replace(refusal, place=place))
    return found


def marks_of(
    days: Iterable[date], parts: Mapping[date, Sequence[Sequence[object]]], undated: Sequence[Sequence[object]]
) -> dict[date, str]:
    """A mark for each of the days: how many rows it has, and a digest of what was aggregated over them.

    Args:
        days: days that get a mark, rows or not.
        parts: what was aggregated over the rows of a day, its count first; several parts where its texts differ.
        undated: the same over the rows without a day, which are part of every day's mark.
    """
    common = [repr(tuple(map(str, part))) for part in undated]
    marks = {}
    for day in days:
        own = sorted(repr(tuple(map(str, part))) for part in parts.get(day, ()))
        digest = sha256("\n".join([*own, "-", *sorted(common)]).encode()).hexdigest()[:16]
        marks[day] = f"{sum(int(str(part[0])) for part in parts.get(day, ()))}:{digest}"
    return marks
