"""Files of a published table, CSV or XLSX, as rows of cells; and what one cell says: a year, a number, a class.

CSV is UTF-8 (with or without byte order mark) or, where it is not, Windows-1252, as Excel saves it. A workbook
is a zip of XML from outside, so it is bounded, and refused where a part declares a DOCTYPE: without one there
are no entities to expand and nothing to fetch.
"""

import csv
import hashlib
import io
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from itertools import islice, zip_longest
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias
from xml.parsers import expat
from zipfile import ZipFile

from extract.contract import normalise_text
from transform.contract import TransformError

if TYPE_CHECKING:
    from openpyxl import Workbook

FILE_BYTES, UNPACKED_BYTES, PARTS, CELLS, SHEET_ROWS = 100 << 20, 500 << 20, 10_000, 5_000_000, 1_048_576
"""Limits: of a file, of a workbook unpacked, of its parts, of the cells of a table, of the rows of a sheet."""
AS_CSV = "Save the sheet as CSV UTF-8, or as an XLSX workbook without a password"
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
Cell: TypeAlias = "str | int | float | date | None"
"""What a cell holds: dates may be datetimes, whole numbers floats; `FORMULA` is a formula without its result."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the sheet, or its first line in a CSV file (from 1), and its cells."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """What is read: the file's name and SHA-256 (hex), and the sheet of a workbook."""

    file: str
    sha256: str = ""
    sheet: str | None = None

    def fault(self, what: str, remedy: str, row: int | None = None, column: str | None = None) -> TransformError:
        """A fault at `file:row, sheet 'S', column 'C'`, as far as it is known."""
        parts = [f"{self.file}:{row}" if row else self.file]
        parts += [f"{kind} {name!r}" for kind, name in (("sheet", self.sheet), ("column", column)) if name]
        return TransformError(what, where=", ".join(parts), remedy=remedy)


def read_rows(path: Path, sheet: str | None) -> tuple[Place, Iterator[Row]]:
    """What is read of a file (one sheet of a workbook; the first unless named), and its rows from the top.

    Raises `TransformError`, while the rows are read too: the file is no CSV file or workbook, is damaged, larger
    than the limits, or has not that sheet.
    """
    place = Place(path.name)
    if path.suffix.lower() in (".xls", ".xlsb", ".ods"):
        raise place.fault(f"{path.suffix.lower()} files are not read", AS_CSV)
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES + 1)
    except OSError as error:
        raise place.fault(f"the file cannot be read ({error.strerror})", "See whether it is there") from error
    if len(data) > FILE_BYTES:
        raise place.fault("the file is larger than 100 MB", "Keep only the sheet and the rows that are needed")
    place = Place(path.name, hashlib.sha256(data).hexdigest())
    if data.startswith(b"PK"):
        return _workbook_rows(data, place, sheet)
    if not data or data.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"<", b"\xef\xbb\xbf<", b"\x1f\x8b", b"PAR1")):
        raise place.fault("the file is neither CSV nor an XLSX workbook", AS_CSV)
    return place, _bounded(_csv_rows(data, place), place)


def _bounded(rows: Iterable[Row], place: Place) -> Iterator[Row]:
    """The same rows, as long as they are within the limits. An empty row counts as a cell: a sheet can hold many."""
    cells = 0
    for row in rows:
        cells += len(row.cells) or 1
        if cells > CELLS or row.number > SHEET_ROWS:
            raise place.fault("the table has more than 5 million cells, or more rows than a sheet", "Keep what is used")
        yield row


def _csv_rows(data: bytes, place: Place) -> Iterator[Row]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("windows-1252")
        except UnicodeDecodeError:
            raise place.fault("the text is neither UTF-8 nor Windows-1252", "Save it as CSV UTF-8") from None
    if "\0" in text:
        raise place.fault("the text is not UTF-8: it holds NUL, as UTF-16 does", "Save it as CSV UTF-8")
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        before = 0
        for cells in lines:
            yield Row(before + 1, tuple(cells))
            before = lines.line_num
    except csv.Error as error:
        raise place.fault(f"not CSV ({error})", "Put texts with quotes into quotes", lines.line_num) from error


def data_rows(
    rows: Iterable[Row], width: int, values: Collection[int], selected: Callable[[Row], bool], place: Place
) -> Iterator[Row | TransformError]:
    """Rows with something in them, cut or filled to the width of the header; faults of CSV rows of another width.

    Lines of one text at the end are notes under the table, unless it is in a value column or is to be selected.
    """
    waiting: list[Row] = []
    for row in rows:
        filled = [at for at, cell in enumerate(row.cells) if cell_text(cell)]
        sound = Row(row.number, (*row.cells[:width], *[None] * (width - len(row.cells))))
        if len(filled) == 1 and filled[0] not in values and not selected(sound):
            waiting.append(sound)
        elif filled:
            yield from (*waiting, sound)
            waiting.clear()
            if place.sheet is None and len(row.cells) != width:
                what = f"the row has {len(row.cells)} fields, the header {width}"
                yield place.fault(what, "Put texts with commas into quotes", row.number)


def _workbook_rows(data: bytes, place: Place, sheet: str | None) -> tuple[Place, Iterator[Row]]:
    from openpyxl import load_workbook

    damaged = place.fault("the workbook is damaged, or has a password", AS_CSV)
    try:
        formulas = _inspect(data, place)
        with warnings.catch_warnings(action="ignore"):  # about styles and extensions, which take no part
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            beside = load_workbook(io.BytesIO(data), read_only=True) if formulas else None
    except TransformError:
        raise
    except Exception as error:  # openpyxl meets damage with errors of many kinds
        raise damaged from error
    names = {normalise_text(s.title): s.title for s in book.worksheets}
    title = names.get(normalise_text(sheet)) if sheet else next(iter(names.values()), None)
    if title is None:
        raise place.fault(f"there is no sheet {sheet or 'at all'!r}", nearest(sheet or "", names.values()))
    return (there := Place(place.file, place.sha256, title)), _bounded(_sheet_rows(book, beside, title, damaged), there)


def _inspect(data: bytes, place: Place) -> bool:
    """Whether a workbook has formulas, once it is within the limits and no part of it has a DOCTYPE.

    The sizes that a zip declares bound what is unpacked: zipfile stops there and finds the check sum wrong.
    """
    with ZipFile(io.BytesIO(data)) as parts:
        names = set(parts.namelist())
        if "xl/workbook.xml" not in names and ("mimetype" in names or "xl/workbook.bin" in names):
            raise place.fault("this is an ODS or XLSB workbook", AS_CSV)
        if sum(part.file_size for part in parts.infolist()) > UNPACKED_BYTES or len(parts.infolist()) > PARTS:
            raise place.fault("the workbook is larger than 500 MB when unpacked", "Keep only the sheet that is needed")
        formulas = False
        for part in parts.infolist():
            with parts.open(part) as content:
                if _has_doctype(content):
                    raise place.fault(f"its part {part.filename} has a DOCTYPE, which no workbook needs", AS_CSV)
                content.seek(0)
                formulas |= part.filename.startswith("xl/worksheets/") and _has_formula(content)
    return formulas


def _has_doctype(content: IO[bytes]) -> bool:
    """Whether XML declares a DOCTYPE, which comes before its first element; what is no XML has none."""

    def declared(*_: object) -> None:
        raise ValueError

    def begun(*_: object) -> None:
        raise EOFError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler, parser.StartElementHandler = declared, begun
    try:
        while block := content.read(1 << 16):
            parser.Parse(block)
    except ValueError:
        return True
    except (EOFError, expat.ExpatError):
        pass
    return False


def _has_formula(content: IO[bytes]) -> bool:
    last = b""
    while block := content.read(1 << 20):
        if re.search(rb"<(?:\w+:)?f[\s>/]", last + block):
            return True
        last = block[-64:]
    return False


def _sheet_rows(book: "Workbook", beside: "Workbook | None", title: str, damaged: TransformError) -> Iterator[Row]:
    """Rows of a sheet. `beside` is the same workbook with formulas for values: an empty result of one is `FORMULA`."""
    sheets = [b[title] for b in (book, beside) if b]
    for sheet in sheets:
        sheet.reset_dimensions()  # what a sheet says of its size can be wrong
    both = zip_longest(*(sheet.iter_rows() for sheet in sheets), fillvalue=())
    done = 0
    while True:
        try:
            with warnings.catch_warnings(action="ignore"):  # about dates out of range, which stay numbers or errors
                batch = list(islice(both, 500))
        except Exception as error:  # openpyxl meets damage with errors of many kinds
            raise damaged from error
        if not batch:
            return
        for number, (cells, *others) in enumerate(batch, done + 1):
            values = [_cell(cell.value) for cell in cells]
            for at, other in enumerate(others[0] if others else ()):
                if other.data_type == "f" and values[at] is None:
                    values[at] = FORMULA
            yield Row(number, tuple(values))
        done += len(batch)


def _cell(value: object) -> Cell:
    return value if value is None or isinstance(value, str | int | float | date) else str(value)


_END = r"(?![\w/.])(?!.*\b\d{1,3}[/.]\d\d(?!\d))"  # a second class in the text would make it two
_CLASS = re.compile(
    rf"(\d{{1,3}})(?:/(\d\d?)|\.(\d\d)){_END}|(\d{{3}})(\d\d){_END}|(\d\d)(\d\d)$", re.DOTALL | re.ASCII
)
_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"


def home_office_class(text: str) -> str | None:
    """The Home Office class and subclass that a text starts with, as `8/31`; `None` where it is not certain.

    Read are `8/31`, `08/31`, `008/31`, `8.31` (two decimals), each alone or before a title; five digits (`00831`,
    class and two digits of subclass), also before a title; four digits alone (`6638`, a lost zero). Not read
    are `831`, which can be class 831, `8.3`, which can be 8.30 as a number, and texts that name two classes.
    """
    found = _CLASS.match(text.strip())
    first, second = (int(part) for part in found.groups() if part) if found else (0, 0)
    return f"{first}/{second}" if first else None


def may_be_class(text: str, wanted: str) -> bool:
    """Whether a text may stand for a class (`8/31`) though it is not certain: lost zeros, or turned into a date."""
    a, b = (int(part) for part in wanted.split("/"))
    month = _MONTHS[3 * a - 3 : 3 * a] or "-"
    number = rf"0?{a}{b:02}\b|{a}\.{b}\b|{a}\.{b / 10:g}\b"  # 831; 8.3 for 8/3 or 8/30
    day = rf"\d{{4}}-{a:02}-{b:02}|\d\d{b:02}-{a:02}-01|{month}-{b:02}$|{b}-{month}$"  # 31 August, or August 1931
    return re.match(f"{number}|{day}", text.strip().casefold()) is not None


def cell_text(cell: Cell) -> str:
    """A cell as text, spaces collapsed: whole floats without decimals, dates in ISO form."""
    whole = int(cell) if isinstance(cell, float) and cell.is_integer() else cell
    return "" if cell is None else " ".join(str(whole).split())


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

    Raises `ValueError`: it is neither, or negative, or of more than 12 digits.
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
    if len(digits) > 12:
        raise ValueError(f"{text!r} is too large for a count")
    return int(digits)


def nearest(text: str, known: Iterable[str]) -> str:
    """A remedy that names the texts nearest to one, or the first of them where none is near."""
    shown = {normalise_text(one): one for one in known if one}
    near = get_close_matches(normalise_text(text), shown, 3)
    some = ", ".join(repr(shown[one]) for one in near or list(shown)[:8])
    return f"Did you mean {some}?" if near else f"There are: {some or 'none'}"
