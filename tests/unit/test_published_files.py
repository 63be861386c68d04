"""Files of published tables: rows as they are, limits, refusals; and what one cell says. All tables are synthetic."""

import io
import re
import zipfile
from collections.abc import Iterable
from datetime import date
from datetime import datetime as moment
from functools import partial
from pathlib import Path

import openpyxl
import pytest

from transform import published_files
from transform.contract import TransformError
from transform.published_files import (
    FORMULA,
    Cell,
    cell_number,
    cell_text,
    cell_year,
    home_office_class,
    may_be_class,
    nearest,
    read_rows,
)

midnight = partial(moment, tzinfo=None)  # a spreadsheet knows no zones


def rows_of(path: Path, sheet: str | None = None) -> list[tuple[int, tuple[Cell, ...]]]:
    return [(row.number, row.cells) for row in read_rows(path, sheet)[1]]


def saved(path: Path, rows: Iterable[Iterable[object]], title: str = "Data") -> Path:
    book = openpyxl.Workbook()
    book.worksheets[0].title = title
    for row in rows:
        book.worksheets[0].append(list(row))
    book.save(path)
    return path


def rezipped(path: Path, changes: dict[str, bytes]) -> Path:
    """The same workbook with parts replaced or added."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in (parts | changes).items():
            new.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *[(text, "8/31") for text in ("8/31", "08/31", "008/31", " 8/31 ", "00831", "00831 Breach", "8.31", "008.31")],
        *[(text, "8/31") for text in ("8.31 Breach of a restraining order", "8/31: Breach", "8/31 - Breach, 7.5 t")],
        *[
            ("066/38", "66/38"),
            ("66/38", "66/38"),
            ("6638", "66/38"),
            ("8.30", "8/30"),
            ("8/3", "8/3"),
            ("8/03", "8/3"),
        ],
        *[("195/12", "195/12"), ("19512", "195/12"), (cell_text(8.31), "8/31"), (cell_text(6638.0), "66/38")],
        *[
            (text, None)
            for text in ("831", "8.3", "8", "", "All", "8/31A", "8/31/2020", "8.310", "8/310", "0/31", "000831")
        ],
        *[
            (text, None)
            for text in ("8/31 and 8/39", "8.31, 8.39", "2013 Act", "831 Breach", "Breach 8/31", "８/３１", "x8/31")
        ],
    ],
)
def test_a_class_is_read_only_where_it_is_certain(text: str, found: str | None) -> None:
    assert home_office_class(text) == found


@pytest.mark.parametrize(
    ("text", "wanted", "may"),
    [
        *[("831", "8/31", True), ("831 Breach", "8/31", True), ("0831", "8/31", True), ("8.3", "8/30", True)],
        *[("8.3", "8/3", True), ("8.3", "8/31", False), ("Aug-31", "8/31", True), ("31-Aug", "8/31", True)],
        *[(cell_text(midnight(2020, 8, 31)), "8/31", True), (cell_text(date(1939, 8, 1)), "8/39", True)],
        *[("832", "8/31", False), ("8310", "8/31", False), ("Sep-31", "8/31", False), ("66", "66/38", False)],
    ],
)
def test_a_lost_zero_or_a_date_may_be_a_class(text: str, wanted: str, may: bool) -> None:
    assert may_be_class(text, wanted) is may


@pytest.mark.parametrize(
    "cell",
    [
        2013,
        "2013",
        2013.0,
        "2013.0",
        " 2013 ",
        "2013 [r]",
        "2013(p)",
        "2013 [note 2]",
        "2013-12-31",
        date(2013, 1, 1),
        date(2013, 12, 31),
        midnight(2013, 1, 1),
    ],
)
def test_a_year(cell: Cell) -> None:
    assert cell_year(cell) == 2013


@pytest.mark.parametrize(
    "cell",
    [
        13,
        "13",
        "",
        None,
        "2013/14",
        "2013-14",
        "2013 Q1",
        date(2013, 3, 31),
        midnight(1905, 7, 5),
        "12013",
        2013.5,
        True,
        "Total",
        "2013 (part)",
        FORMULA,
        "1899",
        "２０１３",
    ],
)
def test_no_year(cell: Cell) -> None:
    with pytest.raises(ValueError, match=r"not a calendar year|the year is empty"):
        cell_year(cell)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (0, 0),
        ("0", 0),
        (12, 12),
        (12.0, 12),
        ("1,234", 1234),
        ("1,234,567", 1234567),
        ("1234.0", 1234),
        ("-0", 0),
        ("\u00a07 ", 7),
        ("007", 7),
        ("999,999,999,999", 999_999_999_999),
    ],
)
def test_a_number(cell: Cell, number: int) -> None:
    assert cell_number(cell) == number
    assert type(cell_number(cell)) is int


@pytest.mark.parametrize("cell", ["-", "..", "*", "[c]", "[X]", "~", "", None, "  ", "\u2013", FORMULA, "N/A"])
def test_a_mark_is_a_reason_and_never_a_number(cell: Cell) -> None:
    assert isinstance(cell_number(cell), str)


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("-5", "negative"),
        (-5, "negative"),
        (-5.0, "negative"),
        ("\u22125", "negative"),
        (1.5, "not a whole"),
        ("1,23", "not a whole"),
        ("12,34,567", "not a whole"),
        ("5%", "not a whole"),
        ("#REF!", "not a whole"),
        (True, "not a whole"),
        (date(2013, 1, 1), "not a whole"),
        ("(5)", "not a whole"),
        ("12 [r]", "not a whole"),
        (float("nan"), "not a whole"),
        (float("inf"), "not a whole"),
        (1e300, "too large"),
        ("1" * 5000, "too large"),
    ],
)
def test_no_number(cell: Cell, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        cell_number(cell)


def test_the_nearest_texts_are_named() -> None:
    assert nearest("Convicted", ["03: Convicted", "Sex"]) == "Did you mean '03: Convicted'?"
    assert nearest("zzz", ["a", "b"]) == "There are: 'a', 'b'"
    assert nearest("zzz", []) == "There are: none"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252"])
def test_csv_in_three_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes('Year,Offence\r\n\r\n2013,"Caf\u00e9 \u2013 one\nof two"\r\n2014,x\r\n'.encode(encoding))
    assert rows_of(path) == [
        (1, ("Year", "Offence")),
        (2, ()),
        (3, ("2013", "Caf\u00e9 \u2013 one\nof two")),
        (5, ("2014", "x")),
    ]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "neither CSV nor"),
        (b"\xd0\xcf\x11\xe0 old Excel", "neither CSV nor"),
        (b"<html>", "neither CSV nor"),
        (b"%PDF-1.4", "neither CSV nor"),
        ("Year,Count\n".encode("utf-16"), "NUL"),
        (b"a,\x81\n", "neither UTF-8 nor Windows-1252"),
        (b'a,"b\n', "not CSV"),
        (b"PK\x03\x04 nothing", "damaged"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(TransformError, match=what) as caught:
        rows_of(path)
    assert caught.value.where.startswith("a.csv")
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["a.xls", "a.ODS", "a.xlsb"])
def test_other_spreadsheets_are_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(TransformError, match="are not read") as caught:
        read_rows(tmp_path / name, None)
    assert "XLSX" in caught.value.remedy


def test_an_ods_under_another_name_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as parts:
        parts.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        parts.writestr("content.xml", "<a/>")
    with pytest.raises(TransformError, match="ODS"):
        read_rows(tmp_path / "a.xlsx", None)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(TransformError, match="cannot be read"):
        read_rows(tmp_path / "none.csv", None)


def test_a_workbook_keeps_types_and_row_numbers(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", [["A title"], [], ["Year", "Count"], [2013, 6348], [midnight(2014, 1, 1), 2.5]])
    assert rows_of(path) == [
        (1, ("A title",)),
        (2, ()),
        (3, ("Year", "Count")),
        (4, (2013, 6348)),
        (5, (midnight(2014, 1, 1), 2.5)),
    ]


def test_a_sheet_is_found_by_name_else_the_first(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", [["one"]])
    book = openpyxl.load_workbook(path)
    book.create_sheet("Other  sheet").append(["two"])
    book.save(path)
    assert rows_of(path) == [(1, ("one",))]
    place, rows = read_rows(path, "other sheet")
    assert [row.cells for row in rows] == [("two",)]
    assert (place.file, place.sheet, len(place.sha256)) == ("a.xlsx", "Other  sheet", 64)
    with pytest.raises(TransformError, match=r"no sheet 'Dat'.*Did you mean 'Data'"):
        read_rows(path, "Dat")


def test_a_formula_without_its_result_is_not_an_empty_cell(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", [["x", None, "=SUM(1,2)"], [1, 2, 3]])
    assert rows_of(path) == [(1, ("x", None, FORMULA)), (2, (1, 2, 3))]


def test_a_formula_with_its_result_is_the_result(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", [["x", "=SUM(1,2)"]])
    with zipfile.ZipFile(path) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml")
    given = re.sub(rb"</f><v ?/?>(</v>)?", b"</f><v>3</v>", sheet)
    assert given != sheet
    assert rows_of(rezipped(path, {"xl/worksheets/sheet1.xml": given})) == [(1, ("x", 3))]


def test_a_wrong_dimension_hides_nothing(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", [["a", "b"], ["c", "d"]])
    with zipfile.ZipFile(path) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml")
    wrong = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', sheet)
    assert wrong != sheet
    assert rows_of(rezipped(path, {"xl/worksheets/sheet1.xml": wrong})) == [(1, ("a", "b")), (2, ("c", "d"))]


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml", "customXml/item1.xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_doctype_in_any_part_is_refused(tmp_path: Path, part: str, encoding: str) -> None:
    hostile = '<?xml version="1.0"?><!-- a --><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode(encoding)
    path = rezipped(saved(tmp_path / "a.xlsx", [["x"]]), {part: hostile})
    with pytest.raises(TransformError, match=f"{part} has a DOCTYPE"):
        read_rows(path, None)


def test_the_word_doctype_in_a_cell_is_no_doctype(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", [["<!DOCTYPE a>"]])
    assert rows_of(path) == [(1, ("<!DOCTYPE a>",))]


def test_limits_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = saved(tmp_path / "a.xlsx", [["x"] * 5] * 5)
    table = tmp_path / "a.csv"
    table.write_text("x,x,x,x,x\n" * 5)
    with zipfile.ZipFile(book) as parts:
        unpacked = sum(part.file_size for part in parts.infolist())
    for name, value, what, paths in [
        ("CELLS", 24, "5 million cells", [book, table]),
        ("SHEET_ROWS", 4, "5 million cells", [book, table]),
        ("FILE_BYTES", 49, "100 MB", [book, table]),
        ("UNPACKED_BYTES", unpacked - 1, "500 MB when unpacked", [book]),
        ("PARTS", 3, "500 MB when unpacked", [book]),
    ]:
        for path in paths:
            assert len(rows_of(path)) == 5
            with monkeypatch.context() as changed:
                changed.setattr(published_files, name, value)
                with pytest.raises(TransformError, match=what):
                    rows_of(path)


def test_a_row_number_out_of_all_bounds_ends(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", [["x"], ["y"]])
    with zipfile.ZipFile(path) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml")
    far = sheet.replace(b'<row r="2"', b'<row r="999999999"').replace(b'r="A2"', b'r="A999999999"')
    assert far != sheet
    with pytest.raises(TransformError, match=r"rows than a sheet|damaged"):
        rows_of(rezipped(path, {"xl/worksheets/sheet1.xml": far}))


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"])
@pytest.mark.parametrize(
    "content", [b"", b"<a", b"\x00\xff", b"<worksheet><sheetData><row r='x'/></sheetData></worksheet>"]
)
def test_damage_is_one_plain_fault_or_no_rows(tmp_path: Path, part: str, content: bytes) -> None:
    path = rezipped(saved(tmp_path / "a.xlsx", [["x"]]), {part: content})
    try:
        found = [cells for _, cells in rows_of(path)]
        assert part == "xl/sharedStrings.xml" or ("x",) not in found
    except TransformError as error:
        assert error.where == "a.xlsx"
        assert error.remedy


def test_a_truncated_workbook_is_damaged(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", [["x"]])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(TransformError, match="damaged"):
        rows_of(path)


def test_an_address_in_the_zip_does_not_lie_about_its_size(tmp_path: Path) -> None:
    """What a part declares as its size bounds what is unpacked of it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", b" " * 100_000)
    small = content.getvalue().replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    (tmp_path / "a.xlsx").write_bytes(small)
    with pytest.raises(TransformError, match="damaged"):
        rows_of(tmp_path / "a.xlsx")


def test_texts_kept_apart_from_the_sheet_are_found(tmp_path: Path) -> None:
    """Spreadsheet programs keep texts as shared strings, also in runs of different type."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    path = saved(tmp_path / "a.xlsx", [["x"]])
    shared = f'<sst xmlns="{main}" count="1" uniqueCount="1"><si><r><t>Off</t></r><r><t>ence</t></r></si></sst>'
    sheet = f'<worksheet xmlns="{main}"><sheetData><row r="1"><c r="B1" t="s"><v>0</v></c></row></sheetData>'
    sheet += "</worksheet>"
    with zipfile.ZipFile(path) as parts:
        types = parts.read("[Content_Types].xml").decode()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    types = types.replace("</Types>", f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>')
    changes = {"xl/sharedStrings.xml": shared, "xl/worksheets/sheet1.xml": sheet, "[Content_Types].xml": types}
    rezipped(path, {name: text.encode() for name, text in changes.items()})
    assert rows_of(path) == [(1, (None, "Offence"))]
