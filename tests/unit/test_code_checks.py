"""Checks of code lists: each fault that was put in is found, with the right suggestion, and a sound list has none."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from extract.contract import RECORDS, normalise_text, text_digest
from transform import standing
from transform.code_advice import Titled, nearest, nearest_codes, same_title, search
from transform.code_checks import MOST_WANTED, CodeFinding, SeenCode, check_lists, seen_codes
from transform.codelists import CodeEntry, CodeList, read_code_list

KNOWN = standing.standing()
KEY = b"a key of the tests, long enough"
CHANGE = date(2017, 4, 3)


def entry(code: str, match: str = "offence", label: str | None = None, **more: Any) -> CodeEntry:
    """An entry that is sound unless said otherwise: its label is the official title."""
    if label is None:
        offence = standing.offence_in(KNOWN.offences, code)
        label = (
            KNOWN.results[code].title if match == "cjs" and code in KNOWN.results else offence.title if offence else "x"
        )
    facts = {"category": "", "valid_from": None, "valid_to": None, "source": "a source"} | more
    return CodeEntry(code, match, label, **facts)


def a_list(*entries: CodeEntry, name: str = "a-list") -> dict[str, CodeList]:
    return {name: CodeList(name, entries)}


def check(lists: dict[str, CodeList], begins: date | None = None) -> list[CodeFinding]:
    return check_lists(lists, in_force=None, counts_from=begins, standing=KNOWN)


def found(lists: dict[str, CodeList], kind: str, begins: date | None = None) -> list[CodeFinding]:
    return [f for f in check(lists, begins) if f.id == kind]


@pytest.mark.parametrize(
    ("wrong", "meant"), [("ST195O1", "ST19501"), ("PH97OO7", "PH97007"), ("5T19501", "ST19501"), ("PH970I0", "PH97010")]
)
def test_letters_taken_for_digits_are_the_first_suggestion(wrong: str, meant: str) -> None:
    (finding,) = found(a_list(entry(wrong)), "unknown-code")
    assert (finding.severity, finding.code, finding.list) == ("error", wrong, "a-list")
    assert finding.remedy.startswith(f"Did you mean {meant}")


def test_an_unknown_result_is_an_error_with_the_nearest_code() -> None:
    (finding,) = found(a_list(entry("3370", "cjs")), "unknown-code")
    assert finding.severity == "error"
    assert "3307" in finding.remedy


def test_forms_and_base_codes_are_known_by_their_base() -> None:
    lists = a_list(entry("ST19501A"), entry("PH97003", "base"), entry("PH97003A"))
    assert found(lists, "unknown-code") == found(lists, "title-differs") == []
    assert found(a_list(entry("PH9700X", "base")), "unknown-code")[0].severity == "error"


def test_an_unknown_short_code_is_no_error_because_the_list_of_them_is_old() -> None:
    lists = a_list(entry("SPO", "short"), entry("RFSD", "short", source=""), entry("G", "short", "Granted"))
    assert [(f.code, f.severity) for f in found(lists, "unknown-code")] == [("SPO", "info"), ("RFSD", "warning")]


def test_a_short_code_is_known_whatever_its_case_in_the_standing_data() -> None:
    assert "imp" in KNOWN.short_codes
    assert found(a_list(entry("IMP", "short", "Imprisonment")), "unknown-code") == []


def test_a_label_that_is_not_the_title_is_found_and_case_and_punctuation_do_not_count() -> None:
    other, same = "Application to renew an order", "application TO VARY a stalking-protection order."
    lists = a_list(entry("ST19501", label=other), entry("ST19502", label=same), entry("3306", "cjs", "Stalking Order"))
    differing = found(lists, "title-differs")
    assert [(f.code, f.severity) for f in differing] == [("ST19501", "warning"), ("3306", "warning")]
    assert "Application for a Stalking Protection Order" in differing[0].what
    assert other in differing[0].what


def test_a_code_that_ended_before_the_question_begins_is_found() -> None:
    lists = a_list(entry("PH97007", valid_to=date(2017, 4, 2)), entry("PH97010", valid_to=date(2030, 1, 1)))
    assert [f.code for f in found(lists, "code-ended", date(2020, 1, 20))] == ["PH97007"]
    assert found(lists, "code-ended", date(2017, 4, 2)) == found(lists, "code-ended") == []


def test_a_list_of_todays_codes_misses_the_years_before() -> None:
    lists = a_list(entry("PH97010"), entry("PH97011", "base"))
    for begins in (None, date(2012, 1, 1)):
        missing = found(lists, "predecessor-missing", begins)
        assert [f.code for f in missing] == ["PH97010", "PH97011"]
        assert "Add PH97007" in missing[0].remedy
        assert "2017-04-03" in missing[0].remedy
    assert found(lists, "predecessor-missing", CHANGE) == []
    assert found(a_list(entry("PH97010"), entry("PH97007")), "predecessor-missing") == []


def test_a_list_of_yesterdays_codes_misses_the_years_after() -> None:
    (missing,) = found(a_list(entry("PH97008"), entry("PH97007"), entry("PH97010")), "successor-missing")
    assert missing.code == "PH97008"
    assert "Add PH97011" in missing.remedy


def test_the_law_is_taken_where_no_first_day_is_given() -> None:
    lists = a_list(entry("PH97010"))
    late = check_lists(lists, in_force=date(2020, 1, 20), counts_from=None, standing=KNOWN)
    early = check_lists(lists, in_force=date(2020, 1, 20), counts_from=date(2015, 1, 1), standing=KNOWN)
    assert "predecessor-missing" not in {f.id for f in late}
    assert "predecessor-missing" in {f.id for f in early}


def test_the_other_applications_of_the_same_act_look_wanted_and_listed_ones_never_do() -> None:
    lists = a_list(entry("ST19501"), entry("ST19502"))
    wanted = {f.code for f in found(lists, "looks-wanted")}
    assert wanted >= {"ST19503", "ST19504", "ST19505", "ST19506", "ST19507"}
    assert not wanted & {"ST19501", "ST19502"}
    wider = lists | a_list(entry("ST19503"), name="renewals")
    assert "ST19503" not in {f.code for f in found(wider, "looks-wanted")}
    assert {f.severity for f in found(lists, "looks-wanted")} == {"info"}


def test_codes_of_the_same_home_office_class_look_wanted() -> None:
    wanted = {f.code: f.what for f in found(a_list(entry("PH97003")), "looks-wanted")}
    assert "Home Office class 8/31" in wanted["SE20002"]
    assert "PH97003A" in wanted
    base = {f.code for f in found(a_list(entry("PH97003", "base")), "looks-wanted")}
    assert "PH97003A" not in base, "a base code has its forms already"


def test_the_interim_order_looks_wanted_beside_the_final_one_unless_a_list_names_it() -> None:
    lists = a_list(entry("3307", "cjs"))
    assert [f.code for f in found(lists, "looks-wanted")] == ["3306"]
    both = lists | a_list(entry("3306", "cjs"), name="interim")
    assert found(both, "looks-wanted") == []


def test_a_title_of_one_word_suggests_nothing_and_no_list_suggests_too_much() -> None:
    assert found(a_list(entry("G", "short", "Granted"), entry("granted", "text", "Granted")), "looks-wanted") == []
    many = a_list(*(entry(code) for code in ("SX03540", "PH97003", "ST19501", "FB89501")))
    assert len(found(many, "looks-wanted")) == MOST_WANTED


def test_findings_have_the_line_of_the_entry(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text(
        "code,match,label,category,valid_from,valid_to,source\nST19501,offence,Wrong,,,,s\nST195O2,offence,x,,,,s\n"
    )
    listed, faults = read_code_list(path, "some.csv")
    assert faults == []
    lines = {f.id: f.line for f in check({"some": listed})}
    assert (lines["title-differs"], lines["unknown-code"], lines["looks-wanted"]) == (2, 3, None)


def test_the_lists_that_are_shipped_have_no_error() -> None:
    paths = (standing.SQL / "codelists").glob("*.csv")
    lists = {path.stem: read_code_list(path, path.name)[0] for path in paths}
    assert lists
    assert [f for f in check(lists) if f.severity == "error"] == []


# Nearest and search


def test_nearest_and_same_title() -> None:
    assert nearest_codes("ST195O1", KNOWN.offences)[0] == "ST19501"
    assert nearest_codes("QQQQQQQ", KNOWN.offences) == ()
    assert same_title("Stalking without fear / alarm", "STALKING - without fear, alarm")
    assert not same_title("Stalking", "Stalking Protection")


def test_a_search_ranks_code_then_beginning_then_all_words_then_some() -> None:
    known = [
        Titled("offence", "AB1", "Some other order"),
        Titled("offence", "AB12", "Stalking and protection of an order, at length"),
        Titled("offence", "ZZ1", "Stalking protection"),
        Titled("offence", "STALKING", "x"),
        Titled("offence", "ZZ9", "Nothing"),
    ]
    assert [(m.found.code, m.how) for m in search("ab1", known)] == [("AB1", "code"), ("AB12", "code begins")]
    ranked = [(m.found.code, m.how) for m in search("stalk PROTECTION order", known)]
    assert ranked == [("AB12", "all words"), ("ZZ1", "some words"), ("AB1", "some words")]
    assert [m.found.code for m in search("stalking", known)] == ["STALKING", "ZZ1", "AB12"]
    assert search("qqq", known) == []
    assert "stalking" in nearest("stalkng", known)


# Codes seen in records


def row(**facts: Any) -> dict[str, Any]:
    at = datetime(2020, 3, 1, tzinfo=UTC)
    plain = {
        "source_name": "spi", "source_format": "spi", "source_file": "f", "payload_hash": "h", "received_at": at,
        "landed_batch": 1, "landed_at": at, "statement_key": facts.get("case_key", "k"), "stated_at": at,
        "statement_complete": True, "hearing_date": date(2020, 2, 3), "hearing_date_basis": "message",
        "hearing_month": "2020-02", "case_key_strength": "strong", "case_index": 1, "offence_index": 1,
        "result_index": 1, "offence_code": "ST19501",
    }  # fmt: skip
    return dict.fromkeys(RECORDS.names) | plain | facts


def seen(tmp_path: Path, rows: list[dict[str, Any]], batch: int = 9, held: Any = ()) -> list[SeenCode]:
    pq.write_table(pa.Table.from_pylist(rows, schema=RECORDS), tmp_path / "records.parquet")
    lists = a_list(entry("ST19501"), entry("PH97007", "base")) | a_list(
        entry("3307", "cjs"), entry("SPO", "short"), entry("granted", "text", "Granted"), name="results"
    )
    return seen_codes(lists, [str(tmp_path / "records.parquet")], batch, held, KEY, KNOWN)


def digest(text: str) -> str:
    return text_digest(normalise_text(text), KEY)


def test_results_that_no_list_names_are_counted_with_their_titles(tmp_path: Path) -> None:
    rows = [
        row(case_key="a", result_code="3306"),
        row(case_key="a", result_code="3306", result_index=2),
        row(case_key="b", result_code="3306"),
        row(case_key="b", result_code="3307", result_index=2),
        row(case_key="c", result_short_code="G"),
        row(case_key="c", result_short_code="SPO", result_index=2),
        row(case_key="d", result_code="1000", result_text="refused", result_text_digest=digest("refused")),
        row(case_key="d", result_text="granted", result_text_digest=digest("granted"), result_index=2),
        row(case_key="e", result_text_digest=digest("John Smith"), result_index=2),
        row(case_key="f", offence_code="PH97007A", result_code="1002"),
        row(case_key="g", offence_code="TH68001", result_code="2006"),
    ]
    assert seen(tmp_path, rows) == [
        SeenCode("result", "cjs", "3306", "Interim Stalking Protection Order", 3, 2),
        SeenCode("result", "cjs", "1002", "Imprisonment", 1, 1),
        SeenCode("result", "short", "G", "Granted", 1, 1),
        SeenCode("result", "text", "refused", "", 1, 1),
        SeenCode("result", "unkept", None, "", 1, 1),
    ]


def test_other_offences_on_the_same_cases_are_counted(tmp_path: Path) -> None:
    rows = [
        row(case_key="a", result_code="3307"),
        row(case_key="a", offence_code="ST19001", offence_index=2, result_code="1002"),
        row(case_key="b", offence_code="TH68001", result_code="1002"),
    ]
    (other,) = seen(tmp_path, rows)
    assert (other.part, other.code, other.results, other.cases) == ("offence", "ST19001", 1, 1)
    assert other.title.startswith("Breach of stalking protection order")


def test_what_was_replaced_landed_later_or_is_held_is_left_out(tmp_path: Path) -> None:
    later = datetime(2020, 4, 1, tzinfo=UTC)
    rows = [
        row(case_key="a", result_code="3306"),
        row(case_key="a", stated_at=later, received_at=later, landed_batch=2, offence_code=None, result_index=None),
        row(case_key="b", result_code="2006"),
        row(case_key="b", stated_at=later, received_at=later, landed_batch=3, result_code="2051"),
    ]
    assert {s.code for s in seen(tmp_path, rows)} == {"2051"}
    assert {s.code for s in seen(tmp_path, rows, batch=2)} == {"2006"}
    assert {s.code for s in seen(tmp_path, rows, batch=1)} == {"2006", "3306"}
    assert seen(tmp_path, rows, held=[(date(2020, 2, 1), date(2020, 2, 29))]) == []
    assert len(seen(tmp_path, rows, held=[(date(2020, 3, 1), date(2020, 3, 31))])) == 1


def test_at_most_twenty_of_each_part_are_told(tmp_path: Path) -> None:
    rows = [row(case_key=f"c{n}", result_code=f"{1001 + n}") for n in range(30)]
    assert len(seen(tmp_path, rows)) == 20


def test_without_a_list_of_offences_no_cases_are_meant(tmp_path: Path) -> None:
    pq.write_table(
        pa.Table.from_pylist([row(case_key="a", result_code="3306")], schema=RECORDS), tmp_path / "r.parquet"
    )
    files = [str(tmp_path / "r.parquet")]
    assert seen_codes(a_list(entry("3307", "cjs")), files, 9, [], KEY, KNOWN) == []
