"""Compaction: small files become few, every row stays, nobody who reads meanwhile is disturbed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deltalake import DeltaTable

from extract import appending, compaction, store
from extract.contract import ExtractError, Statement
from extract.store import Landing

HERE = Path(__file__).resolve().parent
Say = Callable[..., Statement]
At = Callable[[int], datetime]
Land = Callable[..., Landing]
NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=25)
FEBRUARY, MAY = date(2020, 2, 3), date(2020, 5, 4)


def rows(files: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Every row with every column, in one order."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        found = con.read_parquet(list(files), union_by_name=True, hive_partitioning=False)
        return found.select(*appending.STORED.names).order("all").fetchall()


def parquet(records: Path) -> set[str]:
    return {p.name for p in (records / "records").rglob("*.parquet") if "_delta_log" not in p.parts}


@pytest.fixture
def many(records: Path, landing: Land, statement: Say, received: At) -> Path:
    """Six landings about two months; the last two replace what two others said."""
    for number, (content, key, day) in enumerate(
        [("A", "1", FEBRUARY), ("B", "2", MAY), ("C", "3", FEBRUARY), ("D", "4", MAY), ("E", "1", FEBRUARY),
         ("F", "2", MAY)], 1
    ):  # fmt: skip
        landing(statement(content, received(number), key=key, day=day, results=number % 3), by_name=False)
    return records


def test_every_row_of_every_landing_is_there_after_merging_also_what_was_replaced(many: Path) -> None:
    before = store.known_files(many)
    held = rows(before)
    done = compaction.compact(many, now=NOW)
    after = store.known_files(many)
    assert (len(before), len(after), done.files, done.files_left) == (6, 2, 6, 2)
    assert rows(after) == held
    assert done.rows == len(held)


def test_merging_keeps_the_number_of_the_newest_landing_and_the_next_one_counts_on(
    many: Path, landing: Land, statement: Say, received: At
) -> None:
    compaction.compact(many, now=NOW)
    assert store.newest_batch(many) == 6
    assert [b.batch for b in store.summaries(many)] == [1, 2, 3, 4, 5, 6]
    assert landing(statement("G", received(9), key="9")).batch == 7


def test_the_number_of_the_newest_landing_outlives_the_cleaning_of_the_log(many: Path) -> None:
    """Delta keeps a table's log for a month; here for no time at all."""
    table = DeltaTable(str(many / "records"))
    table.alter.set_table_properties({"delta.logRetentionDuration": "interval 0 seconds"})
    compaction.compact(many, now=NOW)
    table = DeltaTable(str(many / "records"))
    table.create_checkpoint()
    table.cleanup_metadata()
    assert not (many / "records" / "_delta_log" / f"{1:020}.json").exists()
    assert store.newest_batch(many) == 6
    assert len(rows(store.known_files(many))) == 8


def test_the_rows_of_one_landing_are_still_found_by_its_number_after_merging(many: Path) -> None:
    compaction.compact(many, now=NOW)
    at = appending.STORED.names.index("landed_batch")
    for batch, month in ((1, "2020-02"), (6, "2020-05")):
        files = store.known_files(many, batch=batch)
        assert f"hearing_month={month}" in {Path(f).parent.name for f in files}
        assert [row for row in rows(files) if row[at] == batch]
    assert store.known_files(many, batch=7) == ()


def test_what_was_landed_before_merging_is_known_again_after_it(
    many: Path, landing: Land, statement: Say, received: At
) -> None:
    compaction.compact(many, now=NOW)
    assert landing(statement("C", received(9), key="3", results=0)).repeated == 1


def test_a_count_that_began_before_the_merging_reads_its_files_to_the_end(many: Path) -> None:
    """It was told of the old files; they stay for the grace period, however old they are themselves."""
    told = store.known_files(many)
    for file in told:
        os.utime(file, (0, 0))  # landed long ago
    held = rows(told)
    done = compaction.compact(many, now=datetime.now(UTC) + timedelta(hours=23))
    assert (done.removed, done.kept) == (0, 6)
    assert rows(told) == held


def test_files_that_nobody_reads_any_more_are_removed_after_the_grace_period_and_no_others(many: Path) -> None:
    held = rows(store.known_files(many))
    compaction.compact(many, now=NOW)
    again = compaction.compact(many, now=LATER)
    assert (again.months, again.removed, again.kept) == ((), 6, 0)
    assert parquet(many) == {Path(f).name for f in store.known_files(many)}
    assert rows(store.known_files(many)) == held


def test_a_shorter_or_longer_grace_period_is_kept_to(many: Path) -> None:
    compaction.compact(many, now=NOW)
    assert compaction.compact(many, now=LATER, grace=timedelta(hours=48)).removed == 0
    assert compaction.compact(many, now=NOW + timedelta(hours=2), grace=timedelta(hours=1)).removed == 6


def test_a_dry_run_says_what_would_be_done_and_does_nothing(many: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in many.rglob("*") if p.is_file()}
    would = compaction.compact(many, now=NOW, dry_run=True)
    assert {p: p.stat().st_mtime_ns for p in many.rglob("*") if p.is_file()} == before
    done = compaction.compact(many, now=NOW)
    assert would == done


def test_a_store_with_nothing_in_it_needs_no_merging(records: Path) -> None:
    assert compaction.compact(records, now=NOW) == compaction.Compaction((), 0, 0, 0, 0, 0, 0)


def test_merging_again_at_once_finds_nothing_to_merge(many: Path) -> None:
    compaction.compact(many, now=NOW)
    before = store.known_files(many)
    assert compaction.compact(many, now=NOW).months == ()
    assert store.known_files(many) == before


def test_a_month_whose_merged_rows_are_not_as_many_as_before_stays_as_it_is(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.known_files(many)
    monkeypatch.setattr(appending, "rows_of", lambda _action: 1)
    with pytest.raises(ExtractError, match="would not hold the same rows"):
        compaction.compact(many, now=NOW)
    assert store.known_files(many) == before


def test_a_disk_that_is_full_changes_no_record(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    before = store.known_files(many)
    monkeypatch.setattr(appending, "commit", full)
    with pytest.raises(ExtractError, match=r"No space left on device.*no record was changed") as fault:
        compaction.compact(many, now=NOW)
    assert fault.value.passing
    assert store.known_files(many) == before


def test_files_are_merged_unasked_once_a_month_or_the_table_has_many_small_ones() -> None:
    def small(month: int, number: int) -> list[compaction.DataFile]:
        return [
            compaction.DataFile(f"{month}-{n}", f"20{month // 12:02}-{month % 12 + 1:02}", 1, 1) for n in range(number)
        ]

    crowded, few = compaction.CROWDED_MONTH, compaction.FEW
    assert compaction.least_worth_merging([]) is None
    assert compaction.least_worth_merging(small(1, crowded)) is None
    assert compaction.least_worth_merging(small(1, crowded + 1) + small(2, crowded)) == crowded + 1
    spread = [f for month in range(200) for f in small(month, few)]
    assert compaction.least_worth_merging(spread) is None  # many months, none with much to merge
    assert compaction.least_worth_merging(spread + small(300, few + 1)) == few + 1


def test_a_big_file_is_not_written_again() -> None:
    big = compaction.DataFile("big", "2020-02", 1, compaction.SMALL_BYTES)
    little = [compaction.DataFile(name, "2020-02", 1, 1) for name in ("a", "b")]
    assert compaction.mergeable([big, *little]) == {"2020-02": little}
    assert compaction.mergeable([big, little[0]]) == {}


COMPACTOR = """
import os, signal, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from extract import appending, compaction
point = sys.argv[2]
def die(*_a, **_k):
    os.kill(os.getpid(), signal.SIGKILL)
done = []
commit, write, finish = appending.commit, appending.write_month, appending._File.finish
def committing(*a, **k):
    if point == "before the first commit": die()
    if point == "before the second commit" and done: die()
    commit(*a, **k)
    done.append(1)
    if point == "after the first commit": die()
def finishing(*a, **k):
    if point == "while writing": die()
    return finish(*a, **k)
unlink = Path.unlink
def unlinking(*a, **k):
    unlink(*a, **k)
    if point == "while removing": die()
appending.commit, appending._File.finish, Path.unlink = committing, finishing, unlinking
compaction.compact(Path(sys.argv[1]), now=datetime.now(UTC) + timedelta(hours=25 * (point == "while removing")))
"""
POINTS = {
    "while writing": 6,
    "before the first commit": 6,
    "after the first commit": 4,
    "before the second commit": 4,
    "while removing": 2,
}


@pytest.mark.parametrize(("point", "files"), POINTS.items())
def test_a_compaction_killed_at_any_point_leaves_every_record_readable_and_the_next_one_completes(
    many: Path, point: str, files: int, landing: Land, statement: Say, received: At
) -> None:
    if point == "while removing":
        compaction.compact(many, now=NOW)
    held = rows(store.known_files(many))
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    command = [sys.executable, "-c", COMPACTOR, str(many), point]
    killed = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(store.known_files(many)) == files
    assert rows(store.known_files(many)) == held
    assert store.newest_batch(many) == 6
    assert landing(statement("F", received(6), key="2", day=MAY, results=0)).repeated == 1  # landing goes on

    compaction.compact(many, now=NOW)
    compaction.compact(many, now=LATER)
    assert rows(store.known_files(many)) == held
    assert parquet(many) == {Path(f).name for f in store.known_files(many)}  # no orphan is left
    assert len(parquet(many)) == 2


def test_what_a_landing_that_died_has_written_is_removed_after_the_grace_period(
    many: Path, lander: Callable[[str], "subprocess.Popen[str]"]
) -> None:
    before = parquet(many)
    assert lander("before the commit").wait() == -signal.SIGKILL
    assert len(parquet(many) - before) == 2
    assert compaction.compact(many, now=NOW, at_least=99).removed == 0
    assert compaction.compact(many, now=LATER, at_least=99).removed == 2
    assert parquet(many) == before
