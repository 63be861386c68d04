"""A figure that is published already: rows of a published table are selected and summed by calendar year.

Pure: rows come in, sums by year come out; `published_files` reads the files. A cell without a number is
*not given*, and a year with such a cell among those selected has no value: neither is ever 0. What could
make a wrong sum is refused, with every other fault at once (docs/published-tables.md says why).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import TypeAlias

from extract.contract import normalise_text
from transform.contract import TransformError

PUBLISHED, NOT_GIVEN, NO_ROWS = "published", "not given", "no rows"
YEAR_STATUSES: dict[str, str] = {
    PUBLISHED: "Sum of the selected cells of the published table",
    NOT_GIVEN: "A selected cell of the year holds no number, so the year has no sum",
    NO_ROWS: "The table has the year but no selected row in it, which need not mean zero",
}
"""Every status of a year, with its sentence. Only `published` has a value."""
FORMULA = "[formula without its result]"
MARKS: dict[str, str] = {
    "": "an empty cell",
    FORMULA: "the workbook does not keep it",
    **dict.fromkeys(("-", "\u2010", "\u2013", "\u2014"), "a dash, nil or not available"),
    **dict.fromkeys(("..", "...", "\u2026", ":", "[x]", "n/a", "na"), "not available"),
    **dict.fromkeys(("*", "~", "[c]"), "hidden"),
    **dict.fromkeys(("[z]", "[u]", "[low]", "[w]"), "not given by the publisher"),
}
"""Texts that stand where a number is not given (spaces collapsed, case folded), with what they mean."""
LARGEST = 10**12 - 1
"""A greater number is no count; whole numbers up to it are exact in a spreadsheet, which keeps floats."""
MOST_TOLD = 20
Cell: TypeAlias = "str | int | float | date | None"
"""What a cell holds, as its file says it; dates may be datetimes, whole numbers floats, formulas `FORMULA`."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A condition on rows: `column` holds one of `any`, compared as text (`normalise_text`) or by class."""

    column: str
    any: tuple[str, ...]
    home_office_class: bool = False

    def compared(self, text: str) -> str:
        """The form in which a text is compared; empty where it has no class."""
        return (home_office_class(text) or "") if self.home_office_class else normalise_text(text)


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
class Row:
    """One row: its number in the sheet, or its first line in a text file (from 1), and its cells."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """File (its name and SHA-256) and sheet; `strict` where each row has as many fields as the header (CSV)."""

    file: str
    sha256: str
    sheet: str | None = None
    strict: bool = False

    def fault(self, what: str, remedy: str, row: int | None = None, column: str | None = None) -> TransformError:
        """A fault at `file:row, sheet 'S', column 'C'`, as far as it is known."""
        parts = [f"{self.file}:{row}" if row else self.file]
        parts += [f"{kind} {name!r}" for kind, name in (("sheet", self.sheet), ("column", column)) if name]
        return TransformError(what, where=", ".join(parts), remedy=remedy)


@dataclass(frozen=True, slots=True)
class Header:
    """Where columns are (positions from 0): of the selections, of the year, of the values.

    A value column has its year in the wide layout; in the long layout there is one, without.
    """

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
    """What a table says: data rows, rows of notes under them, steps, years in order, faults that stop nothing."""

    table: PublishedTable
    place: Place
    header_row: int
    rows: int
    notes: tuple[int, ...]
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
        said = f"{t.name} ({t.source}), {t.counts}; {t.basis}"
        return f"Source: {said}. Read from {self.place.file}{sheet} (SHA-256 {self.place.sha256})."


_END = r"(?![\w/.])(?!.*\b\d{1,3}[/.]\d\d(?!\d))"  # a second class in the text would make it two
_CLASS = re.compile(rf"(\d{{1,3}})(?:/(\d\d?)|\.(\d\d)){_END}|(\d{{3}})(\d\d){_END}|(\d\d)(\d\d)$", re.DOTALL | re.ASCII)
_DOUBTFUL = (
    re.compile(r"(\d{1,2})(\d\d)(?![\w/.])"),  # 831: class 831, or 008/31 whose zeros were lost
    re.compile(r"(\d{1,3})\.(\d)(?!\d)"),  # 8.3: 8/3, or 8.30 as a number
    re.compile(r"\d{4}-(\d\d)-(\d\d)\b"),  # 8/31 that a spreadsheet took for 31 August ...
    re.compile(r"\d\d(\d\d)-(\d\d)-\d\d\b"),  # ... or 8/39 for August 1939
)


def home_office_class(text: str) -> str | None:
    """The Home Office class and subclass that a text starts with, as `8/31`; `None` where it is not certain.

    Read are `8/31`, `08/31`, `008/31`, `8.31` (two decimals), each alone or before a title; five digits (`00831`,
    class and two digits of subclass), also before a title; four digits alone (`6638`, a lost zero). Not read
    are `831`, which can be class 831, `8.3`, which can be 8.30 as a number, and texts that name two classes.
    """
    found = _CLASS.match(text.strip())
    first, second = (int(part) for part in found.groups() if part) if found else (0, 0)
    return f"{first}/{second}" if first else None


def doubtful_classes(text: str) -> frozenset[str]:
    """Classes that a text may stand for though it is not certain: lost zeros, and codes turned into dates."""
    pairs = [(int(f[1]), int(f[2])) for p in _DOUBTFUL if (f := p.match(text.strip()))]
    pairs += [(a, b * 10) for a, b in pairs if b < 10] + [(b, a) for a, b in pairs]
    for month, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1):
        if found := re.fullmatch(rf"{name}-(\d\d)|(\d\d?)-{name}", text.strip().casefold()):
            pairs.append((month, int(found[1] or found[2])))
    return frozenset(f"{a}/{b}" for a, b in pairs)


def cell_text(cell: Cell) -> str:
    """A cell as text, spaces collapsed: whole floats without decimals, dates in ISO form."""
    whole = isinstance(cell, float) and cell.is_integer()
    return "" if cell is None else " ".join(str(int(cell) if whole else cell).split())  # type: ignore[arg-type]


_YEAR = re.compile(r"((?:19|20)\d\d)(?:\.0+)?(?: ?[\[(](?:[rp]|revised|provisional|note \d+|\d{1,2})[\])])*", re.ASCII)
_YEAR_ENDS = re.compile(r"((?:19|20)\d\d)-(?:01-01|12-31)(?:[ T]00:00:00)?", re.ASCII)


def cell_year(cell: Cell) -> int:
    """The calendar year of a cell: 2013, also with a mark (`2013 [r]`), or its first or last day.

    Raises `ValueError`: anything else, other days too, which belong to another kind of year or to a part of one.
    """
    text = cell_text(cell)
    if found := _YEAR.fullmatch(text.casefold()) or _YEAR_ENDS.fullmatch(text):
        return int(found[1])
    raise ValueError(f"{text!r} is not a calendar year" if text else "the year is empty")


_NUMBER = re.compile(r"([-\u2212]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.0*)?", re.ASCII)


def cell_number(cell: Cell) -> int | str:
    """The whole number of a cell; a text instead says why none is given (`MARKS`).

    Raises `ValueError`: it is neither, or negative, or greater than `LARGEST`.
    """
    text = cell_text(cell)
    if (mark := normalise_text(text)) in MARKS:
        return f"{text}: {MARKS[mark]}" if mark else MARKS[mark]
    found = _NUMBER.fullmatch(text)
    if not found or isinstance(cell, bool | date):
        raise ValueError(f"{text!r} is not a whole number")
    digits = found[2].replace(",", "").lstrip("0") or "0"
    if found[1] and digits != "0":
        raise ValueError(f"{text!r} is negative")
    if len(digits) > len(str(LARGEST)):
        raise ValueError(f"{text!r} is too large for a count")
    return int(digits)


_TOTAL = re.compile(
    r"(?:\d{1,3} ?[:.)-] ?)?"  # data tools number their values: 01: Total
    r"(?:(?:all(?! other\b)|totals?|(?:grand|sub)[ -]?totals?|overall|both sexes|england (?:and|&) wales)(?:[ :,(].*)?"
    r"|.* totals?)"
)


def is_total(text: str) -> bool:
    """Whether a text reads as a total: `All`, `Total`, `All ages`, `01: Total`, `Persons total`; not `All other`."""
    return _TOTAL.fullmatch(normalise_text(text)) is not None


def nearest(text: str, known: Iterable[str]) -> str:
    """A remedy that names the texts nearest to one, or the first of them where none is near."""
    shown = {normalise_text(one): one for one in known if one}
    near = get_close_matches(normalise_text(text), shown, 3)
    some = ", ".join(repr(shown[one]) for one in near or list(shown)[:8])
    return f"Did you mean {some}?" if near else f"There are: {some or 'none'}"


def refuse(place: Place, faults: list[TransformError]) -> None:
    """Raise the faults, if any, as one group: of those with one remedy `MOST_TOLD`, and how many more there are."""
    by_remedy: dict[str, list[TransformError]] = defaultdict(list)
    for fault in faults:
        by_remedy[fault.remedy].append(fault)
    told = [fault for alike in by_remedy.values() for fault in alike[:MOST_TOLD]]
    told += [place.fault(f"{n} more like the last", r) for r, a in by_remedy.items() if (n := len(a) - MOST_TOLD) > 0]
    if told:
        raise ExceptionGroup(f"{place.file}: a published table that cannot be used", told)


def summarise(rows: Iterable[Row], header: Header, table: PublishedTable, place: Place) -> PublishedReading:
    """Select and sum the rows under a header (as wide as it, or wider).

    Raises an `ExceptionGroup` of `TransformError`: every fault because of which a sum could be wrong.
    """
    faults: list[TransformError] = []
    wanted = [{s.compared(text): text for text in s.any} for s in table.select]
    met: list[dict[str, str]] = [{} for _ in table.select]  # texts of the selected columns, as they are compared
    names = ["Rows of the table", *(f"{s.column}: {', '.join(s.any)}" for s in table.select)]
    counts = [[0, 0, 0] for _ in names]
    present = {year for year, _ in header.values if year}
    chosen: list[Row] = []
    for row in rows:
        if header.year is not None:
            with suppress(ValueError):
                present.add(cell_year(row.cells[header.year]))
        texts = [cell_text(row.cells[at]) for at in header.select]
        for text, s, words, seen in zip(texts, table.select, wanted, met, strict=True):
            if text not in seen:
                seen[text] = s.compared(text)
                if s.home_office_class and not seen[text] and doubtful_classes(text) & words.keys():
                    what = f"{text!r} may be a selected Home Office class, or something else"
                    faults.append(place.fault(what, "Write it as 008/31, or compare as text", row.number, s.column))
        holds = [seen[text] in words for text, words, seen in zip(texts, wanted, met, strict=True)]
        numbers = [_number_or_none(row.cells[at]) for _, at in header.values]
        reached = holds.index(False) if False in holds else len(holds)
        for count in counts[: reached + 1]:
            count[:] = count[0] + 1, count[1] + sum(n or 0 for n in numbers), count[2] + numbers.count(None)
        if all(holds):
            chosen.append(row)
        elif any(cell_text(row.cells[at]) for _, at in header.values) and all(
            hold or text in ("", FORMULA) for hold, text in zip(holds, texts, strict=True)
        ):
            column = table.select[reached].column
            faults.append(place.fault("the cell is empty, so the row is neither in nor out", _FILL, row.number, column))
    for s, words, seen in zip(table.select, wanted, met, strict=True):
        known = sorted({k for k in seen.values() if k}) if s.home_office_class else seen
        for key in words.keys() - set(seen.values()):
            remedy = f"{nearest(words[key], known)} It may also be another edition of the table"
            faults.append(place.fault(f"{words[key]!r}, to be selected, does not occur", remedy, None, s.column))
    if not chosen and not faults:
        faults.append(place.fault("no row meets all selections together", "See which selection leaves none"))
    years, doubts = _sums(chosen, header, table, present, place, faults)
    faults += _repeats(chosen, header, place) + _totals(chosen, header, place)
    refuse(place, faults)
    steps = tuple(PublishedStep(name, *count) for name, count in zip(names, counts, strict=True))
    return PublishedReading(table, place, header.row, counts[0][0], (), steps, years, doubts)
