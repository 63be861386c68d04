"""Files of a table extract: only mapped columns are read, all as text; a broken file is set aside as a whole."""

import hmac
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from extract import tables
from extract.contract import PARSED, ExtractError, Texts
from extract.mapping import Mapping
from extract.tables import TableReading, read_tables

COLUMNS = {"case_number": "Case", "hearing_date": "Date", "offence_code": "Offence", "result": "Result"}
HEADER = "Case,Date,Offence,Result\n"
ROW = "C1,2020-02-03,ST19501,3307\n"
DAY = date(2020, 2, 3)
MAPPING = Mapping(Path("m.toml"), "mis", None, "%Y-%m-%d", ",", COLUMNS, {}, "", ())


def read(
    folder: Path, *paths: Path, mapping: Mapping = MAPPING, covers: tuple[date, date] | None = None
) -> tuple[list[dict[str, Any]], TableReading]:
    spool = folder / "spool"
    spool.mkdir()
    reading = read_tables(
        paths,
        [p.name for p in paths],
        mapping,
        covers=covers,
        received_at=datetime(2020, 7, 20, tzinfo=UTC),
        texts=Texts(frozenset(), None),
        spool=spool,
    )
    return pa.Table.from_batches(list(reading.batches), PARSED).to_pylist(), reading


def written(folder: Path, content: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_unmapped_columns_are_never_read(tmp_path: Path) -> None:
    """Names and addresses in an extract reach neither the records nor the spool."""
    header, row = HEADER.strip() + ",Name,Address\n", ROW.strip() + ",Planted Person,1 Planted Street\n"
    csv = written(tmp_path, header + row)
    parquet = tmp_path / "b.parquet"
    values = {"Case": ["C2"], "Date": ["2020-02-03"], "Offence": ["ST19501"], "Result": ["3307"], "Name": ["Planted P"]}
    pq.write_table(pa.table(values), parquet)
    records, _ = read(tmp_path, csv, parquet)
    assert {r["case_key"] for r in records} == {"case:mis:C1", "case:mis:C2"}
    assert "planted" not in str(records).casefold()
    spooled = [p for p in (tmp_path / "spool").rglob("*") if p.is_file()]
    assert spooled
    assert all(b"lanted" not in p.read_bytes() for p in spooled)


def test_free_text_of_a_result_is_not_spooled(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + ROW.replace("3307", "Granted to Planted Person"))
    read(tmp_path, path)
    assert all(b"lanted" not in p.read_bytes() for p in (tmp_path / "spool").rglob("*") if p.is_file())


def test_everything_is_text_so_leading_zeros_stay(tmp_path: Path) -> None:
    (record,), _ = read(tmp_path, written(tmp_path, HEADER + "0012,2020-02-03,ST19501,0401\n"))
    assert (record["case_key"], record["result_code"]) == ("case:mis:0012", "0401")


def test_a_byte_order_mark_quotes_and_line_breaks_within_them_are_understood(tmp_path: Path) -> None:
    text = '\ufeffCase,Date,Offence,Result\r\n"C,1",2020-02-03,ST19501,"Refused\nafter ""trial"""\r\n'
    (record,), reading = read(tmp_path, written(tmp_path, text))
    assert record["case_key"] == "case:mis:#" + hmac.digest(b"", b"C,1", "sha256").hex()[:16]
    assert reading.refusals == ()


def test_another_delimiter(tmp_path: Path) -> None:
    mapping = Mapping(Path("m.toml"), "mis", None, "%Y-%m-%d", "\t", COLUMNS, {}, "", ())
    records, _ = read(tmp_path, written(tmp_path, (HEADER + ROW).replace(",", "\t")), mapping=mapping)
    assert len(records) == 1


def test_parquet_dates_numbers_and_times_are_understood(tmp_path: Path) -> None:
    """A time with a zone is a day in Europe/London: half past eleven at night in UTC is the next day in summer."""
    instants = [datetime(2020, 6, 1, 23, 30, tzinfo=UTC), datetime(2020, 1, 1, 23, 30, tzinfo=UTC)]
    for name, kind, values, days in (
        ("date", pa.date32(), [date(2020, 2, 3), date(2020, 2, 4)], [date(2020, 2, 3), date(2020, 2, 4)]),
        (
            "naive",
            pa.timestamp("ns"),
            [datetime(2020, 2, 3, 10), datetime(2020, 2, 4)],  # noqa: DTZ001 - as databases write them
            [date(2020, 2, 3), date(2020, 2, 4)],
        ),
        ("zoned", pa.timestamp("us", "UTC"), instants, [date(2020, 6, 2), date(2020, 1, 1)]),
    ):
        folder = tmp_path / name
        folder.mkdir()
        table = pa.table(
            {
                "Case": pa.array([12, 13], pa.int64()),
                "Date": pa.array(values, kind),
                "Offence": pa.array(["ST19501"] * 2).dictionary_encode(),
                "Result": pa.array([3307.0, None], pa.float64()),
            }
        )
        pq.write_table(table, folder / "a.parquet")
        mapping = Mapping(Path("m.toml"), "mis", None, "%d/%m/%Y", ",", COLUMNS, {}, "", ())
        records, reading = read(folder, folder / "a.parquet", mapping=mapping)
        assert reading.refusals == ()
        assert [r["hearing_date"] for r in records if r["result_code"] == "3307"] == [days[0]]
        assert {r["hearing_date"] for r in records} == set(days)
        assert records[0]["case_key"] == "case:mis:12"


def test_a_column_that_is_not_there_is_named_with_the_nearest(tmp_path: Path) -> None:
    path = written(tmp_path, (HEADER + ROW).replace("Offence", "Offense"))
    with pytest.raises(ExtractError, match=r"a\.csv: there is no column 'Offence'.*Did you mean 'Offense'\?"):
        read(tmp_path, path)


def test_nothing_of_a_first_line_without_a_mapped_column_is_shown(tmp_path: Path) -> None:
    """It may be a row: a file without a header begins with somebody's case."""
    path = written(tmp_path, "Datte,Planted Person,Offences,Casey\n" + ROW)
    with pytest.raises(ExceptionGroup) as caught:
        read(tmp_path, path)
    told = [str(fault) for fault in caught.value.exceptions]
    assert len(told) == 4
    assert all("No mapped column is in its first line: see that it has a header" in fault for fault in told)
    assert not any(cell in fault for fault in told for cell in ("Datte", "Planted", "Offences", "Casey"))


def test_missing_columns_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    one = written(tmp_path, (HEADER + ROW).replace("Offence", "Offense").replace("Case", "Number"))
    two = written(tmp_path, HEADER.replace("Result", "Case") + ROW, "b.csv")
    with pytest.raises(ExceptionGroup) as caught:
        read(tmp_path, one, two)
    told = [str(fault) for fault in caught.value.exceptions]
    assert len(told) == 4
    assert any("b.csv: the column 'Case'" in fault and "more than once" in fault for fault in told)


def test_a_row_with_the_wrong_number_of_fields_is_set_aside_with_its_number(tmp_path: Path) -> None:
    """Rows after it keep their numbers."""
    rows = ["C0,2020-02-03,ST19501,3307,x\n", ROW, "C2,2020-02-03\n", "C3,2020-02-03,,3307\n", ROW, "C5,20\n"]
    records, reading = read(tmp_path, written(tmp_path, HEADER + "".join(rows)))
    assert sorted((r.reason, r.place) for r in reading.refusals) == [
        ("no-offence-code", "row 4"),
        ("unreadable", "row 1"),
        ("unreadable", "row 3"),
        ("unreadable", "row 6"),
    ]
    assert len(records) == 2
    assert not any(r["statement_complete"] for r in records)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ((HEADER + ROW.replace("C1", "Café")).encode("latin-1"), "bad-encoding"),
        ((HEADER + ROW).encode("utf-16"), "bad-encoding"),
        ((HEADER + ROW.replace("C1", "C\0")).encode(), "bad-encoding"),
        (b"", "unreadable"),
        (b"PAR1 cut off", "unreadable"),
        (b"PK\x03\x04 a workbook", "unknown-kind"),
        (b"<?xml version='1.0'?><a/>", "unknown-kind"),
    ],
)
def test_a_file_that_cannot_be_read_is_set_aside_and_every_day_is_incomplete(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    """And no covered day is taken as empty, because its rows may be in the file that is missing."""
    good, bad = written(tmp_path, HEADER + ROW), written(tmp_path, content, "bad.csv")
    records, reading = read(tmp_path, good, bad, covers=(DAY, date(2020, 2, 9)))
    assert [(r.reason, r.file, r.place) for r in reading.refusals] == [(reason, "bad.csv", "file")]
    assert [(r["hearing_date"], r["statement_complete"]) for r in records] == [(DAY, False)]


def test_a_file_that_breaks_off_midway_gives_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("extract.table_files.CSV_BLOCK_BYTES", 1024)
    path = written(tmp_path, HEADER + ROW * 200 + '"never closed' + ROW * 200)
    records, reading = read(tmp_path, path)
    assert records == []
    assert [r.reason for r in reading.refusals] == ["unreadable"]


def test_a_missing_file_is_set_aside(tmp_path: Path) -> None:
    records, reading = read(tmp_path, tmp_path / "none.csv", covers=(DAY, DAY))
    assert [(r.reason, len(r.content_hash)) for r in reading.refusals] == [("unreadable", 64)]  # the mark of its place
    assert (records, reading.statements) == ([], 0)


def test_a_file_with_a_header_alone_says_that_its_days_are_empty(tmp_path: Path) -> None:
    records, reading = read(tmp_path, written(tmp_path, HEADER), covers=(DAY, DAY))
    assert [(r["hearing_date"], r["result_index"], r["statement_complete"]) for r in records] == [(DAY, None, True)]
    assert reading.refusals == ()


def test_an_extract_that_hardly_fits_is_refused_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_REFUSALS", 5)
    path = written(tmp_path, HEADER + ROW.replace("ST19501", "") * 6)
    with pytest.raises(ExtractError, match="more than 5 rows cannot be used, 6 of them for 'no-offence-code'"):
        read(tmp_path, path)


def test_rows_are_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows there are, only a few batches of them are in memory at a time."""
    held: list[int] = []
    judge = tables.judge

    def watched(*arguments: Any) -> Any:
        held.append(pa.total_allocated_bytes())
        return judge(*arguments)

    monkeypatch.setattr(tables, "judge", watched)
    monkeypatch.setattr("extract.table_files.CSV_BLOCK_BYTES", 256 * 1024)
    rows = 200_000
    path = written(
        tmp_path, HEADER + "".join(f"C{n:012},2020-0{1 + n % 3}-{1 + n % 28:02},ST19501,3307\n" for n in range(rows))
    )
    spool = tmp_path / "spool"
    spool.mkdir()
    before = pa.total_allocated_bytes()
    received = datetime(2020, 4, 20, tzinfo=UTC)
    texts = Texts(frozenset(), None)
    reading = read_tables([path], ["a"], MAPPING, covers=None, received_at=received, texts=texts, spool=spool)
    while_read = max(held) - before
    sizes = []
    while_given = 0
    for batch in reading.batches:
        sizes.append(batch.nbytes)
        while_given = max(while_given, pa.total_allocated_bytes() - before)
        assert batch.num_rows < rows / 2
    assert reading.rows == rows
    assert while_read < sum(sizes) / 4
    assert while_given < sum(sizes)
