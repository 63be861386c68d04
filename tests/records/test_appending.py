"""How a landing's rows get to the disk: bounded in memory, all at once for readers, in the columns of the contract."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from extract import appending, store
from extract.contract import RECORDS, ExtractError, Statement
from extract.records import batches
from extract.store import Landing

Say = Callable[..., Statement]
At = Callable[[int], datetime]
Land = Callable[..., Landing]
ROOT = Path(__file__).resolve().parents[2]


def log(records: Path) -> list[dict[str, object]]:
    """Everything that the table's log says, in order."""
    entries = sorted((records / "records" / "_delta_log").glob("*.json"))
    return [json.loads(line) for entry in entries for line in entry.read_text().splitlines()]


def stored(statement: Statement, number: int) -> pa.RecordBatch:
    """The rows of a statement as a landing would write them."""
    (batch,) = batches([(0, statement)])
    table = pa.Table.from_batches([batch])
    at = pa.array([datetime(2020, 6, 1, tzinfo=UTC)] * table.num_rows, pa.timestamp("us", tz="UTC"))
    table = table.append_column("landed_batch", pa.array([number] * table.num_rows, pa.int64()))
    return table.append_column("landed_at", at).select(appending.STORED.names).to_batches()[0]


def test_a_table_that_was_only_made_is_no_landing(records: Path) -> None:
    appending.ready(records / "records")
    assert store.newest_batch(records) == 0
    assert store.known_files(records) == ()
    assert store.state(records).rows == 0


def test_files_that_no_commit_names_are_not_read(records: Path, landing: Land, statement: Say, received: At) -> None:
    landing(statement("A", received(1)))
    before = store.known_files(records)
    folder = records / "records"
    (added,) = appending.write_month(folder, "2020-02", [stored(statement("B", received(2)), 2)])
    assert (folder / added.path).exists()
    assert store.known_files(records) == before
    assert store.newest_batch(records) == 1


def test_one_commit_names_all_months_of_a_landing_and_its_number(
    records: Path, landing: Land, statement: Say, received: At
) -> None:
    landing(*(statement(f"{m}", received(1), key=f"{m}", day=date(2020, m, 1)) for m in range(1, 6)))
    commits = sorted((records / "records" / "_delta_log").glob("*.json"))
    (said,) = [c.read_text() for c in commits if '"add"' in c.read_text()]
    assert said.count('"add"') == 5
    assert said.count('"txn"') == 1


def test_the_log_says_of_a_file_its_rows_and_ranges_and_no_text(
    records: Path, landing: Land, statement: Say, received: At
) -> None:
    """The log outlives the files, and case references are texts."""
    landing(statement("A", received(1), results=3))
    (added,) = [entry["add"] for entry in log(records) if "add" in entry]
    stats = json.loads(added["stats"])  # type: ignore[index]
    assert stats["numRecords"] == 3
    assert stats["minValues"] == stats["maxValues"]
    assert stats["minValues"] == {
        "landed_batch": 1,
        "hearing_date": "2020-02-03",
        "received_at": "2020-03-01T09:00:00.000000Z",
        "stated_at": "2020-03-01T09:00:00.000000Z",
    }
    assert stats["nullCount"] == dict.fromkeys(stats["minValues"], 0)


def test_the_ranges_of_a_file_span_all_its_row_groups(records: Path, statement: Say, received: At) -> None:
    said = [stored(statement(str(d), received(d), day=date(2020, 2, d)), d) for d in (5, 2, 9)]
    (added,) = appending.write_month(records / "records", "2020-02", said)
    stats = json.loads(added.stats)
    assert (stats["minValues"]["hearing_date"], stats["maxValues"]["hearing_date"]) == ("2020-02-02", "2020-02-09")
    assert (stats["minValues"]["landed_batch"], stats["maxValues"]["landed_batch"]) == (2, 9)
    assert pq.ParquetFile(records / "records" / added.path).num_row_groups == 3


def test_a_value_that_must_be_there_is_not_written_as_missing(records: Path, statement: Say, received: At) -> None:
    good = stored(statement("A", received(1)), 1)
    without = good.set_column(good.schema.names.index("case_key"), "case_key", pa.nulls(1, pa.string()))
    with pytest.raises((pa.ArrowInvalid, ValueError)):
        appending.write_month(records / "records", "2020-02", [good, without])
    assert list((records / "records").rglob("*.parquet")) == []  # what was begun is gone


def test_a_file_that_grows_too_large_is_followed_by_another(
    records: Path, statement: Say, received: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "FILE_ROWS", 4)
    said = [stored(statement(str(n), received(1), results=3), 1) for n in range(4)]
    made = appending.write_month(records / "records", "2020-02", said)
    assert [appending.rows_of(a) for a in made] == [6, 6]


def test_files_of_landings_by_an_earlier_version_are_read_beside_new_ones(
    records: Path, landing: Land, statement: Say, received: At
) -> None:
    """Earlier versions had Delta write the files."""
    old = stored(statement("A", received(1)), 1)
    table = pa.Table.from_batches([old]).append_column("hearing_month", pa.array(["2020-02"])).select(RECORDS.names)
    write_deltalake(
        str(records / "records"), table.cast(RECORDS), partition_by=["hearing_month"], name="hearing_results",
        commit_properties=appending.CommitProperties(
            app_transactions=[appending.Transaction(appending.APPLICATION, 1)]
        ),
    )  # fmt: skip
    (records / "batches").mkdir()
    store.write_summary(records, Landing(1, received(1), received(1), received(1), "spi", "spi", 1, 1, 1, 0, 0, 0))
    assert landing(statement("A", received(2), envelope=None)).repeated == 1
    assert landing(statement("B", received(3))).batch == 2
    schemas = {tuple(pq.read_schema(f).names) for f in store.known_files(records)}
    assert schemas == {tuple(appending.STORED.names)}
    assert len(store.known_files(records, batch=1)) == len(store.known_files(records, batch=2)) == 1


def made_without(records: Path, column: str) -> None:
    """A table of an earlier version that did not have a column yet."""
    DeltaTable.create(
        str(records / "records"), pa.schema([f for f in RECORDS if f.name != column]), partition_by=["hearing_month"]
    )


def test_a_store_of_an_earlier_version_is_given_a_column_that_came_later(
    records: Path, landing: Land, statement: Say, received: At
) -> None:
    made_without(records, "finding")
    assert landing(statement("A", received(1))).batch == 1
    assert {f.name for f in DeltaTable(str(records / "records")).schema().fields} == set(RECORDS.names)


def test_a_store_that_lacks_a_column_that_must_have_a_value_is_refused(
    records: Path, landing: Land, statement: Say, received: At
) -> None:
    made_without(records, "stated_at")
    with pytest.raises(ExtractError, match="stated_at do not fit"):
        landing(statement("A", received(1)))
    assert store.newest_batch(records) == 0


MEMORY = """
import resource, sys
from pathlib import Path
from extract import landing, store
from extract.landing import Source, land
sys.path.insert(0, sys.argv[3])
from test_appending import bulk
from conftest import NOW
path, rows = Path(sys.argv[1]), int(sys.argv[2])
store.prepare(path, "check")
source = Source("made", "spi", 1, NOW, given=True, by_name=False)
done = land(path, source, bulk(rows), lambda: [], landed_at=NOW)
print(done.rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def bulk(rows: int) -> "list[pa.RecordBatch]":
    """Made statements of one row each over the days of three years, many times the same few."""
    import pyarrow.compute as pc
    from conftest import make, received_on

    days = [date(2018 + n // 336, n % 336 // 28 + 1, n % 28 + 1) for n in range(1008)]
    (batch,) = batches([(0, make("A", received_on(1), key=f"{n}", day=day)) for n, day in enumerate(days)])
    at = batch.schema.names.index("statement_key")

    def copies():  # type: ignore[no-untyped-def]
        for copy in range(rows // len(days)):
            keys = pc.binary_join_element_wise(batch.column(at), str(copy), "-")
            yield batch.set_column(at, batch.schema.field(at), keys)

    return copies()  # type: ignore[no-any-return]


@pytest.mark.long
def test_a_landing_three_times_as_large_does_not_take_three_times_the_memory(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        command = [sys.executable, "-c", MEMORY, str(tmp_path / str(rows)), str(rows), str(Path(__file__).parent)]
        done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT), "PATH": ""})
        assert done.returncode == 0, done.stderr
        landed, mebibytes = map(int, done.stdout.split())
        assert landed == rows // 1008 * 1008
        return mebibytes

    rows = 100_000 if os.environ.get("LONG_TESTS") == "1" else 50_000
    small, large = peak(rows), peak(3 * rows)
    assert large < 1.6 * small, (small, large)
