"""A figure that is published already: rows of a published table are selected and summed by calendar year.

A cell without a number is *not given*, and a year with such a cell among those selected has no value: neither
is ever 0. What could make a wrong sum (a total beside its parts, a cell twice) is refused, with every other
fault at once; docs/published-tables.md says why. All is pure but `read_published`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path

from extract.contract import normalise_text
from transform import published_files as files
from transform.contract import TransformError
from transform.published_files import Cell, Place, Row, cell_text, cell_year, nearest

PUBLISHED, NOT_GIVEN, NO_ROWS = "published", "not given", "no rows"
YEAR_STATUSES: dict[str, str] = {
    PUBLISHED: "Sum of the selected cells of the published table",
    NOT_GIVEN: "A selected cell of the year holds no number, so the year has no sum",
    NO_ROWS: "The table has the year but no selected row in it, which need not mean zero",
}
"""Every status of a year, with its sentence. Only `published` has a value."""
HEADER_ROWS = 50
"""The header is among so many first rows: published sheets have titles and notes above it."""
MOST_TOLD = 100
_A_YEAR = re.compile(r"(?:19|20)\d\d")
_TOTAL = re.compile(  # All, All ages, 01: Total (data tools number their values), Persons total; not All other offences
    r"(?:\d{1,3} ?[:.)-] ?)?(?:(?:all(?! other\b)|totals?|(?:grand|sub)[ -]?totals?|overall|both sexes"
    r"|england (?:and|&) wales)(?:[ :,(].*)?|.* totals?)"
)


@dataclass(frozen=True, slots=True)
class Selection:
    """A condition on rows: `column` holds one of `any`, compared as text (`normalise_text`) or by class."""

    column: str
    any: tuple[str, ...]
    home_office_class: bool = False

    def compared(self, text: str) -> str:
        """The form in which a text is compared; empty where it has no class."""
        return (files.home_office_class(text) or "") if self.home_office_class else normalise_text(text)


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """How a published table is read. `source` is its address, `counts` what it counts, `basis` what it covers.

    Long layout: `year` and `value` name the columns with the calendar year and the number. Wide layout:
    `years_as_columns`, and neither. Every selection must hold. `sheet` is for workbooks; else the first.
    """

    name: str
    source: str
    counts: str
    basis: str
    sheet: str | None = None
    year: str | None = None
    value: str | None = None
    years_as_columns: bool = False
    select: tuple[Selection, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """Where columns are, from 0. Value columns have their year in the wide layout; in the long one there is one."""

    row: int
    heads: tuple[str, ...]
    select: tuple[int, ...]
    year: int | None
    values: tuple[tuple[int | None, int], ...]


@dataclass(frozen=True, slots=True)
class PublishedStep:
    """What one selection left: rows, the sum of the numbers in them, and how many cells give none."""

    name: str
    rows: int
    total: int
    not_given: int


@dataclass(frozen=True, slots=True)
class PublishedYear:
    """One calendar year: `value` is null unless `status` is `published`; `why` says what is not given, and where.

    `cells` are those selected; `absent` the values of selections that no selected row of the year holds.
    """

    year: int
    value: int | None
    status: str
    cells: int
    why: str
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublishedReading:
    """What a table says: rows of data, steps, years in order, and faults that stop nothing (but cost a value)."""

    table: PublishedTable
    place: Place
    header_row: int
    rows: int
    steps: tuple[PublishedStep, ...]
    years: tuple[PublishedYear, ...]
    faults: tuple[TransformError, ...]

    @property
    def values(self) -> dict[int, int]:
        """Sums by calendar year, of the years that have one."""
        return {y.year: y.value for y in self.years if y.value is not None}

    @property
    def source(self) -> str:
        """The sentence that names the source, to stand with every figure of it."""
        t, sheet = self.table, f", sheet {self.place.sheet!r}" if self.place.sheet else ""
        read = f"{self.place.file}{sheet} (SHA-256 {self.place.sha256})"
        return f"Source: {t.name} ({t.source}), {t.counts}; {t.basis}. Read from {read}."


def read_published(path: Path, table: PublishedTable) -> PublishedReading:
    """Read a table from a CSV file or an XLSX workbook, select and sum.

    Raises an `ExceptionGroup` of `TransformError`: all that is wrong with the definition, the file, its header
    or, once the header is found, its rows.
    """
    _refuse(path.name, definition_faults(table))
    try:
        place, rows = files.read_rows(path, table.sheet)
        top = list(islice(rows, HEADER_ROWS))
        header = find_header(top, table, place)
        return summarise((row for row in chain(top, rows) if row.number > header.row), header, table, place)
    except TransformError as error:
        raise ExceptionGroup(f"{path.name} cannot be used as a published table", [error]) from error


def _refuse(name: str, faults: Sequence[TransformError]) -> None:
    """Raise the faults, if there are any, as one group; of very many the first, and how many there are."""
    more = [TransformError(f"there are {len(faults)} faults in all", where=name)] if len(faults) > MOST_TOLD else []
    if faults:
        raise ExceptionGroup(f"{name} cannot be used as a published table", [*faults[:MOST_TOLD], *more])


def definition_faults(table: PublishedTable) -> list[TransformError]:
    """What is wrong with a definition by itself: its layout, and what cannot be selected."""
    said = []
    if {bool(table.year), bool(table.value)} != {not table.years_as_columns}:
        said.append(("the layout is not clear", 'Give year and value, or years = "columns" and neither'))
    if not table.select or table.value in [s.column for s in table.select]:
        said.append(("no rows are selected, or by their value", "Say with [[published.select]] which rows count"))
    wrong = [text for s in table.select for text in s.any if not s.compared(text)]
    said += [(f"{text!r} cannot be selected", "Write a text, or a class like 8/31") for text in wrong]
    return [TransformError(what, where="[published]", remedy=remedy) for what, remedy in said]


def find_header(top: Sequence[Row], table: PublishedTable, place: Place) -> Header:
    """The first row that holds every mapped column.

    Where there is none, the first that does with its empty cells filled from the two rows above: a head merged
    over several rows has its text in the first of them. Raises an `ExceptionGroup`: a column is missing (with the
    nearest heads of the likeliest row) or there twice, or the head of a year is none.
    """
    names = list(dict.fromkeys((*(s.column for s in table.select), *filter(None, (table.year, table.value)))))

    def missing(heads: Sequence[str]) -> list[str]:
        known = {normalise_text(head) for head in heads}
        years = not table.years_as_columns or any(_A_YEAR.match(head) for head in heads)
        return [name for name in names if normalise_text(name) not in known] + ([] if years else ["2013"])

    texts = [tuple(cell_text(cell) for cell in row.cells) for row in top] or [()]
    above = [reversed(texts[max(0, n - 2) : n + 1]) for n in range(len(texts))]
    merged = [tuple(next(filter(None, cells), "") for cells in zip_longest(*rows)) for rows in above]
    numbered = [*enumerate(texts), *enumerate(merged)]
    whole = [one for one in numbered if not missing(one[1])]
    n, heads = whole[0] if whole else min(numbered, key=lambda one: (len(missing(one[1])), -len(set(one[1]))))
    number = top[n].number if top else 1
    known = [normalise_text(head) for head in heads]
    faults = [place.fault(f"there is no column {name!r}", nearest(name, heads), number) for name in missing(heads)]
    twice = [name for name in names if known.count(normalise_text(name)) > 1]
    faults += [place.fault("the column is there more than once", "Keep or rename one", number, name) for name in twice]
    at = {name: known.index(normalise_text(name)) for name in names if normalise_text(name) in known}
    years: dict[int, int] = {}
    for column, head in enumerate(heads if table.years_as_columns else ()):
        if column not in at.values() and _A_YEAR.match(head):
            try:
                if years.setdefault(cell_year(head), column) != column:
                    faults.append(place.fault("the year is there more than once", "Keep one block", number, head))
            except ValueError as error:
                faults.append(place.fault(str(error), "Remove the column, or name it another way", number, head))
    _refuse(place.file, faults)
    values = tuple(years.items()) if table.years_as_columns else ((None, at[table.value or ""]),)
    year = at[table.year] if table.year else None
    return Header(number, heads, tuple(at[s.column] for s in table.select), year, values)


def summarise(rows: Iterable[Row], header: Header, table: PublishedTable, place: Place) -> PublishedReading:
    """Select and sum the rows under a header.

    Raises an `ExceptionGroup` of `TransformError`: every fault because of which a sum could be wrong.
    """
    faults: list[TransformError] = []
    chosen: list[Row] = []
    wanted = [{s.compared(text): text for text in s.any} for s in table.select]
    met: list[dict[str, str]] = [{} for _ in table.select]  # texts of the selected columns, as they are compared
    names = ["Rows of the table", *(f"{s.column}: {', '.join(s.any)}" for s in table.select)]
    counts = [[0, 0, 0] for _ in names]
    present = {year for year, _ in header.values if year}
    positions = [at for _, at in header.values]

    def holds(row: Row) -> list[bool]:
        for s, at, words, seen in zip(table.select, header.select, wanted, met, strict=True):
            if (text := cell_text(row.cells[at])) not in seen:
                seen[text] = s.compared(text)
                if s.home_office_class and not seen[text] and any(files.may_be_class(text, word) for word in words):
                    what = f"{text!r} may be a selected Home Office class, or something else"
                    faults.append(place.fault(what, "Write it like 008/31, or compare as text", row.number, s.column))
        return [met[n][cell_text(row.cells[at])] in wanted[n] for n, at in enumerate(header.select)]

    for row in files.data_rows(rows, len(header.heads), positions, lambda row: any(holds(row)), place):
        if isinstance(row, TransformError):
            faults.append(row)
            continue
        held = holds(row)
        numbers = [_or_none(files.cell_number, row.cells[at]) for at in positions]
        given = [n for n in numbers if isinstance(n, int)]
        for count in counts[: (*held, False).index(False) + 1]:
            count[:] = count[0] + 1, count[1] + sum(given), count[2] + len(numbers) - len(given)
        if header.year is not None and (year := _or_none(cell_year, row.cells[header.year])):
            present.add(int(year))
        empty = [at for at, hold in zip(header.select, held, strict=True) if not hold]
        if not empty:
            chosen.append(row)
        elif any(cell_text(row.cells[at]) for at in positions) and all(
            cell_text(row.cells[at]) in ("", files.FORMULA) for at in empty
        ):  # the first cell of a merged block holds the text of all
            what, remedy = "the cell is empty, so that the row is neither in nor out", "Fill each cell of the column"
            faults.append(place.fault(what, remedy, row.number, header.heads[empty[0]]))
    for s, words, seen in zip(table.select, wanted, met, strict=True):
        for key in sorted(words.keys() - set(seen.values())):
            remedy = nearest(words[key], sorted(set(seen.values())) if s.home_office_class else seen)
            what = f"{words[key]!r} is to be selected but does not occur: is it another edition of the table?"
            faults.append(place.fault(what, remedy, None, s.column))
    if not chosen and not faults:
        faults.append(place.fault("no row meets all selections together", "See which selection leaves none"))
    faults += [f for find in (_unreadable, _repeats, _totals) for f in find(chosen, header, place)]
    _refuse(place.file, faults)
    years = tuple(_summed(year, chosen, header, table) for year in sorted(present))
    remedy = "Open the workbook in a spreadsheet program and save it: it keeps the results then"
    lost = [(row.number, at) for row in chosen for at in positions if row.cells[at] == files.FORMULA]
    doubts = tuple(place.fault("a formula without its result", remedy, row, header.heads[at]) for row, at in lost)
    steps = tuple(PublishedStep(name, *count) for name, count in zip(names, counts, strict=True))
    return PublishedReading(table, place, header.row, counts[0][0], steps, years, doubts)


def _or_none(read: Callable[[Cell], int | str], cell: Cell) -> int | str | None:
    with suppress(ValueError):
        return read(cell)
    return None


def _repeats(chosen: Sequence[Row], header: Header, place: Place) -> Iterator[TransformError]:
    """Rows that describe a cell again: the same in all columns but the values, which would be summed twice."""
    values = {at for _, at in header.values}
    first: dict[tuple[str, ...], int] = {}
    for row in chosen:
        same = tuple(normalise_text(cell_text(c)) for at, c in enumerate(row.cells) if at not in values)
        if first.setdefault(same, row.number) != row.number:
            what = f"the row says the same cell as row {first[same]}, and both would be summed"
            yield place.fault(what, "Remove one, or add the column that tells them apart", row.number)


def _totals(chosen: Sequence[Row], header: Header, place: Place) -> Iterator[TransformError]:
    """Columns, not selected by, in which selected rows hold a total beside its parts."""
    used = {*header.select, header.year, *(at for _, at in header.values)}
    for at in (at for at in range(len(header.heads)) if at not in used):
        texts = {normalise_text(cell_text(row.cells[at])): row.number for row in chosen}
        totals = [text for text in texts if _TOTAL.fullmatch(text)]
        if totals and texts.keys() - {*totals, ""}:
            what = f"{totals[0]!r} is a total beside its parts, so the sum would be double"
            remedy = "Add a [[published.select]] for that column"
            yield place.fault(what, remedy, texts[totals[0]], header.heads[at] or f"number {at + 1}")


def _unreadable(chosen: Sequence[Row], header: Header, place: Place) -> Iterator[TransformError]:
    """Years and numbers of selected rows that are none."""
    readings = [(files.cell_number, at, "Give a whole number from 0") for _, at in header.values]
    readings += [(cell_year, at, "Give the year in each row, like 2013") for at in [header.year] if at is not None]
    for row in chosen:
        for read, at, remedy in readings:
            try:
                read(row.cells[at])
            except ValueError as error:
                yield place.fault(str(error), remedy, row.number, header.heads[at])


def _summed(year: int, chosen: Sequence[Row], header: Header, table: PublishedTable) -> PublishedYear:
    cells = [
        (row, files.cell_number(row.cells[at]))
        for row in chosen
        for fixed, at in header.values
        if year == (fixed or cell_year(row.cells[header.year or 0]))
    ]
    numbers = [number for _, number in cells if isinstance(number, int)]
    why = "; ".join(f"row {row.number}: {number}" for row, number in cells if isinstance(number, str))
    places = [*zip(table.select, header.select, strict=True)]
    held = {(s, s.compared(cell_text(row.cells[at]))) for row, _ in cells for s, at in places}
    absent = tuple(text for s in table.select for text in s.any if (s, s.compared(text)) not in held)
    status = NOT_GIVEN if why else PUBLISHED if cells else NO_ROWS
    return PublishedYear(year, sum(numbers) if status == PUBLISHED else None, status, len(cells), why, absent)
