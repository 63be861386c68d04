"""Published tables: the header is found, rows are selected and summed, and what could make a wrong sum is refused.

Every table here is made (synthetic), in the shape of the ministry's tables; its numbers are not theirs.
"""

import csv
import io
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transform import published
from transform.contract import TransformError
from transform.published import (
    NO_ROWS,
    NOT_GIVEN,
    PUBLISHED,
    YEAR_STATUSES,
    Place,
    PublishedReading,
    PublishedTable,
    Row,
    Selection,
    definition_faults,
    find_header,
    read_published,
    summarise,
)

LONG = PublishedTable(
    name="A made table",
    source="https://example.org/made",
    counts="convictions",
    basis="Principal offences, in all courts",
    year="Year",
    value="Count",
    select=(Selection("Offence", ("8/31", "8/39", "66/38"), True), Selection("Outcome", ("Convicted",))),
)
WIDE = replace(LONG, year=None, value=None, years_as_columns=True)
HEAD = ["Year", "Offence", "Outcome", "Count"]
ROWS: list[list[Any]] = [
    ["2013", "008/31 Breach of a restraining order", "Convicted", "1,000"],
    ["2013", "008/39 Breach of a restraining order", "Convicted", "20"],
    ["2013", "066/38 Breach of a restraining order", "Convicted", "3"],
    ["2013", "008/31 Breach of a restraining order", "Proceeded against", "1,500"],
    ["2013", "008/30 Something else", "Convicted", "77"],
    ["2014", "008/31 Breach of a restraining order", "CONVICTED", "2000"],
]
PLACE = Place("made.csv", "0" * 64)


def summed(rows: list[list[Any]], table: PublishedTable = LONG, place: Place = PLACE) -> PublishedReading:
    numbered = [Row(n, tuple(cells)) for n, cells in enumerate(rows, 1)]
    header = find_header(numbered[:50], table, place)
    return summarise(numbered[header.row :], header, table, place)


def faults_of(rows: list[list[Any]], table: PublishedTable = LONG, place: Place = PLACE) -> list[str]:
    with pytest.raises(ExceptionGroup) as caught:
        summed(rows, table, place)
    assert all(isinstance(e, TransformError) for e in caught.value.exceptions)
    return [str(e) for e in caught.value.exceptions]


def test_selected_rows_are_summed_by_year() -> None:
    reading = summed([HEAD, *ROWS])
    assert reading.values == {2013: 1023, 2014: 2000}
    assert [(y.year, y.status, y.cells, y.absent) for y in reading.years] == [
        (2013, PUBLISHED, 3, ()),
        (2014, PUBLISHED, 1, ("8/39", "66/38")),
    ]
    assert [(s.name, s.rows, s.total, s.not_given) for s in reading.steps] == [
        ("Rows of the table", 6, 4600, 0),
        ("Offence: 8/31, 8/39, 66/38", 5, 4523, 0),
        ("Outcome: Convicted", 4, 3023, 0),
    ]
    assert (reading.rows, reading.header_row, reading.faults) == (6, 1, ())


def test_the_source_is_always_named() -> None:
    said = summed([HEAD, *ROWS]).source
    for part in (LONG.name, LONG.source, LONG.counts, LONG.basis, "made.csv", "0" * 64):
        assert part in said


def test_years_as_columns() -> None:
    rows: list[list[Any]] = [
        ["A made table", "", "", ""],
        ["Offence", "Outcome", "2013", "2014 [r]", "% change 2013 to 2014"],
        ["Violence", "", "", "", ""],
        ["8.31 Breach", "Convicted", "1,000", "2", "x"],
        ["8.39 Breach", "Convicted", "20", "..", "x"],
        ["66.38 Breach", "Convicted", "3", "4", "x"],
        ["Source: made", "", "", "", ""],
    ]
    reading = summed(rows, WIDE, replace(PLACE, sheet="Data"))
    assert reading.values == {2013: 1023}
    assert reading.years[1].status == NOT_GIVEN
    assert reading.years[1].why == "row 5: ..: not available"
    assert (reading.header_row, reading.rows) == (2, 4)


@pytest.mark.parametrize("mark", ["-", "..", "*", "[c]", "[x]", "~", "", None])
def test_a_year_with_a_cell_not_given_has_no_value(mark: str | None) -> None:
    reading = summed([HEAD, *ROWS, ["2014", "8/39", "Convicted", mark]])
    assert reading.values == {2013: 1023}
    year = reading.years[1]
    assert (year.value, year.status, year.cells) == (None, NOT_GIVEN, 2)
    assert year.why.startswith("row 8: ")
    assert reading.steps[-1].not_given == 1


def test_what_is_not_given_outside_the_selection_costs_nothing() -> None:
    rows = [
        *ROWS,
        ["2014", "8/39", "Sentenced", "-"],
        ["Total", "8/12", "Convicted", "1.5%"],
        ["", "9/1", "Fined", "x"],
    ]
    assert summed([HEAD, *rows]).values == {2013: 1023, 2014: 2000}


def test_a_year_without_selected_rows_is_not_zero() -> None:
    reading = summed([HEAD, *ROWS, ["2015", "8/30", "Convicted", "5"]])
    assert 2015 not in reading.values
    assert (reading.years[2].status, reading.years[2].value) == (NO_ROWS, None)
    assert {y.status for y in reading.years} <= YEAR_STATUSES.keys()


def test_a_true_zero_is_zero() -> None:
    assert summed([HEAD, *ROWS, ["2015", "8/31", "Convicted", 0]]).values[2015] == 0


def test_lines_of_one_text_at_the_end_are_notes() -> None:
    notes = [["", "", "", ""], ["Source: made for this test", "", "", ""], ["1. A note"]]
    assert summed([HEAD, *ROWS, *notes]).rows == 6


def test_a_selected_text_alone_at_the_end_is_no_note() -> None:
    """In the wide layout it is a row of empty cells, and the years have no sum."""
    table = replace(WIDE, select=(Selection("Offence", ("8/31", "8/39"), True),))
    rows: list[list[Any]] = [["Offence", "2013"], ["8/31", "5"], ["8/39", "6"], ["008/39 Another", ""]]
    reading = summed([*rows, ["A note", ""]], table)
    assert (reading.rows, reading.values) == (3, {})


def test_lines_of_one_text_within_the_table_are_rows() -> None:
    assert summed([HEAD, *ROWS[:3], ["", "A heading", "", ""], *ROWS[3:]]).rows == 7


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (["13", "8/31", "Convicted", "1"], "made.csv:8, column 'Year': '13' is not a calendar year. Give the year in"),
        (["", "8/31", "Convicted", "1"], "made.csv:8, column 'Year': the year is empty"),
        (["All", "8/31", "Convicted", "1"], "made.csv:8, column 'Year': 'All' is not a calendar year"),
        (["2014", "8/39", "Convicted", "-3"], "made.csv:8, column 'Count': '-3' is negative. Give a whole number"),
        (["2014", "8/39", "Convicted", "1.5"], "made.csv:8, column 'Count': '1.5' is not a whole number"),
        (["2014", "8/39", "Convicted", "about 3"], "made.csv:8, column 'Count': 'about 3' is not a whole number"),
        (
            ["2013", "008/39  Breach of a restraining order", "Convicted", "20"],
            "made.csv:8: the row says the same cell as row 3",
        ),
        (
            ["2013", "008/39 Breach of a restraining order", "Convicted", "21"],
            "made.csv:8: the row says the same cell as row 3",
        ),
        (["2014", "", "Convicted", "1"], "made.csv:8, column 'Offence': the cell is empty"),
        (["2014", "831", "Convicted", "1"], "column 'Offence': '831' may be a selected Home Office class"),
        (["2014", "Aug-31", "Convicted", "1"], "column 'Offence': 'Aug-31' may be a selected Home Office class"),
        (["2014", "8/31", "Convicted"], "made.csv:8: the row has 3 fields, the header 4. Put texts with commas"),
        (["2014", "8/31", "Convicted", "1", "234"], "made.csv:8: the row has 5 fields, the header 4"),
    ],
)
def test_one_bad_row_is_one_fault_with_its_place_and_remedy(row: list[str], fault: str) -> None:
    found = faults_of([HEAD, *ROWS, row])
    assert len(found) == 1
    assert fault in found[0]


def test_every_fault_is_told_at_once() -> None:
    bad = [["13", "8/39", "Convicted", "x"], ["2013", "66/38", "", "1"], ["2013", "831", "Convicted", "1"]]
    table = replace(LONG, select=(*LONG.select, Selection("Outcome", ("Convictd", "Convicted"))))
    found = faults_of([HEAD, *ROWS, *bad], table)
    for part in ("'13' is not", "'x' is not", "cell is empty", "'831' may", "'Convictd' is to be selected"):
        assert sum(part in fault for fault in found) >= 1, part


def test_of_very_many_faults_the_first_are_told() -> None:
    found = faults_of([HEAD, *ROWS, *([f"{n}", "8/31", "Convicted", "1"] for n in range(5000, 5200))])
    assert len(found) == published.MOST_TOLD + 1
    assert "there are 200 faults in all" in found[-1]


@pytest.mark.parametrize(
    ("selection", "fault"),
    [
        (
            Selection("Outcome", ("Convicted", "Convited")),
            "column 'Outcome': 'Convited' is to be selected but does not",
        ),
        (Selection("Outcome", ("Convicted", "Convited")), "Did you mean 'CONVICTED'"),
        (Selection("Offence", ("8/31", "8/38"), True), "Did you mean '8/3"),
    ],
)
def test_a_selected_value_that_never_occurs_is_refused(selection: Selection, fault: str) -> None:
    found = faults_of([HEAD, *ROWS], replace(LONG, select=(selection,)))
    assert len(found) == 1
    assert fault in found[0]


def test_selections_that_never_meet_are_refused() -> None:
    table = replace(LONG, select=(Selection("Offence", ("8/30",), True), Selection("Outcome", ("Proceeded against",))))
    assert "no row meets all selections" in faults_of([HEAD, *ROWS], table)[0]


@pytest.mark.parametrize(
    "total", ["All", "Total", "all ages", "TOTAL:", "01: Total", "99. All", "Persons total", "Sub-total"]
)
def test_a_total_beside_its_parts_is_refused_until_it_is_selected(total: str) -> None:
    head = [*HEAD, "Sex"]
    rows = [[*row[:3], row[3], sex] for row in ROWS for sex in ("Male", "Female", total)]
    found = faults_of([head, *rows])
    assert len(found) == 1
    assert "column 'Sex'" in found[0]
    assert "total beside its parts" in found[0]
    assert "[[published.select]]" in found[0]
    chosen = replace(LONG, select=(*LONG.select, Selection("Sex", (total,))))
    assert summed([head, *rows], chosen).values == {2013: 1023, 2014: 2000}


@pytest.mark.parametrize("others", [["All"], ["Male", "Female"], ["All other offences", "Male"], ["", "All"]])
def test_totals_alone_or_parts_alone_are_summed(others: list[str]) -> None:
    rows = [[*row, sex] for row in ROWS for sex in others]
    assert summed([[*HEAD, "Sex"], *rows]).values == {2013: 1023 * len(others), 2014: 2000 * len(others)}


def test_a_total_outside_the_selection_does_no_harm() -> None:
    rows = [[*row, "Male"] for row in ROWS] + [["2013", "8/30", "Convicted", "1", "Total"]]
    assert summed([[*HEAD, "Sex"], *rows]).values == {2013: 1023, 2014: 2000}


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        (["Year", "Offense", "Outcome", "Count"], "made.csv:2: there is no column 'Offence'. Did you mean 'Offense'"),
        (["Year", "Offence", "Outcome", "Number", "Count "], None),
        (["Year", "Offence", "Outcome", "Count", "count"], "made.csv:2, column 'Count': the column is there more than"),
    ],
)
def test_columns_that_are_missing_or_there_twice(head: list[str], fault: str | None) -> None:
    rows = [["A made table"], head, *([*row, *["7"] * (len(head) - 4)] for row in ROWS)]
    if fault:
        assert any(fault in found for found in faults_of(rows))
    else:
        assert summed(rows).values == {2013: 21, 2014: 7}


def test_every_missing_column_is_told() -> None:
    assert len(faults_of([["Yeer", "x"], ["1", "2"]])) == 4
    assert len(faults_of([["Offence", "Outcome"], ["8/31", "Convicted"]], WIDE)) == 1
    assert len(faults_of([])) == 4


@pytest.mark.parametrize(
    ("years", "fault"),
    [
        (["2013", "2013 [r]"], "the year is there more than once"),
        (["2013", "2013/14"], "'2013/14' is not a calendar year"),
        (["2013", "2014 Q1"], "'2014 Q1' is not a calendar year"),
    ],
)
def test_heads_of_years(years: list[str], fault: str) -> None:
    rows = [["Offence", "Outcome", *years], *([code, "Convicted", "1", "2"] for code in LONG.select[0].any)]
    assert fault in faults_of(rows, WIDE)[0]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"value": None}, "layout"),
        ({"year": None, "value": None}, "layout"),
        ({"years_as_columns": True}, "layout"),
        ({"years_as_columns": True, "year": None}, "layout"),
        ({"select": ()}, "no rows are selected"),
        ({"select": (Selection("Count", ("1",)),)}, "by their value"),
        ({"select": (Selection("Offence", ("831",), True),)}, "'831' cannot be selected"),
        ({"select": (Selection("Offence", (" ",)),)}, "cannot be selected"),
    ],
)
def test_a_definition_that_cannot_be_is_refused(change: dict[str, Any], what: str, tmp_path: Path) -> None:
    table = replace(LONG, **change)
    assert [what in str(fault) for fault in definition_faults(table)] == [True]
    with pytest.raises(ExceptionGroup):
        read_published(tmp_path / "not-even-there.csv", table)


def test_sound_definitions() -> None:
    assert definition_faults(LONG) == definition_faults(WIDE) == []


def test_from_a_csv_file(tmp_path: Path) -> None:
    path = tmp_path / "made.csv"
    text = io.StringIO()
    csv.writer(text).writerows([["A made table, synthetic"], [], HEAD, *ROWS, [], ["Source: made"]])
    path.write_bytes(text.getvalue().encode("windows-1252"))
    reading = read_published(path, LONG)
    assert reading.values == {2013: 1023, 2014: 2000}
    assert (reading.header_row, reading.place.file, reading.place.sheet) == (3, "made.csv", None)
    assert reading.place.sha256 == sha256(path.read_bytes()).hexdigest()


def workbook(tmp_path: Path, rows: list[list[Any]], merge: list[str]) -> Path:
    book = openpyxl.Workbook()
    book.create_sheet("Cover", 0).append(["A made table, synthetic"])
    for row in rows:
        book.worksheets[1].append(row)
    book.worksheets[1].title = "Data"
    for cells in merge:
        book.worksheets[1].merge_cells(cells)
    book.save(tmp_path / "made.xlsx")
    return tmp_path / "made.xlsx"


def test_from_a_workbook_with_titles_merged_heads_and_hard_spaces(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["A made table"],
        [],
        ["Offence\u00a0 code", "Outcome", "Number", None, None],
        [None, None, 2013, 2014.0, datetime.fromisoformat("2015-01-01")],
        ["8/31", "Convicted\u00a0", 1000, 2000, 3000.0],
        ["8/39", "Convicted", 20, 30, "=SUM(D6,D5)"],
        ["66/38", "Convicted", "3", "-", 5],
        [None, None, None, None, None],
        ["Source: made"],
    ]
    table = replace(
        WIDE, sheet="Data", select=(Selection("Offence code", ("8/31", "8/39", "66/38"), True), LONG.select[1])
    )
    reading = read_published(workbook(tmp_path, rows, ["A3:A4", "B3:B4", "C3:E3"]), table)
    assert reading.values == {2013: 1023}
    assert (reading.header_row, reading.rows) == (4, 3)
    assert [y.status for y in reading.years] == [PUBLISHED, NOT_GIVEN, NOT_GIVEN]
    assert [f.where for f in reading.faults] == [
        f"made.xlsx:6, sheet 'Data', column '{datetime.fromisoformat('2015-01-01')}'"
    ]


def test_a_merged_block_in_the_body_is_refused(tmp_path: Path) -> None:
    rows: list[list[Any]] = [HEAD, [2013, "8/31", "Convicted", 1], [2014, "8/31", "Convicted", 2]]
    table = replace(LONG, sheet="Data", select=(Selection("Offence", ("8/31",), True), LONG.select[1]))
    path = workbook(tmp_path, rows, ["B2:B3"])
    with pytest.raises(ExceptionGroup) as caught:
        read_published(path, table)
    assert [str(e) for e in caught.value.exceptions] == [
        "made.xlsx:3, sheet 'Data', column 'Offence': the cell is empty, so that the row is neither in nor out. "
        "Fill each cell of the column."
    ]


def test_one_fault_of_a_file_comes_as_a_group_too(tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        read_published(workbook(tmp_path, [HEAD], []), replace(LONG, sheet="Dta"))
    assert "Did you mean 'Data'" in str(caught.value.exceptions[0])


CELLS = st.one_of(st.integers(0, 5000), st.sampled_from(["-", "..", "[c]", "1,234", "0", 7.0, ""]))
TABLES = st.dictionaries(
    st.tuples(
        st.integers(2010, 2014),
        st.sampled_from(["8/31", "008/39", "8.31 Breach", "8/30", "66/38", "Other"]),
        st.sampled_from(["Convicted", "convicted ", "Proceeded against"]),
        st.sampled_from(["Male", "Female", "Not known"]),
    ),
    CELLS,
    max_size=60,
)
ALWAYS = [["2009", c, "Convicted", "Male", 1] for c in ("8/31", "8/39", "66/38")]
CLASSES = {"8/31", "008/39", "8.31 Breach", "66/38", "8/39"}


def plainly(rows: list[list[Any]]) -> dict[int, int | None]:
    """The slow loop: sum by year, nothing where a cell is not given or no row is selected."""
    sums: dict[int, int | None] = {}
    selected: set[int] = set()
    for year, offence, outcome, _, cell in rows:
        sums.setdefault(int(year), 0)
        if offence not in CLASSES or outcome.strip().lower() != "convicted":
            continue
        selected.add(int(year))
        so_far = sums[int(year)]
        digits = str(cell).replace(",", "").removesuffix(".0")
        sums[int(year)] = so_far + int(digits) if so_far is not None and digits.isdigit() else None
    return {year: total if year in selected else None for year, total in sums.items()}


@settings(max_examples=150, deadline=None)
@given(TABLES, st.randoms(use_true_random=False), st.integers(0, 40), st.permutations(range(5)))
def test_sums_are_those_of_a_plain_loop(cells: dict[Any, Any], random: Any, above: int, order: list[int]) -> None:
    """However rows and columns are ordered and however many lines stand above the header."""
    alike = {(y, o, c.strip().lower(), s): (y, o, c, s, v) for (y, o, c, s), v in cells.items()}
    rows = [*ALWAYS, *(list(row) for row in alike.values())]
    random.shuffle(rows)
    table = [["Year", "Offence", "Outcome", "Sex", "Count"], *rows]
    reading = summed([["A title", "of two"]] * above + [[row[at] for at in order] for row in table])
    assert {y.year: y.value for y in reading.years} == plainly(rows)
    assert reading.header_row == above + 1
    assert reading.rows == len(rows)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["Year", "Offence", "Outcome", "Count ", "x", ""]), max_size=6), max_size=60))
def test_the_header_is_the_first_row_with_every_column(rows: list[list[str]]) -> None:
    whole = [n for n, row in enumerate(rows, 1) if {"Year", "Offence", "Outcome", "Count "} <= set(row)]
    numbered = [Row(n, tuple(row)) for n, row in enumerate(rows, 1)]
    try:
        header = find_header(numbered[:50], LONG, PLACE)
    except ExceptionGroup as group:
        doubled = any("more than once" in str(e) for e in group.exceptions)
        assert doubled or not [n for n in whole if n <= 50]
    else:
        assert header.row == whole[0] if whole and whole[0] <= 50 else header.row <= 50
        assert [header.heads[at] for at in (*header.select, header.year)] == ["Offence", "Outcome", "Year"]


def test_a_header_below_the_fiftieth_row_is_not_looked_for(tmp_path: Path) -> None:
    for above, found in ((49, True), (50, False)):
        path = tmp_path / f"{above}.csv"
        path.write_text("a title\n" * above + "\n".join(",".join(row) for row in [HEAD, *ALWAYS_LONG]) + "\n")
        if found:
            assert read_published(path, LONG).values == {2013: 6}
        else:
            with pytest.raises(ExceptionGroup):
                read_published(path, LONG)


ALWAYS_LONG = [
    ["2013", "8/31", "Convicted", "1"],
    ["2013", "8/39", "Convicted", "2"],
    ["2013", "66/38", "Convicted", "3"],
]


@pytest.mark.parametrize("layout", ["long", "wide"])
def test_a_large_table_is_read_in_time(layout: str) -> None:
    """A guard against work that grows with the square of the rows."""
    rows: list[list[Any]] = [["2013", f"{n % 190 + 100}/{n % 99}", "Convicted", str(n)] for n in range(20_000)]
    started = datetime.now().astimezone()
    if layout == "long":
        assert summed([HEAD, *ALWAYS_LONG, *rows]).values == {2013: 6}
    else:
        wide = [["Offence", "Outcome", "2013"], *([row[1], row[2], row[3]] for row in [*ALWAYS_LONG, *rows])]
        assert summed(wide, WIDE).values == {2013: 6}
    assert datetime.now().astimezone() - started < timedelta(seconds=20)
