"""What gets into the records store, what does not get in twice, and what is left of an interrupted landing."""

import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from deltalake import DeltaTable

from extract import quarantine, store
from extract.contract import RECORDS, ExtractError, Refusal, Statement
from extract.landing import Source, land
from extract.records import batches
from extract.store import Landing

NOW = datetime(2020, 6, 1, 12, tzinfo=UTC)
Say = Callable[..., Statement]
At = Callable[[int], datetime]
Land = Callable[..., Landing]
Held = Callable[[], list[tuple[str, int]]]
Lander = Callable[[str], "subprocess.Popen[str]"]


def test_a_statement_is_kept_whole_in_the_columns_of_the_contract(
    records: Path, landing: Land, statement: Say, received: At
) -> None:
    landing(statement("A", received(1), results=3))
    table = DeltaTable(str(records / "records")).to_pyarrow_table().select(RECORDS.names)
    assert table.num_rows == 3
    assert [f.name for f in table.schema] == RECORDS.names
    assert {str(table.schema.field(n).type) for n in ("received_at", "landed_at")} == {"timestamp[us, tz=UTC]"}


def test_a_statement_without_results_is_recorded_too(landing: Land, statement: Say, received: At, held: Held) -> None:
    assert landing(statement("A", received(1), results=0)).statements == 1
    assert held() == [("A", 1)]


def test_landing_the_same_again_changes_nothing(landing: Land, statement: Say, received: At, held: Held) -> None:
    first = landing(statement("A", received(1)))
    again = landing(statement("A", received(2), file="other name.xml"))
    assert (first.batch, again.batch, again.repeated) == (1, None, 1)
    assert held() == [("A", 1)]


def test_a_then_b_then_a_again_is_three_statements(landing: Land, statement: Say, received: At, held: Held) -> None:
    for day, content in enumerate("ABA", 1):
        assert landing(statement(content, received(day), file=f"{day}.xml")).statements == 1
    assert held() == [("A", 1), ("B", 2), ("A", 3)]


def test_a_redelivery_in_the_same_envelope_is_not_a_new_statement(
    landing: Land, statement: Say, received: At, held: Held
) -> None:
    landing(statement("A", received(1), envelope="E1"))
    landing(statement("B", received(2), envelope="E2"))
    assert landing(statement("A", received(3), envelope="E1")).repeated == 1
    assert held() == [("A", 1), ("B", 2)]


def test_landing_a_folder_again_does_not_bring_back_what_was_replaced(
    landing: Land, statement: Say, received: At
) -> None:
    """The archive of all messages can be landed again: its old messages must not become the newest ones."""
    landing(statement("A", received(1), file="1.xml"), by_name=True)
    landing(statement("B", received(2), file="2.xml"), by_name=True)
    again = landing(statement("A", received(3), file="1.xml"), statement("B", received(3), file="2.xml"), by_name=True)
    assert (again.batch, again.repeated) == (None, 2)


def test_landing_the_history_again_with_a_later_receipt_does_not_bring_back_what_was_replaced(
    landing: Land, statement: Say, received: At
) -> None:
    """What counted is in the landing too, so the landing is the history again and not news."""
    landing(statement("A", received(1), file="1.xml"))
    landing(statement("B", received(2), file="2.xml"))
    again = landing(statement("A", received(9), file="x/1.xml"), statement("B", received(9), file="x/2.xml"))
    assert (again.batch, again.repeated) == (None, 2)


def test_the_history_again_with_something_new_lands_only_what_is_new(
    landing: Land, statement: Say, received: At, held: Held
) -> None:
    landing(statement("A", received(1)))
    landing(statement("B", received(2)))
    again = landing(*(statement(content, received(9), file=f"{content}.xml") for content in "ABC"))
    assert (again.statements, again.repeated, again.undecided) == (1, 2, 0)
    assert held() == [("A", 1), ("B", 2), ("C", 3)]


def test_a_restoration_in_a_folder_of_its_own_day_is_news_though_its_file_has_the_usual_name(
    landing: Land, statement: Say, received: At, held: Held
) -> None:
    for day, content in enumerate("ABA", 1):
        landing(statement(content, received(day), file=f"2020-03-0{day}/result.xml"), by_name=True)
    assert held() == [("A", 1), ("B", 2), ("A", 3)]


def test_what_is_left_out_for_its_name_alone_is_said(landing: Land, statement: Say, received: At) -> None:
    for day, content in enumerate("AB", 1):
        landing(statement(content, received(day), file=f"{content}.xml"), by_name=True)
    assert landing(statement("A", received(3), file="A.xml"), by_name=True).presumed == 1


def test_two_envelopes_are_two_deliveries_though_received_at_one_time(
    landing: Land, statement: Say, received: At, held: Held
) -> None:
    for number, content in enumerate("ABA", 1):
        landing(statement(content, received(1), envelope=f"E{number}"))
    assert held() == [("A", 1), ("B", 2), ("A", 3)]


def test_a_landing_that_began_earlier_and_was_overtaken_by_the_same_one_adds_nothing(
    landing: Land, statement: Say, received: At
) -> None:
    """Two at once: the one that waited for the lock had read its clock first."""
    landing(statement("A", received(2)), by_name=True)
    overtaken = landing(statement("A", received(1), file="other.xml"), by_name=True)
    assert (overtaken.batch, overtaken.repeated) == (None, 1)


def test_an_older_statement_that_arrives_late_is_kept_and_said_to_be_late(
    landing: Land, statement: Say, received: At
) -> None:
    landing(statement("B", received(2)))
    late = landing(statement("A", received(1)))
    assert (late.statements, late.late) == (1, 1)
    assert landing(statement("A", received(1))).repeated == 1


def test_the_same_message_twice_in_one_landing_is_one(landing: Land, statement: Say, received: At) -> None:
    both = landing(statement("A", received(1), file="x.xml"), statement("A", received(1), file="y.xml"))
    assert (both.statements, both.repeated) == (1, 1)


def test_different_statements_of_one_key_with_one_time_are_reported(
    landing: Land, statement: Say, received: At
) -> None:
    assert landing(statement("A", received(1)), statement("B", received(1), file="b.xml")).undecided == 1


def test_a_statement_that_can_now_be_read_whole_is_landed_again(landing: Land, statement: Say, received: At) -> None:
    landing(statement("A", received(1), complete=False))
    assert landing(statement("A", received(2))).statements == 1


def test_a_dry_run_writes_nothing(records: Path, landing: Land, statement: Say, received: At) -> None:
    before = sorted(p.name for p in records.rglob("*"))
    would = landing(statement("A", received(1)), refused=[Refusal("bad-date", "f", "p", "h")], dry_run=True)
    assert (would.batch, would.statements, would.refused) == (None, 1, {"bad-date": 1})
    assert sorted(p.name for p in records.rglob("*")) == before


def test_what_is_set_aside_is_kept_counted_and_known_again(records: Path, landing: Land) -> None:
    fault = Refusal("malformed-xml", "cut.xml", "the file", "h1")
    first = landing(refused=[fault, replace(fault, content_hash="h2")])
    again = landing(refused=[replace(fault, file="moved/cut.xml")])
    assert (first.batch, first.refused) == (1, {"malformed-xml": 2})
    assert (again.batch, again.refused_again) == (None, 1)
    assert quarantine.read(records, store.newest_batch(records)).num_rows == 2


def test_equal_files_that_are_set_aside_in_one_landing_are_each_on_record(landing: Land) -> None:
    copies = [Refusal("malformed-xml", name, "file", "the same bytes") for name in ("1.xml", "2.xml", "3.xml")]
    first = landing(refused=copies)
    assert (first.refused, first.refused_again) == ({"malformed-xml": 3}, 0)
    assert landing(refused=copies).refused_again == 3


def days_of_a_table(
    records: Path, statement: Say, received: At, filter_: str, day: date, results: int, at: int
) -> Landing:
    said = replace(
        statement(f"{filter_} {at}", received(at), key=f"table:made:{filter_}:{day}", day=day, results=results),
        source_name="made", source_format="table",
    )  # fmt: skip
    source = Source("made", "table", 1, received(at), given=True, by_name=False)
    return land(records, source, batches([(0, said)]), lambda: [], landed_at=NOW)


def test_days_held_under_another_filter_are_not_landed_beside_them(records: Path, statement: Say, received: At) -> None:
    """A wider extract that takes a result back would leave the narrower one's counting."""
    days_of_a_table(records, statement, received, "narrow", date(2020, 2, 3), 1, 1)
    with pytest.raises(ExtractError, match="another declared filter"):
        days_of_a_table(records, statement, received, "wide", date(2020, 2, 3), 1, 2)
    assert days_of_a_table(records, statement, received, "wide", date(2020, 2, 4), 1, 3).statements == 1  # another day
    days_of_a_table(records, statement, received, "narrow", date(2020, 2, 3), 0, 4)  # taken out
    assert days_of_a_table(records, statement, received, "wide", date(2020, 2, 3), 1, 5).statements == 1


def test_batches_count_up_and_the_newest_receipt_never_goes_back(
    records: Path, landing: Land, statement: Say, received: At
) -> None:
    landing(statement("A", received(9)))
    landing(statement("B", received(5), key="hearing 2"))
    assert [b.batch for b in store.summaries(records)] == [1, 2]
    assert store.newest_received_at(records, 2) == received(9)
    assert [b.received_at for b in store.summaries(records)] == [received(9), received(5)]


def test_only_the_files_of_the_months_asked_for_are_read(
    records: Path, landing: Land, statement: Say, received: At
) -> None:
    landing(statement("A", received(1)), statement("B", received(1), key="other", day=date(2020, 5, 6)))
    assert len(store.known_files(records)) == 2
    assert len(store.known_files(records, date(2020, 2, 1), date(2020, 4, 30))) == 1
    assert store.known_files(records, date(2021, 1, 1), date(2021, 1, 31)) == ()


def test_another_key_is_refused_because_no_text_would_match(records: Path) -> None:
    with pytest.raises(ExtractError, match="another key"):
        store.prepare(records, "another check")


def test_a_store_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("a file where the folder should be")
    with pytest.raises(ExtractError, match="COURTSTATS_STORE"):
        store.prepare(tmp_path / "records", "check")


POINTS = (
    "while reading",
    "before the lock is used",
    "before the quarantine",
    "before the summary",
    "while writing the second month",
    "before the commit",
    "after the commit",
)


@pytest.mark.parametrize("point", POINTS)
def test_a_landing_killed_at_any_point_leaves_the_old_or_the_new_state_and_a_retry_completes(
    records: Path, landing: Land, point: str, statement: Say, received: At, held: Held, lander: Lander
) -> None:
    landing(statement("before", received(1), key="hearing 0"))
    killed = lander(point)
    assert killed.wait() == -signal.SIGKILL
    landed = point == "after the commit"
    assert store.newest_batch(records) == (2 if landed else 1)
    assert quarantine.read(records, store.newest_batch(records)).num_rows == (1 if landed else 0)
    out, err = lander("never").communicate()
    assert out.split() == (["None", "0", "0"] if landed else ["2", "2", "0"]), err
    assert held() == [("before", 1), ("A", 2), ("B", 2)]
    assert len(store.summaries(records)) == 2
