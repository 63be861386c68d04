"""What is held in quarantine, when it is let go, and how many things of it could touch a figure."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from extract import holding, quarantine, store
from extract.contract import Refusal, Statement
from extract.holding import Reread
from extract.kinds import name_inside, shown_name
from extract.landing import Source, land
from extract.quarantine import Held
from extract.reasons import NOT_OF_THE_DAY, REASONS, REMEDIES
from extract.records import batches
from extract.store import Landing

NOW = datetime(2020, 6, 1, 12, tzinfo=UTC)
LATER = datetime(2021, 1, 1, tzinfo=UTC)
Say = Callable[..., Statement]
At = Callable[[int], datetime]
Land = Callable[..., Landing]
FEBRUARY = date(2020, 2, 1), date(2020, 2, 29)
YEAR = date(2020, 1, 1), date(2020, 12, 31)
CUT = Refusal("malformed-xml", "cut.xml", "file", "bytes of cut.xml", origin="/in/cut.xml")


@pytest.fixture
def lands(records: Path, received: At) -> Land:
    """Land what is said and refused as received on a day of March; `days` are those an extract is complete for."""

    def go(
        *said: Statement,
        on: int,
        refused: tuple[Refusal, ...] = (),
        source: str = "spi",
        reread: Reread | None = None,
        covers: str = "",
        dry_run: bool = False,
    ) -> Landing:
        kind = "table" if source != "spi" else "spi"
        origin = Source(source, kind, 1, received(on), given=True, by_name=False)
        return land(
            records, origin, batches(enumerate(said)), lambda: list(refused), landed_at=NOW, dry_run=dry_run,
            asked={"covers": covers} if covers else {}, reread=lambda: reread or Reread(),
        )  # fmt: skip

    return go


@pytest.fixture
def extract(statement: Say, received: At) -> Callable[..., list[Statement]]:
    """Days of a made table: one statement a day of February."""

    def made(*days: int, on: int, complete: bool = True, source: str = "mis") -> list[Statement]:
        return [
            replace(
                statement(f"{day} on {on}", received(on), key=f"table:{source}:{day}", day=date(2020, 2, day)),
                source_name=source, source_format="table", statement_complete=complete,
            )
            for day in days
        ]  # fmt: skip

    return made


def row(number: int, content: str, day: int | None, reason: str = "no-offence-code") -> Refusal:
    found = date(2020, 2, day) if day else None
    return Refusal(reason, "mis.csv", f"row {number}", content, found, origin="/in/mis.csv")


def still_held(records: Path) -> list[str]:
    """Content of what is held."""
    record = holding.on_record(records, store.newest_batch(records))
    return [s.content_hash for s in record if s.released_batch is None]


def why_let_go(records: Path) -> list[str | None]:
    return [s.why for s in holding.on_record(records, store.newest_batch(records)) if s.released_batch]


def figures_held(records: Path, days: tuple[date, date] = YEAR, at: datetime = LATER, batch: int = 99) -> Held:
    (held,) = quarantine.held_for(records, min(batch, store.newest_batch(records)), at, [days])
    return held


# --- messages -------------------------------------------------------------------------------------


def test_what_is_set_aside_is_held_with_where_it_came_from_and_when(records: Path, lands: Land, received: At) -> None:
    lands(on=1, refused=(CUT,))
    (line,) = holding.on_record(records, 1)
    assert (line.origin, line.source_name, line.source_format, line.received_at) == (
        "/in/cut.xml", "spi", "spi", received(1),
    )  # fmt: skip
    assert (line.whole, line.released_batch) == (True, None)


def test_the_same_bytes_read_without_the_fault_let_it_go_wherever_they_lie(
    records: Path, lands: Land, statement: Say, received: At
) -> None:
    lands(on=1, refused=(CUT,))
    moved = Reread(hashes={CUT.content_hash})
    done = lands(statement("A", received(2), file="elsewhere.xml"), on=2, reread=moved)
    assert (done.batch, done.released) == (2, 1)
    assert still_held(records) == []
    assert why_let_go(records) == ["read-again"]


def test_the_same_bytes_with_the_same_fault_stay_held_and_are_no_second_fault(records: Path, lands: Land) -> None:
    lands(on=1, refused=(CUT,))
    again = lands(on=2, refused=(replace(CUT, file="b.xml"),), reread=Reread(hashes={CUT.content_hash}))
    assert (again.batch, again.refused_again, again.released) == (None, 1, 0)
    assert still_held(records) == [CUT.content_hash]


def test_the_same_bytes_with_another_fault_are_held_for_that_one_alone(records: Path, lands: Land) -> None:
    """A better reader gets further into the message and stops at the next fault."""
    lands(on=1, refused=(CUT,))
    other = replace(CUT, reason="no-court", place="Session/CourtHearing")
    assert lands(on=2, refused=(other,), reread=Reread(hashes={CUT.content_hash})).released == 1
    record = holding.on_record(records, 2)
    assert [s.reason for s in record if s.released_batch is None] == ["no-court"]
    assert figures_held(records) == Held(0, 1)


def test_bytes_that_were_let_go_and_are_refused_again_are_held_again(records: Path, lands: Land) -> None:
    lands(on=1, refused=(CUT,))
    lands(on=2, reread=Reread(hashes={CUT.content_hash}))
    assert lands(on=3, refused=(CUT,)).refused == {"malformed-xml": 1}
    assert still_held(records) == [CUT.content_hash]


def test_a_corrected_file_at_the_same_place_lets_it_go(
    records: Path, lands: Land, statement: Say, received: At
) -> None:
    lands(on=1, refused=(CUT,))
    there = Reread(names={"/in/cut.xml": "in/cut.xml"})  # the folder above is landed, so it is called otherwise
    assert lands(statement("A", received(2), file="in/cut.xml"), on=2, reread=there).released == 1
    assert why_let_go(records) == ["corrected"]


@pytest.mark.parametrize("case", ["another folder", "still faulty", "nothing in it", "another day", "older"])
def test_what_may_not_be_its_correction_lets_nothing_go(
    case: str, records: Path, lands: Land, statement: Say, received: At
) -> None:
    fault = replace(CUT, reason="no-court", hearing_date=date(2020, 2, 3))
    lands(on=5, refused=(fault,))
    same = statement("A", received(6), file="cut.xml", day=date(2020, 2, 4 if case == "another day" else 3))
    there = Reread(names={} if case == "another folder" else {"/in/cut.xml": "cut.xml"})
    if case == "still faulty":
        lands(same, on=6, refused=(replace(fault, reason="bad-date", content_hash="other bytes"),), reread=there)
    elif case == "nothing in it":
        lands(on=6, reread=there)
    elif case == "older":
        lands(replace(same, received_at=received(4), stated_at=received(4)), on=4, reread=there)
    else:
        lands(same, on=6, reread=there)
    assert CUT.content_hash in still_held(records)
    assert why_let_go(records) == []


def test_a_member_of_an_archive_is_let_go_by_the_member_of_the_same_name(
    records: Path, lands: Land, statement: Say, received: At
) -> None:
    faults = [replace(CUT, file=f"a.zip!{n}.xml", content_hash=f"bytes {n}", origin="/in/a.zip") for n in (1, 2)]
    lands(on=1, refused=tuple(faults))
    there = Reread(names={"/in/a.zip": "in/a.zip"})
    assert lands(statement("A", received(2), file="in/a.zip!1.xml"), on=2, reread=there).released == 1
    assert still_held(records) == ["bytes 2"]


def test_an_archive_cut_short_is_let_go_when_it_is_read_to_its_end(
    records: Path, lands: Land, statement: Say, received: At
) -> None:
    fault = Refusal("bad-archive", "a.zip", "after member 1", "place of a.zip", origin="/in/a.zip")
    there = Reread(names={"/in/a.zip": "a.zip"})
    lands(statement("A", received(1), file="a.zip!1.xml"), on=1, refused=(fault,))
    again = replace(fault, place="after member 2")
    lands(statement("B", received(2), file="a.zip!2.xml", key="hearing 2"), on=2, refused=(again,), reread=there)
    assert len(still_held(records)) == 2
    lands(statement("C", received(3), file="a.zip!3.xml", key="hearing 3"), on=3, reread=there)
    assert still_held(records) == []


@pytest.mark.parametrize(
    ("origin", "file", "expected"),
    [
        ("/in/a.xml", "a.xml", ""),
        ("/in/deep/a.zip", "deep/a.zip!b/c.xml", "!b/c.xml"),
        ("/in/a.jsonl", "a.jsonl#12", "#12"),
        ("/in/a.zip", "a.zip!a.zip!x.json#3", "!a.zip!x.json#3"),
        ("/in/x!y/a.json", "x!y/a.json#3", "#3"),
        ("/in/a.xml", "quite another name", ""),
        ("bytes:/in/Andr%E9.jsonl", shown_name("in/Andr\udce9.jsonl") + "#12", "#12"),
        ("/in/two\nlines.zip", shown_name("two\nlines.zip") + "!a.xml", "!a.xml"),
    ],
)
def test_what_is_inside_a_file_is_told_from_the_file_by_where_it_lies(origin: str, file: str, expected: str) -> None:
    assert name_inside(origin, file) == expected


def test_two_files_of_one_name_in_a_landing_are_not_taken_for_the_one_set_aside(tmp_path: Path) -> None:
    from extract.deliveries import SourceFile

    files = [SourceFile(tmp_path / folder / "x.xml", "x.xml") for folder in ("a", "b")]
    watched = holding.Watch(frozenset(), frozenset({str(tmp_path / "a" / "x.xml")}))
    assert holding.read_again(watched, files, set()).names == {}
    assert holding.read_again(watched, files[:1], set()).names == {str(tmp_path / "a" / "x.xml"): "x.xml"}


MANY = Refusal("too-many-faults", "a.zip", "after fault 2", "place of a.zip", origin="/in/a.zip")


def test_what_stands_for_many_faults_is_never_a_part_of_a_statement(
    records: Path, lands: Land, statement: Say, received: At
) -> None:
    """Nobody knows what else is among them, so the note on figures stays beside the incomplete statement."""
    many = replace(MANY, file="a.xml", origin="/in/a.xml")
    part = Refusal("no-offence-code", "a.xml", "Case 1/Offence 3/OffenceCode", "bytes", date(2020, 2, 3))
    incomplete = statement("A", received(1), file="a.xml", day=date(2020, 2, 3), complete=False)
    lands(incomplete, on=1, refused=(part, many))
    assert [s.whole for s in holding.on_record(records, 1)] == [False, True]
    assert figures_held(records) == Held(0, 1)


def test_a_landing_with_more_faults_than_are_kept_lets_nothing_go(
    records: Path, lands: Land, statement: Say, received: At
) -> None:
    """What was held before may be among the faults that it does not name."""
    held = replace(CUT, file="a.zip!9.xml", origin="/in/a.zip")
    lands(on=1, refused=(held,))
    there = Reread(hashes={held.content_hash}, names={"/in/a.zip": "a.zip"})
    again = statement("A", received(2), file="a.zip!9.xml", complete=False)
    assert lands(again, on=2, refused=(MANY,), reread=there).released == 0
    assert still_held(records) == [held.content_hash, MANY.content_hash]
    assert lands(statement("B", received(3), file="a.zip!9.xml", key="B"), on=3, reread=there).released == 2


@pytest.mark.parametrize("fault", [MANY, replace(MANY, reason="bad-archive", place="after member 5")])
def test_a_part_of_a_file_does_not_answer_a_fault_of_all_of_it(
    records: Path, lands: Land, statement: Say, received: At, fault: Refusal
) -> None:
    lands(on=1, refused=(fault,))
    in_part = Reread(names={"/in/a.zip": "a.zip"}, in_part={"a.zip"})
    assert lands(statement("A", received(2), file="a.zip!1.xml"), on=2, reread=in_part).released == 0
    whole = replace(in_part, in_part=())
    assert lands(statement("B", received(3), file="a.zip!1.xml", key="B"), on=3, reread=whole).released == 1


def test_a_file_is_read_in_part_where_only_what_is_in_it_was_named(tmp_path: Path) -> None:
    from extract.deliveries import SourceFile

    files = [SourceFile(tmp_path / name, name) for name in ("a.zip", "b.xml")]
    watched = holding.Watch(frozenset(), frozenset(str(f.path) for f in files))
    assert holding.read_again(watched, files, set()).in_part == frozenset()
    assert holding.read_again(watched, files, set(), {"a.zip!1.xml", "b.xml"}).in_part == {"a.zip"}


# --- tables ---------------------------------------------------------------------------------------


def test_a_row_is_let_go_when_a_later_extract_of_its_source_is_complete_for_its_day(
    records: Path, lands: Land, extract: Callable[..., list[Statement]]
) -> None:
    lands(*extract(3, on=1, complete=False), on=1, refused=(row(7, "r", 3),), source="mis")
    lands(*extract(3, on=2, source="other"), on=2, source="other")  # another source
    lands(*extract(4, on=3), on=3, source="mis")  # another day
    lands(*extract(3, on=4, complete=False), on=4, refused=(row(8, "r2", 3),), source="mis")  # not complete
    assert still_held(records) == ["r", "r2"]
    assert lands(*extract(3, on=5), on=5, source="mis").released == 2
    assert set(why_let_go(records)) == {"day-complete"}


def test_an_older_extract_that_comes_late_lets_nothing_go(
    records: Path, lands: Land, extract: Callable[..., list[Statement]]
) -> None:
    lands(*extract(3, on=5, complete=False), on=5, refused=(row(7, "r", 3),), source="mis")
    assert lands(*extract(3, on=4), on=4, source="mis").released == 0


def test_a_row_that_is_no_part_of_its_day_stays_held_while_the_extract_holds_it(
    records: Path, lands: Land, extract: Callable[..., list[Statement]]
) -> None:
    """Outside the declared filter: the day is complete without it, and the same row is there in every extract."""
    outside = row(7, "r", 3, "outside-filter")
    lands(*extract(3, on=1), on=1, refused=(outside,), source="mis")
    moved = replace(outside, place="row 9")
    again = lands(*extract(3, on=2), on=2, refused=(moved,), source="mis")
    assert (again.refused_again, again.released) == (1, 0)  # the same row, though other rows stand before it now
    assert still_held(records) == ["r"]
    assert lands(*extract(3, on=3), on=3, source="mis").released == 1


@pytest.mark.parametrize(
    ("days", "expected"),
    [((3, 4, 5), 1), ((2, 3, 4, 5, 6), 1), ((3, 5), 0), ((4, 5), 0), ((3, 4), 0)],
    ids=["all days", "more days", "a day of the source is missing", "begins later", "ends sooner"],
)
def test_a_row_of_no_known_day_is_let_go_by_an_extract_that_is_complete_for_all_days_of_its_own(
    days: tuple[int, ...], expected: int, lands: Land, extract: Callable[..., list[Statement]]
) -> None:
    lands(*extract(3, 4, 5, on=1, complete=False), on=1, refused=(row(7, "r", None),), source="mis")
    assert lands(*extract(*days, on=2), on=2, source="mis").released == expected


def test_days_that_the_source_never_spoke_of_need_not_be_in_the_extract_that_lets_go(
    lands: Land, extract: Callable[..., list[Statement]]
) -> None:
    lands(*extract(3, 9, on=1, complete=False), on=1, refused=(row(7, "r", None),), source="mis")
    assert lands(*extract(3, 9, on=2), on=2, source="mis").released == 1


def test_a_file_of_an_extract_that_cannot_be_read_is_held_until_all_days_that_it_covers_are_complete(
    records: Path, lands: Land, extract: Callable[..., list[Statement]]
) -> None:
    fault = Refusal("unreadable", "mis.csv", "file", "bytes", origin="/in/mis.csv")
    lands(on=1, refused=(fault,), source="mis", covers="2020-02-03..2020-02-05")
    same_name = Reread(names={"/in/mis.csv": "mis.csv"})
    lands(*extract(4, on=2), on=2, source="mis", reread=same_name)  # an extract keeps its name for ever
    assert still_held(records) == ["bytes"]
    assert lands(*extract(3, 4, 5, on=3), on=3, source="mis").released == 1


@pytest.mark.parametrize(
    ("days", "expected"),
    [((3, 4, 5), 1), ((2, 3, 4, 5, 6), 1), ((3, 5), 0), ((3, 4), 0)],
    ids=["every day", "more days", "a covered day is missing", "ends sooner"],
)
def test_a_file_of_an_extract_is_let_go_by_a_later_one_that_is_complete_for_every_covered_day(
    days: tuple[int, ...], expected: int, lands: Land, extract: Callable[..., list[Statement]]
) -> None:
    """Of the fourth the source never spoke: the file that cannot be read may be the one that does."""
    fault = Refusal("unreadable", "b.csv", "file", "bytes", origin="/in/b.csv")
    said = extract(3, 5, on=1, complete=False)
    lands(*said, on=1, refused=(fault,), source="mis", covers="2020-02-03..2020-02-05")
    assert lands(*extract(*days, on=2), on=2, source="mis").released == expected


def test_a_file_of_an_extract_that_did_not_say_which_days_it_covers_is_let_go_by_no_other_extract(
    records: Path, lands: Land, extract: Callable[..., list[Statement]]
) -> None:
    """What the other files of the extract speak of says nothing of the days of the one that cannot be read."""
    fault = Refusal("unreadable", "feb.csv", "file", "bytes", origin="/in/feb.csv")
    lands(*extract(3, 4, on=1, complete=False), on=1, refused=(fault,), source="mis")
    lands(*extract(*range(1, 29), on=2), on=2, source="mis")
    assert still_held(records) == ["bytes"]
    assert figures_held(records, (date(2020, 2, 10), date(2020, 2, 20))) == Held(0, 1)
    assert lands(*extract(3, on=3), on=3, source="mis", reread=Reread(hashes={"bytes"})).released == 1


def test_a_table_that_cannot_be_opened_is_let_go_as_the_same_file_once_it_can_be(
    records: Path, lands: Land, extract: Callable[..., list[Statement]], tmp_path: Path
) -> None:
    """It has no bytes to know it by, so its place, size and time of change stand for them."""
    from extract.deliveries import SourceFile
    from extract.marks import marks_of

    path = tmp_path / "mis.csv"
    path.write_text("made")
    content, place = marks_of(str(path))
    fault = Refusal("unreadable", "mis.csv", "file", place, origin=str(path))
    lands(on=1, refused=(fault,), source="mis")
    files, watched = [SourceFile(path, "mis.csv")], holding.watch(records, 1)
    assert holding.read_again(watched, files).hashes == {place}
    assert holding.read_again(replace(watched, hashes=frozenset({content})), files).hashes == {content}
    path.write_text("made, and another one")
    assert holding.read_again(watched, files).hashes == set()


def test_an_extract_of_which_no_day_is_known_is_let_go_by_its_bytes_alone(
    records: Path, lands: Land, extract: Callable[..., list[Statement]]
) -> None:
    fault = Refusal("unreadable", "mis.csv", "file", "bytes", origin="/in/mis.csv")
    lands(on=1, refused=(fault,), source="mis")
    lands(*extract(*range(1, 29), on=2), on=2, source="mis")
    assert still_held(records) == ["bytes"]
    assert lands(*extract(3, on=3), on=3, source="mis", reread=Reread(hashes={"bytes"})).released == 1


# --- as known at a time, and up to a landing --------------------------------------------------------


def test_what_was_let_go_counts_as_held_for_whoever_does_not_know_the_landing_yet(
    records: Path, lands: Land, statement: Say, received: At
) -> None:
    lands(on=1, refused=(CUT,))
    lands(statement("A", received(3), file="x.xml"), on=3, reread=Reread(hashes={CUT.content_hash}))
    assert figures_held(records) == Held(0, 0)
    assert figures_held(records, batch=1) == Held(0, 1)
    assert figures_held(records, at=received(2)) == Held(0, 1)  # received on the third, so not known on the second
    assert figures_held(records, at=received(1) - timedelta(seconds=1)) == Held(0, 0)  # not even received


def test_what_is_read_again_with_its_first_time_of_receipt_was_never_missing_as_known_since(
    records: Path, lands: Land, statement: Say, received: At
) -> None:
    lands(on=1, refused=(CUT,))
    lands(statement("B", received(3), file="b.xml"), on=3)
    lands(statement("A", received(1), file="cut.xml"), on=1, reread=Reread(hashes={CUT.content_hash}))
    assert figures_held(records, at=received(2)) == Held(0, 0)
    assert figures_held(records, at=received(2), batch=2) == Held(0, 1)


def test_a_landing_that_only_sets_aside_is_known_of_at_its_time_of_receipt(
    records: Path, lands: Land, statement: Say, received: At
) -> None:
    """Figures are counted as known at the newest receipt: what is set aside then has to be among what they name."""
    lands(statement("A", received(1)), on=1)
    lands(on=2, refused=(CUT,))
    newest = store.newest_received_at(records, 2)
    assert newest == received(2)
    assert figures_held(records, at=newest) == Held(0, 1)


# --- what could touch a figure --------------------------------------------------------------------


def test_things_are_counted_by_their_hearing_day_and_those_of_no_known_day_apart(records: Path, lands: Land) -> None:
    for number, day in enumerate((date(2020, 1, 31), date(2020, 2, 1), date(2020, 2, 29), date(2020, 3, 1), None)):
        fault = replace(CUT, file=f"{number}.xml", content_hash=f"bytes {number}", hearing_date=day)
        lands(on=number + 1, refused=(fault,))
    assert figures_held(records, FEBRUARY) == Held(of_days=2, of_unknown_day=1)
    assert figures_held(records, YEAR) == Held(of_days=4, of_unknown_day=1)


def test_many_spans_are_answered_at_once_as_each_by_itself(records: Path, lands: Land) -> None:
    lands(on=1, refused=(replace(CUT, hearing_date=date(2020, 2, 3)), replace(CUT, content_hash="other")))
    spans = [FEBRUARY, YEAR, (date(2020, 3, 1), date(2020, 3, 31)), (date(2019, 1, 1), date(2019, 1, 1))]
    each = quarantine.held_for(records, 1, LATER, spans)
    assert each == (Held(1, 1), Held(1, 1), Held(0, 1), Held(0, 1)) == tuple(figures_held(records, s) for s in spans)
    assert quarantine.held_for(records, 0, LATER, spans) == (Held(0, 0),) * 4


def test_a_message_with_two_faults_or_under_two_names_is_one_thing(records: Path, lands: Land) -> None:
    other = replace(CUT, reason="no-court", place="Session/CourtHearing", hearing_date=date(2020, 2, 3))
    lands(on=1, refused=(CUT, other, replace(CUT, file="copy.xml")))
    assert figures_held(records, FEBRUARY) == Held(1, 0)
    assert figures_held(records, (date(2020, 3, 1), date(2020, 3, 1))) == Held(0, 1)  # one of its faults has no day


def test_a_part_of_a_statement_that_landed_is_not_counted_beside_the_incomplete_statement(
    records: Path, lands: Land, statement: Say, received: At
) -> None:
    day = date(2020, 2, 3)
    part = Refusal("no-offence-code", "a.xml", "Case 1/Offence 3/OffenceCode", "bytes", day)
    whole = Refusal("malformed-xml", "b.xml", "file", "other bytes")
    lands(statement("A", received(1), file="a.xml", day=day, complete=False), on=1, refused=(part, whole))
    assert [s.whole for s in holding.on_record(records, 1)] == [False, True]
    assert figures_held(records) == Held(0, 1)


def test_a_message_refused_beside_a_good_one_in_the_same_file_is_counted(
    records: Path, lands: Land, statement: Say, received: At
) -> None:
    fault = Refusal("no-court", "a.xml", "Session/CourtHearing", "bytes", date(2020, 2, 3))
    lands(statement("A", received(1), file="a.xml", day=date(2020, 2, 3)), on=1, refused=(fault,))
    assert figures_held(records) == Held(1, 0)


@pytest.mark.parametrize("day", [None, date(2020, 2, 3)], ids=["no day", "the same day"])
def test_a_message_refused_beside_an_incomplete_one_in_the_same_file_is_a_thing_of_its_own(
    day: date | None, records: Path, lands: Land, statement: Say, received: At
) -> None:
    """Two made messages in one SPI file: of the first nothing landed, of the second a part is missing."""
    whole = Refusal("no-court", "a.xml", "Session/CourtHearing/Hearing/CourtHearingLocation", "bytes", day)
    part = Refusal("no-offence-code", "a.xml", "Case 1/Offence 2/OffenceCode", "bytes", date(2020, 2, 3))
    said = statement("A", received(1), file="a.xml", day=date(2020, 2, 3), complete=False)
    lands(said, on=1, refused=(whole, part))
    assert [s.whole for s in holding.on_record(records, 1)] == [True, False]
    assert figures_held(records) == (Held(1, 0) if day else Held(0, 1))


def test_a_fault_of_a_share_without_a_day_is_a_part_of_the_share_that_landed_incomplete(
    records: Path, statement: Say, received: At
) -> None:
    """A share is one statement a day, and a fault of it need not be of one day."""
    fault = Refusal("no-key", "a.json", "hearing/prosecutionCases", "bytes")
    other = replace(fault, file="b.json", content_hash="other bytes")
    said = replace(
        statement("A", received(1), file="a.json", complete=False),
        source_name="common-platform", source_format="common-platform",
    )  # fmt: skip
    source = Source("common-platform", "common-platform", 1, received(1), given=True, by_name=False)
    land(records, source, batches([(0, said)]), lambda: [fault, other], landed_at=NOW)
    assert [s.whole for s in holding.on_record(records, 1)] == [False, True]


@pytest.mark.parametrize("content", ["", "mark"], ids=["no hash", "a mark"])
def test_files_of_one_name_at_two_places_are_two_faults(content: str, records: Path, lands: Land) -> None:
    one = Refusal("unreadable", "mis.csv", "file", content and f"{content} a", origin="/a/mis.csv")
    two = Refusal("unreadable", "mis.csv", "file", content and f"{content} b", origin="/b/mis.csv")
    lands(on=1, refused=(one,), source="mis")
    assert lands(on=2, refused=(two,), source="mis").refused == {"unreadable": 1}
    assert lands(on=3, refused=(one, two), source="mis").refused_again == 2
    assert figures_held(records) == Held(0, 2)


def test_a_row_of_a_day_that_landed_is_a_part_and_one_outside_the_covered_days_is_not(
    records: Path, lands: Land, extract: Callable[..., list[Statement]]
) -> None:
    outside = replace(row(8, "r2", 4, "outside-covers"), hearing_date=date(2020, 4, 4))
    lands(*extract(3, on=1, complete=False), on=1, refused=(row(7, "r", 3), row(9, "r3", None), outside), source="mis")
    assert [s.whole for s in holding.on_record(records, 1)] == [False, False, True]
    assert figures_held(records) == Held(1, 0)
    assert figures_held(records, FEBRUARY) == Held(0, 0)


def test_two_equal_rows_of_an_extract_are_two_things(records: Path, lands: Land) -> None:
    rows = tuple(row(n, "the same", 3, "outside-covers") for n in (7, 8))
    lands(on=1, refused=rows, source="mis")
    assert figures_held(records) == Held(2, 0)


def test_a_thing_of_no_known_day_is_of_none_after_its_receipt_and_of_none_that_its_extract_does_not_cover(
    records: Path, lands: Land
) -> None:
    lands(on=9, refused=(CUT,))
    assert figures_held(records, (date(2020, 3, 10), date(2020, 3, 31))) == Held(0, 1)  # the day after, to be safe
    assert figures_held(records, (date(2020, 3, 11), date(2020, 3, 31))) == Held(0, 0)
    fault = Refusal("unreadable", "mis.csv", "file", "bytes", origin="/in/mis.csv")
    lands(on=10, refused=(fault,), source="mis", covers="2020-01-01..2020-01-31")
    assert figures_held(records, (date(2020, 1, 31), date(2020, 2, 5))) == Held(0, 2)
    assert figures_held(records, FEBRUARY) == Held(0, 1)


# --- how it is kept -------------------------------------------------------------------------------


def test_what_was_set_aside_before_the_newer_columns_were_there_is_read_too(
    records: Path, lands: Land, statement: Say, received: At
) -> None:
    lands(on=1, refused=(CUT, replace(CUT, place="Case 1/Offence 1/OffenceCode", reason="no-offence-code")))
    file = quarantine.folder(records) / "000000001.parquet"
    older = ["landed_batch", "reason", "file", "place", "content_hash", "hearing_date"]
    pq.write_table(pq.ParquetFile(file).read().select(older), file)
    found = holding.on_record(records, 1)
    assert [(s.number, s.whole, s.origin, s.source_name, s.source_format, s.received_at) for s in found] == [
        (1, True, "", "spi", "spi", received(1)), (2, False, "", "spi", "spi", received(1)),
    ]  # fmt: skip
    lands(statement("A", received(2)), on=2, refused=(replace(CUT, content_hash="new"),))
    assert quarantine.read(records, 2).num_rows == 3
    lands(statement("B", received(3)), on=3, reread=Reread(hashes={CUT.content_hash}))
    assert still_held(records) == ["new"]


def test_a_landing_that_only_lets_go_is_a_landing_and_one_that_dies_lets_nothing_go(
    records: Path, lands: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    from extract import landing as module

    lands(on=1, refused=(CUT,))
    with monkeypatch.context() as dying:
        dying.setattr(module, "write_summary", lambda *_a: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            lands(on=2, reread=Reread(hashes={CUT.content_hash}))
    assert list((quarantine.folder(records) / "released").glob("*.parquet"))  # written, and not valid
    assert still_held(records) == [CUT.content_hash]
    assert lands(on=2, refused=(replace(CUT, content_hash="other"),)).batch == 2
    assert still_held(records) == [CUT.content_hash, "other"]  # what the dead landing wrote is gone


def test_a_dry_run_says_what_would_be_let_go_and_lets_nothing_go(records: Path, lands: Land) -> None:
    lands(on=1, refused=(CUT,))
    would = lands(on=2, reread=Reread(hashes={CUT.content_hash}), dry_run=True)
    assert (would.batch, would.released) == (None, 1)
    assert still_held(records) == [CUT.content_hash]


def test_the_state_of_the_store_tells_what_is_held_from_what_was_ever_set_aside(records: Path, lands: Land) -> None:
    lands(on=1, refused=(CUT, replace(CUT, content_hash="other")))
    lands(on=2, reread=Reread(hashes={CUT.content_hash}))
    state = store.state(records)
    assert (state.refused, state.held) == (2, 1)


def test_a_store_in_which_nothing_was_set_aside_holds_nothing(records: Path, tmp_path: Path) -> None:
    assert figures_held(records) == Held(0, 0)
    assert holding.on_record(tmp_path / "none", 0) == []
    assert quarantine.read(tmp_path / "none", 0).num_rows == 0


def test_looking_at_what_is_held_loads_nothing_slow(records: Path, lands: Land) -> None:
    lands(on=1, refused=(CUT,))
    code = (
        "import sys; from datetime import *; from pathlib import Path; from extract import holding, quarantine\n"
        f"p = Path({str(records)!r}); d = date(2020, 1, 1)\n"
        "assert quarantine.held_for(p, 1, datetime.now(UTC), [(d, d)])[0].of_unknown_day == 1\n"
        "assert len(holding.on_record(p, 1)) == 1\n"
        "sys.exit('pandas' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[2])


def test_every_reason_says_what_to_do() -> None:
    assert REMEDIES.keys() == REASONS.keys()
    assert REASONS.keys() >= NOT_OF_THE_DAY
