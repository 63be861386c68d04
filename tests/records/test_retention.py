"""Retention: what is of hearings before a month is gone for good, everywhere, and nothing else changes."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deltalake import DeltaTable

from extract import appending, compaction, coverage, inventory, kept, quarantine, store
from extract import landing as module
from extract.contract import ExtractError, Refusal, Statement
from extract.records import batches
from extract.retention import Retention, retain
from extract.store import Landing

Say = Callable[..., Statement]
At = Callable[[int], datetime]
Land = Callable[..., Landing]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD, OLDER, NEW = date(2015, 12, 31), date(2015, 3, 2), date(2016, 1, 1)
MONTH = date(2016, 1, 1)
LANDED = datetime(2020, 6, 1, 12, tzinfo=UTC)
PLANTED = "PLANTED-OLD-HEARING"
"""Stands in the references of every old statement, so that a search of the disk finds what is left of it."""


def remove(path: Path, month: date = MONTH, because: str = "kept for ten years", **how: Any) -> Retention:
    return retain(path, month, because=because, now=NOW, **how)


def rows(path: Path) -> list[tuple[Any, ...]]:
    files = list(store.known_files(path))
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        found = con.read_parquet(files, union_by_name=True, hive_partitioning=False)
        return found.select(*appending.STORED.names).order("all").fetchall()


def old_bytes(path: Path) -> list[str]:
    """Files below a folder in which anything of an old hearing stands; Parquet files are looked at as rows."""
    found = []
    for file in sorted(f for f in path.rglob("*") if f.is_file()):
        if file.suffix == ".parquet" and "_delta_log" not in file.parts:
            said = str(duckdb.sql(f"select * from read_parquet('{file}', hive_partitioning = false)").fetchall())
        else:
            said = file.read_bytes().decode(errors="replace")
        if PLANTED in said or PLANTED.encode() in file.read_bytes():
            found.append(file.relative_to(path).as_posix())
    return found


def refusal(content: str, day: date | None, file: str = "a.xml") -> Refusal:
    return Refusal("bad-date", file, "Case 1", content, day, f"/in/{file}")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, statement: Say, received: At) -> Path:
    """Three landings of two old months and two kept ones, with old and kept things in quarantine."""
    path = tmp_path_factory.mktemp("made") / "records"
    store.prepare(path, "check")

    def planted(content: str, at: int, day: date) -> Statement:
        return statement(content, received(at), key=f"{PLANTED} {content}", file=f"{PLANTED}.xml", day=day)

    for at, said, refused in (
        (1, [planted("A", 1, OLDER), statement("K", received(1), key="kept", day=NEW)],
         [refusal("old", OLD, f"{PLANTED}.xml"), refusal("kept", NEW), refusal("of no known day", None)]),
        (2, [planted("B", 2, OLD), planted("C", 2, OLDER)], [refusal("older", OLDER, f"{PLANTED}.xml")]),
        (3, [statement("L", received(3), key="kept 2", day=NEW + timedelta(days=40))], []),
    ):  # fmt: skip
        source = module.Source("spi", "spi", len(said), received(at), given=True, by_name=False)
        module.land(path, source, batches(enumerate(said)), lambda found=refused: found, landed_at=LANDED)
    assert len(old_bytes(path)) == 5  # three files of rows, two of quarantine
    return path


@pytest.fixture
def old(made: Path, records: Path) -> Path:
    """A copy of that store, which may be changed."""
    shutil.rmtree(records)
    return Path(shutil.copytree(made, records))


def test_rows_of_earlier_hearing_months_are_gone_and_all_others_are_as_they_were(old: Path) -> None:
    before = rows(old)
    day = appending.STORED.names.index("hearing_date")
    done = remove(old)
    assert (done.months, done.rows, done.refused) == (("2015-03", "2015-12"), 3, 2)
    assert rows(old) == [row for row in before if row[day] >= MONTH]
    assert len(before) - len(rows(old)) == done.rows


def test_nothing_of_the_earlier_months_is_left_on_the_disk(old: Path) -> None:
    remove(old)
    assert old_bytes(old) == []
    assert sorted(p.name for p in (old / "records").glob("hearing_month=*")) == [
        "hearing_month=2016-01", "hearing_month=2016-02",
    ]  # fmt: skip


def test_what_merging_left_for_running_counts_is_gone_too(
    old: Path, landing: Land, statement: Say, received: At
) -> None:
    landing(statement("D", received(4), key=f"{PLANTED} D", day=OLD))
    compaction.compact(old, now=NOW)
    named = {Path(f).name for f in store.known_files(old)}
    assert any("2015-12" in name and Path(name).name not in named for name in old_bytes(old))
    remove(old)
    assert old_bytes(old) == []
    assert len(rows(old)) == 2


def test_what_landings_that_died_have_left_of_the_earlier_months_is_gone_and_one_at_work_is_left_alone(
    old: Path, statement: Say, received: At
) -> None:
    import pyarrow.parquet as pq
    from filelock import FileLock

    from extract.records import STAGED

    def stage(name: str) -> Path:
        folder = old / "staging" / name
        folder.mkdir()
        (folder / module.IN_USE).touch()
        with pq.ParquetWriter(folder / "staged.parquet", STAGED) as writer:
            for batch in batches([(0, statement("X", received(5), key=PLANTED, day=OLD))]):
                writer.write_batch(batch)
        return folder

    dead, living, half_removed = stage("dead"), stage("living"), stage("by a removal that was killed a moment ago")
    beginning = old / "staging" / "beginning"  # without rows: they are written once its lock is held
    beginning.mkdir()
    (beginning / module.IN_USE).touch()
    bare = old / "staging" / "died before it had a lock"
    bare.mkdir()
    for place in (*dead.iterdir(), dead, *living.iterdir(), living, bare):
        os.utime(place, (0, 0))
    orphan = appending.write_month(old / "records", "2015-12", [])  # a folder is there already
    assert orphan == []
    (old / "records" / "hearing_month=2015-12" / "part-unnamed.zstd.parquet").write_bytes(
        (dead / "staged.parquet").read_bytes()
    )
    with FileLock(living / module.IN_USE):
        remove(old)
        assert old_bytes(old) == ["staging/living/staged.parquet"]
    assert not dead.exists() and not half_removed.exists()
    assert beginning.exists()
    assert not bare.exists()
    for place in (living / module.IN_USE, *beginning.iterdir(), beginning):
        os.utime(place, (0, 0))
    remove(old)
    assert old_bytes(old) == []


def test_quarantine_keeps_what_is_of_kept_days_or_of_no_known_day_under_its_number(old: Path) -> None:
    held = {(r["landed_batch"], r["number"]): r["content_hash"] for r in quarantine.read(old, 3).to_pylist()}
    remove(old)
    after = {(r["landed_batch"], r["number"]): r["content_hash"] for r in quarantine.read(old, 3).to_pylist()}
    assert after == {of: content for of, content in held.items() if content in ("kept", "of no known day")}
    assert set(after) == {(1, 2), (1, 3)}
    assert not (quarantine.folder(old) / f"{2:09d}.parquet").exists()


def test_what_was_let_go_of_the_earlier_days_is_gone_with_its_reason(
    old: Path, landing: Land, statement: Say, received: At
) -> None:
    from extract.holding import Reread
    from extract.quarantine import Release

    source = module.Source("spi", "spi", 0, received(6), given=True, by_name=False)
    chosen = [Release(1, 1, "by-hand", PLANTED), Release(1, 2, "by-hand", "misread")]
    module.land(
        old, source, [], lambda: [], landed_at=LANDED,
        reread=lambda: Reread(by_hand=chosen),
    )  # fmt: skip
    assert quarantine.on_record(old, 4) == (4, 2)
    remove(old)
    assert quarantine.on_record(old, 4) == (2, 1)
    assert old_bytes(old) == []


def test_landings_keep_their_numbers_and_summaries_and_the_next_one_counts_on(
    old: Path, landing: Land, statement: Say, received: At
) -> None:
    before = store.summaries(old)
    remove(old)
    assert store.summaries(old) == before
    assert store.newest_batch(old) == 3
    assert landing(statement("M", received(9), key="9", day=NEW)).batch == 4


def test_the_store_says_from_which_month_it_keeps_records_when_and_why(old: Path) -> None:
    assert (kept.kept_from(old), kept.removal(old), store.state(old).kept_from) == (None, None, None)
    remove(old, because="  kept for\n ten years ")
    assert kept.kept_from(old) == MONTH
    said = kept.removal(old)
    assert said == kept.Removal("2016-01", "kept for ten years", NOW, 2, 3, 3, 2)
    assert store.state(old).kept_from == "2016-01"
    remove(old, date(2016, 2, 1), "kept for less")
    assert kept.kept_from(old) == date(2016, 2, 1)


def test_the_month_outlives_merging_and_the_cleaning_of_the_log(old: Path) -> None:
    """Delta keeps a table's log for a month; here for no time at all."""
    remove(old)
    table = DeltaTable(str(old / "records"))
    table.alter.set_table_properties({"delta.logRetentionDuration": "interval 0 seconds"})
    compaction.compact(old, now=NOW)
    table = DeltaTable(str(old / "records"))
    table.create_checkpoint()
    table.cleanup_metadata()
    assert kept.kept_from(old) == MONTH
    assert store.newest_batch(old) == 3


def test_earlier_hearings_that_are_landed_again_are_left_out_and_counted_and_set_nothing_aside(
    old: Path, landing: Land, statement: Say, received: At
) -> None:
    remove(old)
    again = statement("A", received(1), key=f"{PLANTED} A", day=OLDER)
    done = landing(again, refused=[refusal("old", OLD, f"{PLANTED}.xml")])
    assert (done.batch, done.statements, done.repeated, done.refused, done.refused_again) == (None, 0, 0, {}, 0)
    assert done.before_kept == 2
    assert old_bytes(old) == []
    mixed = landing(again, statement("N", received(7), key="n", day=NEW), refused=[refusal("new", NEW)])
    assert (mixed.batch, mixed.statements, mixed.rows, mixed.before_kept) == (4, 1, 1, 1)
    assert mixed.refused == {"bad-date": 1}
    assert old_bytes(old) == []
    assert store.summaries(old)[-1].before_kept == 1
    assert landing(again, dry_run=True).before_kept == 1


def test_a_landing_that_read_before_the_removal_and_lands_after_it_leaves_the_earlier_hearings_out(
    old: Path, statement: Say, received: At
) -> None:
    def said() -> Any:
        yield 0, statement("Z", received(8), key=f"{PLANTED} Z", day=OLD)
        yield 1, statement("Y", received(8), key="y", day=NEW)
        remove(old)  # by another process: what is staged is read already

    source = module.Source("spi", "spi", 2, received(8), given=True, by_name=False)
    done = module.land(old, source, batches(said()), lambda: [], landed_at=LANDED)
    assert (done.statements, done.before_kept) == (1, 1)
    assert old_bytes(old) == []


def test_a_period_that_begins_before_the_month_is_refused_with_when_and_why_and_a_later_one_is_not(old: Path) -> None:
    kept.refuse_removed(old, OLDER, "2015-03")  # nothing was removed yet
    remove(old)
    kept.refuse_removed(old, MONTH, "2016Q1")
    with pytest.raises(ExtractError) as fault:
        kept.refuse_removed(old, date(2015, 12, 31), "2015-12-31..2016-01-31")
    said = str(fault.value)
    for part in ("2015-12-31..2016-01-31", "begins before 2016-01", "23 November 2026", "kept for ten years", "backup"):
        assert part in said


def test_a_dry_run_says_what_would_be_done_and_changes_nothing(old: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in old.rglob("*") if p.is_file()}
    would = remove(old, dry_run=True)
    assert {p: p.stat().st_mtime_ns for p in old.rglob("*") if p.is_file()} == before
    assert remove(old) == would
    assert would.removed == 3
    assert would.freed > 0


def test_the_same_month_again_removes_nothing_more_and_keeps_the_first_reason(old: Path) -> None:
    remove(old)
    held = rows(old)
    again = remove(old, because="another reason")
    assert (again.nothing, again.rows, again.removed) == (True, 0, 0)
    assert rows(old) == held
    said = kept.removal(old)
    assert said is not None
    assert said.because == "kept for ten years"


def test_an_earlier_month_than_the_last_time_does_nothing(old: Path) -> None:
    remove(old)
    version = DeltaTable(str(old / "records")).version()
    done = remove(old, date(2015, 6, 1))
    assert (done.kept_from, done.nothing, done.rows) == ("2016-01", True, 0)
    assert kept.kept_from(old) == MONTH
    assert DeltaTable(str(old / "records")).version() == version


def test_a_month_without_earlier_records_removes_none_and_closes_the_store_to_them(
    old: Path, landing: Land, statement: Say, received: At
) -> None:
    done = remove(old, date(2010, 1, 1))
    assert (done.nothing, done.rows, done.months, done.removed) == (False, 0, (), 0)
    assert landing(statement("A", received(9), key="ancient", day=date(2009, 12, 31))).before_kept == 1
    assert landing(statement("A", received(9), key="not so ancient", day=date(2010, 1, 1))).before_kept == 0


@pytest.mark.parametrize("month", [date(2016, 3, 1), date(2030, 1, 1)])
def test_a_month_after_the_newest_hearings_would_leave_nothing_and_is_refused(old: Path, month: date) -> None:
    before = rows(old)
    with pytest.raises(ExtractError, match=r"newest hearings held are of 2016-02.*Name 2016-02 or an earlier month"):
        remove(old, month)
    assert rows(old) == before
    assert kept.kept_from(old) is None


def test_a_store_with_nothing_in_it_and_a_removal_without_a_reason_are_refused(old: Path, tmp_path: Path) -> None:
    with pytest.raises(ExtractError, match="nothing has been landed yet"):
        remove(tmp_path / "none")
    with pytest.raises(ExtractError, match="say why"):
        remove(old, because="  ")
    assert not (tmp_path / "none").exists()
    assert kept.kept_from(old) is None


def test_an_undated_row_of_an_extract_that_began_before_the_month_can_still_be_let_go(
    records: Path, statement: Say, received: At
) -> None:
    """A later extract cannot be complete for days that are not kept; it has to be for those that are."""

    def extract(at: int, *days: date, refused: tuple[Refusal, ...] = ()) -> Landing:
        said = [
            replace(statement(f"{at} {day}", received(at), key=f"mis {day}", day=day), source_name="mis",
                    source_format="table")
            for day in days
        ]  # fmt: skip
        source = module.Source("mis", "table", 1, received(at), given=True, by_name=False)
        return module.land(
            records, source, batches(enumerate(said)), lambda: list(refused),
            landed_at=LANDED,
        )  # fmt: skip

    undated = Refusal("bad-date", "x.csv", "row 7", "r", None, "/in/x.csv")
    extract(1, OLDER, NEW, NEW + timedelta(days=9), refused=(undated,))
    remove(records)
    assert quarantine.on_record(records, 1) == (1, 1)
    assert extract(2, NEW, NEW + timedelta(days=8)).released == 0  # not to the end of the first extract
    assert extract(3, NEW, NEW + timedelta(days=8), NEW + timedelta(days=9)).released == 1


@pytest.mark.parametrize("damage", ["gone", "{", "[]", '{"because": "x", "removed_at": null}'])
def test_without_the_note_on_a_removal_kept_periods_are_answered_and_earlier_ones_still_refused(
    old: Path, damage: str
) -> None:
    remove(old)
    note = old / "removals" / "2016-01.json"
    if damage == "gone":
        note.unlink()
    else:
        note.write_text(damage)
    kept.refuse_removed(old, MONTH, "2016Q1")
    assert store.state(old).kept_from == "2016-01"
    found = inventory.inventory(old, now=NOW)
    assert found.removed is not None
    assert (found.removed.kept_from, found.removed.because) == ("2016-01", None)
    with pytest.raises(ExtractError, match=r"were removed \(when and why is not on record any more\)"):
        kept.refuse_removed(old, OLDER, "2015-03")


def committing_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking at the table and committing to it somebody else commits, who knows of no lock."""
    ready = appending.ready

    def overtaken(folder: Path) -> DeltaTable:
        table = ready(folder)
        ready(folder).create_write_transaction(
            [], mode="append", schema=appending.RECORDS, partition_by=[appending.PARTITION],
            commit_properties=appending.CommitProperties(app_transactions=[appending.Transaction("other", 1)]),
        )  # fmt: skip
        return table

    monkeypatch.setattr(appending, "ready", overtaken)


def test_a_removal_whose_commit_was_overtaken_removes_nothing_and_says_so(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(old)
    with monkeypatch.context() as patched:
        committing_meanwhile(patched)
        with pytest.raises(ExtractError, match="something else wrote to the table"):
            remove(old)
    assert kept.kept_from(old) is None
    assert rows(old) == before  # every file that the table names is there
    remove(old)
    assert old_bytes(old) == []


def test_files_leave_the_disk_only_where_the_table_says_that_the_month_is_gone(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(old)
    monkeypatch.setattr(appending, "commit", lambda *_words, **_named: None)
    remove(old)
    assert (rows(old), kept.kept_from(old)) == (before, None)


def test_a_landing_whose_commit_was_overtaken_is_not_taken_for_done(
    old: Path, landing: Land, statement: Say, received: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the other one was a landing too, and has taken its number."""
    before = rows(old)
    with monkeypatch.context() as patched:
        committing_meanwhile(patched)
        with pytest.raises(ExtractError, match="something else wrote to the table"):
            landing(statement("M", received(9), key="9", day=NEW))
    assert rows(old) == before
    mine, other = appending.ready(old / "records"), appending.ready(old / "records")
    appending.commit(other, [], batch=4)
    with pytest.raises(ExtractError, match="something else wrote to the table"):
        appending.commit(mine, [], batch=4)


def test_a_look_through_the_store_at_the_moment_of_a_removal_sees_the_old_or_the_new_store(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is listed is gone when it is read: everything is listed once more."""
    looks: tuple[tuple[Any, str, Callable[[], Any]], ...] = (
        (store, "known_files", lambda: store.state(old).rows),
        (inventory, "known_files", lambda: sum(s.rows for s in inventory.inventory(old, now=NOW).sources)),
        (store, "known_files", lambda: sum(c.statements for c in coverage.coverage(old, date.min, date.max))),
        (compaction, "_unread", lambda: compaction.compact(old, now=NOW, dry_run=True).files),
        (quarantine, "older", lambda: remove(old, dry_run=True).removed),
    )
    whole = Path(shutil.copytree(old, old.with_name("whole")))
    for module_, name, look in looks:
        shutil.rmtree(old)
        shutil.copytree(whole, old)
        listing = getattr(module_, name)
        done: list[bool] = []

        def meanwhile(*words: Any, listing: Any = listing, done: list[bool] = done, **named: Any) -> Any:
            found = listing(*words, **named)
            if not done:
                done.append(True)
                with monkeypatch.context() as undone:
                    undone.setattr(module_, name, listing)  # noqa: B023 - called before the next turn
                    remove(old)
                if name in ("_unread", "older"):  # noqa: B023
                    raise FileNotFoundError(2, "No such file or directory")
            return found

        with monkeypatch.context() as patched:
            patched.setattr(module_, name, meanwhile)
            during = look()
        assert done
        assert during == look(), name


def test_a_file_that_is_lost_is_said_and_no_traceback(old: Path) -> None:
    Path(store.known_files(old)[0]).unlink()
    for look in (lambda: store.state(old), lambda: inventory.inventory(old, now=NOW)):
        with pytest.raises(ExtractError, match="a file of the records could not be read"):
            look()


def test_a_disk_that_refuses_changes_no_record_and_the_next_call_completes(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    before = rows(old)
    with monkeypatch.context() as patched:
        patched.setattr(appending, "commit", full)
        with pytest.raises(ExtractError, match="No space left on device") as fault:
            remove(old)
    assert fault.value.passing
    assert (rows(old), kept.kept_from(old)) == (before, None)
    remove(old)
    assert old_bytes(old) == []


def test_the_words_of_a_removal_are_kept_as_they_were_said_then(old: Path) -> None:
    remove(old)
    said = json.loads((old / "removals" / "2016-01.json").read_text())
    assert said["because"] == "kept for ten years"
    assert (said["months"], said["rows"], said["files"], said["refused"]) == (2, 3, 3, 2)
