"""A table extract states, for each day, every result of that day; a later extract replaces the day."""

import hashlib
import hmac
import random
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from extract.contract import PARSED, ExtractError, Refusal, Texts
from extract.mapping import Mapping
from extract.table_days import empty_statement_case_key
from extract.tables import TableReading, read_tables

RECEIVED = datetime(2020, 4, 20, 9, 0, tzinfo=UTC)
TEXTS = Texts(frozenset({"granted"}), b"key")
COLUMNS = {
    "case_number": "Case No",
    "case_urn": "URN",
    "court_ou_code": "Court",
    "hearing_date": "Hearing Date",
    "defendant": "Defendant No",
    "offence_code": "Offence",
    "result": "Result",
}
HEADER = ",".join(COLUMNS.values())
A = "C1,01AA0000120,B05LY,03/02/2020,7,ST19501,SPO"
B = "C2,,B05LY,03/02/2020,8,st19502 ,Granted"
C = "C3,,B05LY,04/02/2020,9,ST19501,3307"
DAY3, DAY4, DAY5 = date(2020, 2, 3), date(2020, 2, 4), date(2020, 2, 5)


def mapping(**changes: Any) -> Mapping:
    fields: dict[str, Any] = {
        "path": Path("mapping.toml"),
        "source": "mis",
        "system": "MIS",
        "date_format": "%d/%m/%Y",
        "delimiter": ",",
        "columns": COLUMNS,
        "constants": {},
        "declared_filter": "ST195xx only",
        "offence_code_prefix": (),
    }
    return Mapping(**(fields | changes))


class Extract:
    """Reads made-up rows; each reading has its own spool folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.numbers = folder, count()

    def read(
        self,
        *files: list[str],
        names: list[str] | None = None,
        covers: tuple[date, date] | None = None,
        header: str = HEADER,
        by: Mapping | None = None,
        texts: Texts = TEXTS,
    ) -> tuple[list[dict[str, Any]], TableReading]:
        folder = self.folder / str(next(self.numbers))
        (folder / "spool").mkdir(parents=True)
        paths = []
        for number, rows in enumerate(files):
            path = folder / f"{number}.csv"
            path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
            paths.append(path)
        reading = read_tables(
            paths,
            names or [p.name for p in paths],
            by or mapping(),
            covers=covers,
            received_at=RECEIVED,
            texts=texts,
            spool=folder / "spool",
        )
        batches = list(reading.batches)
        assert all(batch.schema.equals(PARSED) for batch in batches)
        records = pa.Table.from_batches(batches, PARSED).to_pylist()
        assert len(records) == reading.rows
        assert len({r["statement_key"] for r in records}) == reading.statements
        return records, reading


@pytest.fixture
def extract(tmp_path: Path) -> Extract:
    return Extract(tmp_path)


def hashes(records: list[dict[str, Any]]) -> dict[date, str]:
    return {r["hearing_date"]: r["payload_hash"] for r in records}


def test_a_row_becomes_a_record_of_its_day(extract: Extract) -> None:
    records, reading = extract.read([A])
    assert reading.refusals == ()
    digest = TEXTS.keep("spo")[1]
    assert records == [
        {
            "source_name": "mis",
            "source_format": "table",
            "source_system": "MIS",
            "source_file": "0.csv",
            "envelope_id": None,
            "payload_hash": records[0]["payload_hash"],
            "received_at": RECEIVED,
            "statement_key": mapping().statement_key(DAY3),
            "stated_at": RECEIVED,
            "statement_complete": True,
            "hearing_date": DAY3,
            "hearing_date_basis": "column",
            "hearing_month": "2020-02",
            "court_ou_code": "B05LY",
            "lja_code": None,
            "police_force": "01",
            "police_force_basis": "urn",
            "case_key": "case:mis:C1",
            "case_key_strength": "strong",
            "case_urn": "01AA0000120",
            "application_key": None,
            "defendant_key": "def:mis:C1:7",
            "case_index": 1,
            "offence_index": 1,
            "result_index": 1,
            "level": "OFFENCE",
            "offence_code_raw": "ST19501",
            "offence_code": "ST19501",
            "result_code": None,
            "result_short_code": "SPO",
            "result_text": None,
            "result_text_digest": digest,
            "final_disposal": None,
            "finding": None,
            "conviction_date": None,
        }
    ]


def test_dates_are_read_day_first_where_the_mapping_says_so(extract: Extract) -> None:
    records, _ = extract.read([A.replace("03/02/2020", "01/03/2020")])
    assert records[0]["hearing_date"] == date(2020, 3, 1)


@pytest.mark.parametrize(
    ("result", "code", "short", "text"),
    [
        ("3307", "3307", None, None),
        ("0401", "0401", None, None),
        ("SPO", None, "SPO", None),
        ("spo", None, "SPO", None),
        ("Granted", None, "GRANTED", "granted"),
        ("Granted unconditionally", None, None, None),
    ],
)
def test_a_result_is_told_apart_by_its_shape(
    extract: Extract, result: str, code: str | None, short: str | None, text: str | None
) -> None:
    """One to four digits are a CJS code; one short word a short code, which may be a known word as well."""
    (record,), _ = extract.read([A.replace("SPO", result)])
    assert (record["result_code"], record["result_short_code"], record["result_text"]) == (code, short, text)
    assert record["result_text_digest"] == (None if code else TEXTS.keep(result)[1])


def test_free_text_is_kept_as_a_digest_only(extract: Extract) -> None:
    (record,), _ = extract.read([A.replace("SPO", "Granted against Jane Roe")])
    assert "roe" not in str(record).casefold()
    assert record["result_text_digest"] == TEXTS.keep("granted against  JANE roe")[1]


def test_without_a_key_there_is_no_digest(extract: Extract) -> None:
    (record,), _ = extract.read([B], texts=Texts(frozenset(), None))
    assert record["result_text_digest"] is None


def test_the_offence_code_is_folded_and_kept_as_sent(extract: Extract) -> None:
    (record,), _ = extract.read([B])
    assert (record["offence_code"], record["offence_code_raw"]) == ("ST19502", "st19502 ")


@pytest.mark.parametrize(
    ("row", "key", "force", "basis"),
    [
        ("C1,01aa0000120,B05LY", "case:mis:C1", "01", "urn"),
        (",01aa0000120,B05LY", "urn:01AA0000120", "01", "urn"),
        ("C1,00PP0000008,B05LY", "case:mis:C1", "05", "court"),
        ("C1,,", "case:mis:C1", None, None),
    ],
)
def test_the_case_is_its_number_else_its_real_urn(
    extract: Extract, row: str, key: str, force: str | None, basis: str | None
) -> None:
    (record,), _ = extract.read([f"{row},03/02/2020,7,ST19501,SPO"])
    assert (record["case_key"], record["police_force"], record["police_force_basis"]) == (key, force, basis)
    assert record["defendant_key"] == f"def:mis:{key.rpartition(':')[2]}:7"


def test_a_mapped_force_comes_before_every_other(extract: Extract) -> None:
    by = mapping(columns=COLUMNS | {"police_force": "Force"})
    records, _ = extract.read([A + ",43", B + ",Essex"], header=HEADER + ",Force", by=by)
    assert {(r["case_key"], r["police_force"], r["police_force_basis"]) for r in records} == {
        ("case:mis:C1", "43", "column"),
        ("case:mis:C2", "05", "court"),
    }


def test_optional_columns_and_constants(extract: Extract) -> None:
    more = {
        "application": "App",
        "level": "Level",
        "final_disposal": "Final",
        "conviction_date": "Convicted",
        "lja_code": "LJA",
    }
    by = mapping(columns=COLUMNS | more, constants={"finding": "G"})
    (record,), _ = extract.read(
        [A + ",A9,application,Y,01/02/2020,0123"], header=f"{HEADER},{','.join(more.values())}", by=by
    )
    assert record["application_key"] == "app:mis:A9"
    assert (record["level"], record["final_disposal"], record["finding"]) == ("APPLICATION", True, "G")
    assert (record["conviction_date"], record["lja_code"]) == (date(2020, 2, 1), "0123")


def test_rows_of_one_day_are_one_statement(extract: Extract) -> None:
    records, reading = extract.read([A, B, C])
    assert reading.statements == 2
    assert sorted(r["offence_index"] for r in records if r["hearing_date"] == DAY3) == [1, 2]
    assert {(r["hearing_date"], r["statement_key"]) for r in records} == {
        (day, mapping().statement_key(day)) for day in (DAY3, DAY4)
    }


def test_the_same_rows_are_the_same_statements_however_they_come(extract: Extract) -> None:
    """Neither the order of rows nor how they are spread over files, nor file names, changes a day."""
    rows = [f"C{n},,B05LY,0{1 + n % 5}/02/2020,{n},ST19501,SPO" for n in range(60)]
    first, _ = extract.read(rows)
    shuffled = random.Random(7).sample(rows, len(rows))
    second, _ = extract.read(shuffled[:13], shuffled[13:], names=["b.csv", "a.csv"])

    def content(records: list[dict[str, Any]]) -> list[str]:
        return sorted(str({k: v for k, v in r.items() if k != "source_file"}) for r in records)

    assert content(first) == content(second)


def test_only_the_day_that_changed_has_another_hash(extract: Extract) -> None:
    before, _ = extract.read([A, B, C])
    after, _ = extract.read([A.replace("SPO", "RFSD"), B, C])
    assert hashes(before)[DAY3] != hashes(after)[DAY3]
    assert hashes(before)[DAY4] == hashes(after)[DAY4]


def test_the_hash_of_a_day_never_changes_between_versions(extract: Extract) -> None:
    """A day that was landed years ago must still be known as unchanged, so its recipe is for ever.

    Each row: `column=length in bytes:value;` for every column with a value, by name, then SHA-256. The
    day: SHA-256 over the sorted row hashes, then over a heading, that, and the word `complete`.
    """

    def sha256(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    # Not the look of a reference: a keyed digest stands for it.
    case = "#" + hmac.digest(TEXTS.key or b"", "Café".encode(), "sha256").hex()[:16]
    row = {
        "case_key": f"case:mis:{case}",
        "court_ou_code": "B05LY",
        "defendant_key": f"def:mis:{case}:8",
        "hearing_date": "2020-02-03",
        "level": "OFFENCE",
        "offence_code": "ST19502",
        "offence_code_raw": "st19502 ",
        "police_force": "05",
        "police_force_basis": "court",
        "result_short_code": "GRANTED",
        "result_text_hash": sha256("granted"),
    }
    first = sha256("".join(f"{name}={len(value.encode())}:{value};" for name, value in row.items()))
    row |= {"defendant_key": f"def:mis:{case}:9"}
    second = sha256("".join(f"{name}={len(value.encode())}:{value};" for name, value in row.items()))
    rows = "".join(sorted([first, second]))
    records, _ = extract.read([B.replace("C2", "Café"), B.replace("C2", "Café").replace(",8,", ",9,")])
    assert hashes(records) == {DAY3: sha256(f"courtstats/table-day@1\n{sha256(rows)}\ncomplete")}


def test_what_does_not_look_like_a_reference_is_kept_as_a_digest_only(extract: Extract) -> None:
    """A column that is mapped as a number may hold a name: two are told apart, neither is shown."""
    people = [A.replace("C1", name) for name in ("JANE PERSON", "jane.person@example.org", "PERSON1", "01ZD0303208")]
    records, reading = extract.read(people)
    keys = {r["case_key"] for r in records}
    assert reading.refusals == ()
    assert len(keys) == 4
    assert "case:mis:01ZD0303208" in keys
    assert not any("person" in str(r).casefold() for r in records)


def test_the_hash_does_not_depend_on_the_installation(extract: Extract) -> None:
    one, _ = extract.read([A, B])
    other, _ = extract.read([A, B], texts=Texts(frozenset(), b"other"))
    assert hashes(one) == hashes(other)


def test_another_text_is_another_day_even_if_neither_is_kept(extract: Extract) -> None:
    one, _ = extract.read([A.replace("SPO", "Refused after trial")])
    other, _ = extract.read([A.replace("SPO", "Refused before trial")])
    assert hashes(one) != hashes(other)


def test_two_equal_rows_are_two_rows(extract: Extract) -> None:
    records, _ = extract.read([A, A])
    assert sorted(r["offence_index"] for r in records) == [1, 2]
    assert hashes(records) != hashes(extract.read([A])[0])


def test_covered_days_without_rows_are_empty_statements(extract: Extract) -> None:
    records, reading = extract.read([A], covers=(DAY3, DAY5))
    assert reading.statements == 3
    empty = {r["hearing_date"]: r for r in records if r["result_index"] is None}
    assert sorted(empty) == [DAY4, DAY5]
    row = empty[DAY4]
    assert row["case_key"] == empty_statement_case_key(mapping().statement_key(DAY4))
    assert row["case_key_strength"] == "weak"
    assert row["statement_complete"]
    assert [row[c] for c in ("court_ou_code", "offence_code", "offence_index", "level", "police_force")] == [None] * 5


def test_without_covers_only_days_with_rows_are_stated(extract: Extract) -> None:
    records, _ = extract.read([A, C.replace("04/02", "09/02")])
    assert set(hashes(records)) == {DAY3, date(2020, 2, 9)}


def test_a_day_of_rows_without_results_is_stated_as_empty(extract: Extract) -> None:
    records, reading = extract.read([A.replace("SPO", ""), B.replace("Granted", " ")])
    assert [(r["hearing_date"], r["result_index"]) for r in records] == [(DAY3, None)]
    assert reading.refusals == ()


def test_a_row_without_result_adds_none_to_its_day(extract: Extract) -> None:
    records, _ = extract.read([A, B.replace("Granted", "")])
    assert [r["case_key"] for r in records] == ["case:mis:C1"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (A.replace("ST19501", " "), "no-offence-code"),
        (A.replace("ST19501", "ST195012X"), "bad-offence-code"),
        (A.replace("ST19501", "ST-9501"), "bad-offence-code"),
        (",,B05LY,03/02/2020,7,ST19501,SPO", "no-case"),
        (",00PP0000008,B05LY,03/02/2020,7,ST19501,SPO", "no-case"),
    ],
)
def test_a_bad_row_is_set_aside_and_its_day_is_incomplete(extract: Extract, row: str, reason: str) -> None:
    records, reading = extract.read([B, C, row])
    (refusal,) = reading.refusals
    assert (refusal.reason, refusal.file, refusal.place, refusal.hearing_date) == (reason, "0.csv", "row 3", DAY3)
    assert len(refusal.content_hash) == 64
    assert {(r["hearing_date"], r["statement_complete"]) for r in records} == {(DAY3, False), (DAY4, True)}


def test_a_malformed_result_code_is_set_aside(extract: Extract) -> None:
    by = mapping(columns={k: v for k, v in COLUMNS.items() if k != "result"} | {"result_code": "Result"})
    _, reading = extract.read([A.replace("SPO", "3307"), B.replace("Granted", "CJO3522")], by=by)
    assert [r.reason for r in reading.refusals] == ["bad-result-code"]


def test_a_short_code_column_with_sentences_keeps_none_of_them(extract: Extract) -> None:
    by = mapping(columns={k: v for k, v in COLUMNS.items() if k != "result"} | {"result_short_code": "Result"})
    records, reading = extract.read([A, B.replace("Granted", "Granted to Jane Roe")], by=by)
    assert [r.reason for r in reading.refusals] == ["bad-result-code"]
    assert [r["result_short_code"] for r in records] == ["SPO"]


def test_a_day_of_which_nothing_is_usable_is_stated_as_empty_and_incomplete(extract: Extract) -> None:
    records, _ = extract.read([A.replace("ST19501", ""), C])
    assert {(r["hearing_date"], r["result_index"], r["statement_complete"]) for r in records} == {
        (DAY3, None, False),
        (DAY4, 1, True),
    }


def test_a_row_without_a_readable_date_leaves_every_day_incomplete(extract: Extract) -> None:
    """It could belong to any of them."""
    records, reading = extract.read([A, C, B.replace("03/02/2020", "31/02/2020")], covers=(DAY3, DAY5))
    assert [(r.reason, r.hearing_date) for r in reading.refusals] == [("bad-date", None)]
    assert [r["statement_complete"] for r in records] == [False] * 3


def test_a_mended_day_is_a_new_statement(extract: Extract) -> None:
    """The usable rows are the same, but the day is complete now: landing must not take it for a repeat."""
    bad, _ = extract.read([A, C, B.replace("03/02/2020", "no date")])
    good, _ = extract.read([A, C])
    assert hashes(bad)[DAY4] != hashes(good)[DAY4]


def test_an_unreadable_conviction_date_is_set_aside(extract: Extract) -> None:
    by = mapping(columns=COLUMNS | {"conviction_date": "Convicted"})
    records, reading = extract.read([A + ",", B + ",soon"], header=HEADER + ",Convicted", by=by)
    assert [(r.reason, r.hearing_date) for r in reading.refusals] == [("bad-date", DAY3)]
    assert len(records) == 1


def test_rows_outside_the_covered_days_are_set_aside_and_state_nothing(extract: Extract) -> None:
    records, reading = extract.read([A, C], covers=(DAY4, DAY4))
    assert [(r.reason, r.hearing_date) for r in reading.refusals] == [("outside-covers", DAY3)]
    assert [(r["hearing_date"], r["statement_complete"]) for r in records] == [(DAY4, True)]


def test_rows_outside_the_declared_prefixes_are_set_aside(extract: Extract) -> None:
    records, reading = extract.read([A, B.replace("st19502", "PH97010")], by=mapping(offence_code_prefix=("ST195",)))
    assert [r.reason for r in reading.refusals] == ["outside-filter"]
    assert [(r["offence_code"], r["statement_complete"]) for r in records] == [("ST19501", True)]


def test_another_filter_changes_the_key_and_not_the_content(extract: Extract) -> None:
    one, _ = extract.read([A])
    other, _ = extract.read([A], by=mapping(declared_filter="everything"))
    assert one[0]["statement_key"] != other[0]["statement_key"]
    assert hashes(one) == hashes(other)


def test_a_file_of_which_no_date_is_read_names_the_format_that_would_do(extract: Extract) -> None:
    with pytest.raises(ExtractError, match=r'0\.csv: no row has a date .* Write date_format = "%d/%m/%Y"') as caught:
        extract.read([A, B, C], by=mapping(date_format="%Y-%m-%d"))
    assert "03/02/2020" not in str(caught.value)


def test_covers_must_not_end_before_it_begins(extract: Extract) -> None:
    with pytest.raises(ExtractError, match="end before they begin"):
        extract.read([A], covers=(DAY4, DAY3))


def test_refusals_never_hold_a_value(extract: Extract) -> None:
    _, reading = extract.read([A, A.replace("ST19501", "JANE ROE")])
    assert isinstance(reading.refusals[0], Refusal)
    assert "ROE" not in repr(reading.refusals)
