"""`courtstats coverage`: which source spoke of which court and month; where it fell silent, where several spoke."""

import csv
import io
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, astuple, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from extract.contract import ExtractError
from pipelines import show
from pipelines.settings import Settings

if TYPE_CHECKING:
    from extract.coverage import Covered, Gap

SHOWN = 20


def report(
    settings: Settings, span: tuple[date, date] | None, court: str | None, *, as_json: bool, csv_file: Path | None
) -> None:
    """Print the coverage of the days of a span (None: everything landed), of one court where it is given.

    Raises:
        ExtractError: nothing was landed, or nothing of that court, or the span begins before what is kept.
    """
    from extract.coverage import coverage, gaps
    from extract.kept import refuse_removed

    found = coverage(settings.store, *(span or (date.min, date.max)))
    if span:
        refuse_removed(settings.store, span[0], f"{span[0]} to {span[1]}")
    if court:
        found = [row for row in found if row.court == court.upper()[:5]]
    if not found:
        raise ExtractError(
            f"nothing was landed{f' of the court {court}' if court else ''}{' for these days' if span else ''}",
            where=str(settings.store),
            remedy="courtstats status shows what is held",
        )
    silent = gaps(found)
    if csv_file:
        show.write_text(csv_file, _csv(found))
        sys.stderr.write(f"Written to {csv_file}\n")
    if as_json:
        said = {
            "schema": "courtstats/coverage@1",
            "coverage": [asdict(row) for row in found],
            "gaps": [asdict(gap) for gap in silent],
        }
        show.write(show.to_json(said))
    elif not csv_file:
        _text(found, silent, by_month=court is not None)


def _csv(found: "Sequence[Covered]") -> str:
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\n")
    sheet.writerow([field.name for field in fields(found[0])])
    sheet.writerows(astuple(row) for row in found)
    return text.getvalue()


def _text(found: "Sequence[Covered]", silent: "Sequence[Gap]", *, by_month: bool) -> None:
    if by_month:
        _months(found)
    else:
        _sources(found)
    show.write("")
    if silent:
        show.write(f"Gaps: {len(silent):,} times a source said nothing of a court for a month or more.")
        lines = [[g.court, g.source_name, g.source_system, g.first, g.last, f"{g.months:,}"] for g in silent[:SHOWN]]
        show.table(["court", "source", "system", "from", "to", "months"], lines)
        _more(len(silent))
    else:
        show.write("No gaps: no source fell silent about a court for a whole month.")
    shared = [row for row in found if row.shared_days]
    if shared:
        show.write("\nOverlaps: courts, months and days of which several sources or systems speak.")
        lines = [
            [row.court, row.month, row.source_name, row.source_system, f"{row.statements:,}", f"{row.shared_days:,}"]
            for row in shared[:SHOWN]
        ]
        show.table(["court", "month", "source", "system", "statements", "shared days"], lines)
        _more(len(shared))
        show.write(
            "Common Platform's own feed goes before SPI that came from it. Other sources count side by side unless "
            "sources.toml says which one goes `over` the other."
        )
    else:
        show.write("No overlaps: no court has a day of which several sources or systems speak.")


def _more(number: int) -> None:
    if number > SHOWN:
        show.write(f"and {number - SHOWN:,} more: --csv FILE or --json gives all of them")


def _sources(found: "Sequence[Covered]") -> None:
    """One line for each source and system: courts, first and last month, statements."""
    of: dict[tuple[str, str, str], list[Covered]] = defaultdict(list)
    for row in found:
        of[row.speaker].append(row)
    lines = [
        [
            *speaker,
            f"{len({row.court for row in rows}):,}",
            min(row.month for row in rows),
            max(row.month for row in rows),
            f"{sum(row.statements for row in rows):,}",
        ]
        for speaker, rows in sorted(of.items())
    ]
    show.table(["source", "format", "system", "courts", "from", "to", "statements"], lines)


def _months(found: "Sequence[Covered]") -> None:
    lines = [
        [row.court, row.month, row.source_name, row.source_system, f"{row.statements:,}", f"{row.days:,}"]
        for row in found
    ]
    show.table(["court", "month", "source", "system", "statements", "days"], lines)
