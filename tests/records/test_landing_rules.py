"""The rules of landing, each by the case that tells it from its neighbour."""

import re
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract import quarantine, store
from extract.contract import STATEMENT_ORDER, ExtractError, Statement, Texts
from extract.store import Landing
from pipelines.sources import LandRequest, find_files, land_files

SQL = Path(__file__).resolve().parents[2] / "sql"
MORNING = datetime(2020, 3, 2, 9, tzinfo=UTC)
Say = Callable[..., Statement]
At = Callable[[int], datetime]
Land = Callable[..., Landing]
Held = Callable[[], list[tuple[str, int]]]
Lander = Callable[[str], "subprocess.Popen[str]"]
LandPath = Callable[..., Landing]

MESSAGE = """<DC:ResultedCaseMessage xmlns:DC="http://www.dca.gov.uk/xmlschemas/libra">
<DC:Session><DC:CourtHearing><DC:Hearing><DC:CourtHearingLocation>B01EF01</DC:CourtHearingLocation>
<DC:DateOfHearing>{day}</DC:DateOfHearing></DC:Hearing><DC:PSAcode>0576</DC:PSAcode></DC:CourtHearing>
<DC:Case><DC:PTIURN>01ZD0303208</DC:PTIURN><DC:Defendant>
<DC:ProsecutorReference>1101ZD0100000448754K</DC:ProsecutorReference><DC:Offence><DC:BaseOffenceDetails>
<DC:OffenceCode>ST19501</DC:OffenceCode></DC:BaseOffenceDetails><DC:Result><DC:ResultCode>{code}</DC:ResultCode>
</DC:Result></DC:Offence></DC:Defendant></DC:Case></DC:Session></DC:ResultedCaseMessage>"""
A, B = "3307", "4506"
MAPPING = """schema = "courtstats/mapping@1"
source = "made"
[columns]
case_number = "Case"
hearing_date = "Day"
offence_code = "Offence"
result = "Result"
"""


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "made.toml").write_text(MAPPING)
    return tmp_path / "inbox"


@pytest.fixture
def land_path(records: Path, inbox: Path) -> LandPath:
    """Land files as the command does where nobody says when they were received: each call an hour after the last."""
    calls: list[int] = []

    def go(path: Path, covers: tuple[date, date] | None = None) -> Landing:
        calls.append(1)
        request = LandRequest(find_files([path]), inbox.parent / "made.toml", None, covers)
        now = MORNING + timedelta(hours=len(calls))
        texts = Texts(frozenset(), b"key for tests only")
        return land_files(request, records, system="B00LIBRA", texts=texts, landed_at=now, dry_run=False)

    return go


def message(path: Path, code: str, day: str = "2020-02-03") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(MESSAGE.format(day=day, code=code))
    return path


def table(path: Path, code: str, day: str = "2020-02-03") -> Path:
    path.write_text(f"Case,Day,Offence,Result\nC1,{day},ST19501,{code}\n")
    return path


def rows(records: Path) -> list[dict[str, Any]]:
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        found = con.sql("from read_parquet($files)", params={"files": list(store.known_files(records))})
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def counts(records: Path, known_at: datetime) -> str:
    """Content of the statement that counts as known at a time, by the order of the contract."""
    known = [r for r in rows(records) if r["received_at"] <= known_at]
    return str(max(known, key=lambda r: tuple(r[name] for name in STATEMENT_ORDER))["payload_hash"])


def counting_code(records: Path) -> str:
    return str(max(rows(records), key=lambda r: tuple(r[name] for name in STATEMENT_ORDER))["result_code"])


# --- one at a time, all or nothing ----------------------------------------------------------------


def test_a_landing_waits_until_another_has_committed_and_then_finds_nothing_new(lander: Lander, held: Held) -> None:
    """Delta lets two appends through at once, so only waiting keeps what both hold from being there twice."""
    point = "between judging and commit until another waits"
    both = [lander(point), lander(point)]
    said = [p.communicate() for p in both]
    assert sorted(out.split() for out, _err in said) == [["1", "2", "0"], ["None", "0", "1"]], said
    assert held() == [("A", 1), ("B", 1)]


def test_the_summary_of_a_landing_that_was_killed_before_its_commit_is_not_read(
    records: Path, landing: Land, statement: Say, received: At, lander: Lander
) -> None:
    first = landing(statement("before", received(1), key="hearing 0"))
    assert lander("before the commit").wait() == -signal.SIGKILL
    assert len(list((records / "batches").glob("*.json"))) == 2  # it was written, as it has to be before the commit
    assert store.summaries(records) == [first]


# --- what is a repeat -----------------------------------------------------------------------------


def test_the_folder_of_all_messages_landed_again_changes_nothing(
    records: Path, inbox: Path, land_path: LandPath
) -> None:
    assert land_path(message(inbox / "1.xml", A)).statements == 1
    assert land_path(message(inbox / "2.xml", B)).statements == 1
    again = land_path(inbox)
    assert (again.batch, again.repeated, again.presumed) == (None, 2, 0)
    assert counting_code(records) == B


def test_the_history_under_other_names_is_known_by_what_counted_lying_in_it(
    records: Path, inbox: Path, land_path: LandPath
) -> None:
    land_path(message(inbox / "1.xml", A))
    land_path(message(inbox / "2.xml", B))
    message(inbox.parent / "archive" / "old.xml", A)
    message(inbox.parent / "archive" / "new.xml", B)
    again = land_path(inbox.parent / "archive")
    assert (again.batch, again.repeated) == (None, 2)
    assert counting_code(records) == B


def test_an_old_message_under_its_own_name_is_presumed_to_be_the_same_delivery(
    records: Path, inbox: Path, land_path: LandPath
) -> None:
    land_path(message(inbox / "1.xml", A))
    land_path(message(inbox.parent / "other" / "2.xml", B))
    again = land_path(inbox)
    assert (again.batch, again.repeated, again.presumed) == (None, 1, 1)
    assert counting_code(records) == B


def test_an_old_message_under_another_name_is_news_because_the_court_restored_it(
    records: Path, inbox: Path, land_path: LandPath
) -> None:
    land_path(message(inbox / "1.xml", A))
    land_path(message(inbox / "2.xml", B))
    assert land_path(message(inbox / "3.xml", A)).statements == 1
    assert counting_code(records) == A


def test_extracts_keep_one_name_for_ever_so_a_table_that_goes_back_is_three_statements(
    records: Path, inbox: Path, land_path: LandPath
) -> None:
    landings = [land_path(table(inbox / "extract.csv", code)) for code in (A, B, A)]
    assert [landing.batch for landing in landings] == [1, 2, 3]
    assert counting_code(records) == A
    assert land_path(inbox / "extract.csv").batch is None


def test_a_message_of_which_a_part_was_set_aside_lands_when_it_comes_whole_in_the_same_envelope(
    records: Path, landing: Land, statement: Say, received: At
) -> None:
    """An envelope marks the delivery, but what could not be read of it is new."""
    landing(statement("A", received(1), envelope="E1", complete=False))
    assert landing(statement("A", received(2), envelope="E1", results=2)).statements == 1
    assert landing(statement("A", received(3), envelope="E1", results=2)).repeated == 1


def test_what_can_now_be_read_whole_does_not_come_back_where_something_else_has_counted_since(
    landing: Land, statement: Say, received: At, held: Held
) -> None:
    """The archive landed again with a better reader: A, replaced by B long ago, must not count again."""
    landing(statement("A", received(1), file="1.xml", complete=False), by_name=True)
    landing(statement("B", received(2), file="2.xml"), by_name=True)
    again = landing(statement("A", received(3), file="1.xml"), statement("B", received(3), file="2.xml"), by_name=True)
    assert (again.batch, again.repeated) == (None, 2)
    assert held() == [("A", 1), ("B", 2)]


def test_what_counted_and_can_now_be_read_whole_is_said_again_so_what_it_replaced_stays_replaced(
    landing: Land, statement: Say, received: At, held: Held
) -> None:
    landing(statement("B", received(1), file="1.xml"), by_name=True)
    landing(statement("A", received(2), file="2.xml", complete=False), by_name=True)
    again = landing(statement("B", received(3), file="x/1.xml"), statement("A", received(3), file="x/2.xml"))
    assert (again.statements, again.repeated) == (1, 1)
    assert held() == [("B", 1), ("A", 2), ("A", 3)]


@pytest.mark.parametrize("envelopes", [(None, None), ("E1", "E2")])
def test_one_copy_that_is_the_same_delivery_is_enough_whichever_file_comes_first(
    envelopes: tuple[str | None, str | None], landing: Land, statement: Say, received: At, held: Held
) -> None:
    """A came twice and only its first delivery is on record; the folder of both begins with the other one."""
    first = statement("A", received(1), file="2.xml", envelope=envelopes[0])
    second = statement("A", received(2), file="1.xml", envelope=envelopes[1])
    assert landing(first, by_name=True).statements == 1
    assert landing(second, by_name=True).repeated == 1
    landing(statement("B", received(3), file="3.xml", envelope="E3"), by_name=True)
    copies = [
        statement("A", received(4), file="1.xml", envelope=envelopes[1]),
        statement("A", received(4), file="2.xml", envelope=envelopes[0]),
    ]
    again = landing(*copies, by_name=True)
    assert (again.batch, again.repeated) == (None, 2)
    assert held() == [("A", 1), ("B", 2)]


def test_two_contents_received_at_one_given_time_are_each_landed_once(
    landing: Land, statement: Say, received: At, held: Held
) -> None:
    landing(statement("A", received(1)))
    landing(statement("B", received(1)))
    again = landing(statement("A", received(1), file="other.xml"))
    assert (again.batch, again.repeated) == (None, 1)
    assert held() == [("A", 1), ("B", 2)]


def test_a_repetition_received_before_the_last_one_lands_late_and_counts_as_known_then(
    records: Path, landing: Land, statement: Say, received: At
) -> None:
    """A on the 1st, B on the 3rd; it turns out that B had come on the 2nd already: A was replaced a day earlier."""
    landing(statement("A", received(1)))
    landing(statement("B", received(3)))
    assert counts(records, received(2)) == "A"
    late = landing(statement("B", received(2), file="found later.xml"))
    assert (late.statements, late.late) == (1, 1)
    assert [counts(records, received(day)) for day in (1, 2, 3)] == ["A", "B", "B"]


# --- which statement counts is written down once --------------------------------------------------


def test_the_order_written_in_the_sql_is_the_order_of_the_contract() -> None:
    """Counting and landing have to agree on which of two statements counts, at every depth of a tie."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for file in (SQL / "counting" / "statements.sql", *sorted((SQL / "landing").glob("*.sql"))):
        text = re.sub(r"--.*", "", file.read_text())
        tuples = re.findall(r"\brow\(([^()]*)\)", text)
        packed = [
            ", ".join(re.findall(r"(\w+) :=", inside)) for inside in re.findall(r"struct_pack\((.*?)\)", text, re.S)
        ]
        orders = [tuple(name.strip() for name in order.split(",")) for order in tuples + packed]
        found[file.name] = [tuple(n for n in order if n != "complete") for order in orders if "stated_at" in order]
        sources = re.findall(r"(\w+) := earlier\.(\w+)", text)
        assert all(name == column for name, column in sources), file.name
    assert {name: len(orders) for name, orders in found.items() if orders} == {
        "statements.sql": 2,
        "other-filter.sql": 1,
        "repeats.sql": 1,
    }
    assert {order for orders in found.values() for order in orders} == {STATEMENT_ORDER}


# --- hearings to come -----------------------------------------------------------------------------


@pytest.mark.parametrize("made", [message, table])
def test_a_hearing_dated_more_than_a_day_after_its_receipt_is_set_aside(
    made: Callable[..., Path], records: Path, inbox: Path, land_path: LandPath
) -> None:
    """A slip in the date; landed, it would hold back every figure of its day."""
    ending = "xml" if made is message else "csv"
    tomorrow, later = f"{MORNING + timedelta(days=1):%Y-%m-%d}", f"{MORNING + timedelta(days=2):%Y-%m-%d}"
    to_come = land_path(made(inbox / f"later.{ending}", A, later))
    assert (to_come.statements, to_come.refused) == (0, {"hearing-to-come": 1})
    assert quarantine.read(records, 1).column("reason").to_pylist() == ["hearing-to-come"]
    assert land_path(made(inbox / f"tomorrow.{ending}", A, tomorrow)).statements == 1


def test_an_extract_cannot_cover_days_after_its_receipt(inbox: Path, records: Path, land_path: LandPath) -> None:
    extract = table(inbox / "extract.csv", A)
    with pytest.raises(ExtractError, match="past the receipt"):
        land_path(extract, (date(2020, 2, 1), (MORNING + timedelta(days=2)).date()))
    assert store.newest_batch(records) == 0
    assert land_path(extract, (date(2020, 3, 1), (MORNING + timedelta(days=1)).date())).batch == 1
