"""Rows of an extract are put in order by day and content, whatever their number, and whichever files they came in."""

import hashlib
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from extract import table_order
from extract.table_order import SORTED, read_sorted, sorted_rows
from extract.table_rows import SPOOLED

NOT_HASHED = {"source_file", "result_text", "result_text_digest", "has_result"}


def made_rows(number: int, days: int, seed: int) -> list[dict[str, Any]]:
    """Made rows with gaps, repeated ones, and letters of more than one byte."""
    drawn = random.Random(seed)

    def row() -> dict[str, Any]:
        day = date(2020, 2, 1) + timedelta(days=drawn.randrange(days))
        some: dict[str, Any] = {name: drawn.choice([None, "", "a", "É;=", "12:34"]) for name in SPOOLED.names}
        return some | {
            "hearing_date": day,
            "source_file": drawn.choice(["b.csv", "a.csv", "ä.csv"]),
            "final_disposal": drawn.choice([None, True, False]),
            "conviction_date": drawn.choice([None, day, date(1999, 12, 31)]),
            "has_result": drawn.choice([True, False]),
            "case_key": f"case:{drawn.randrange(number)}",
        }

    return [row() for _ in range(number)]


def digest(row: dict[str, Any]) -> str:
    """The rule written down again: `column=length:value;` of what has a value, by name."""
    content = b""
    for name in sorted(set(SPOOLED.names) - NOT_HASHED):
        value = row[name]
        if value is not None:
            text = (str(value).lower() if isinstance(value, bool) else str(value)).encode()
            content += f"{name}={len(text)}:".encode() + text + b";"
    return hashlib.sha256(content).hexdigest()


def in_spool(folder: Path, rows: list[dict[str, Any]], parts: int) -> list[Path]:
    paths = []
    for n in range(parts):
        some = rows[n::parts]
        columns = [pa.array([row[f.name] for row in some], f.type) for f in SPOOLED]
        paths.append(folder / f"rows-{n}.parquet")
        with pq.ParquetWriter(paths[-1], SPOOLED) as writer:
            writer.write_table(pa.Table.from_arrays(columns, schema=SPOOLED))
    return paths


def ordered(folder: Path, rows: list[dict[str, Any]], parts: int = 1) -> list[dict[str, Any]]:
    folder.mkdir(exist_ok=True)
    found = sorted_rows(in_spool(folder, rows, parts), folder)
    assert [p.name for p in folder.iterdir()] == ["sorted.arrow"]  # what it worked with is gone
    return [row for batch in read_sorted(found, SORTED.names) for row in batch.to_pylist()]


def expected(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted((row["hearing_date"], digest(row), row["source_file"]) for row in rows)


@pytest.mark.parametrize("bucket_rows", [3, 40, 10_000])
@pytest.mark.parametrize("days", [1, 2, 29])
def test_rows_are_in_order_of_day_content_and_file_however_little_is_held_at_once(
    bucket_rows: int, days: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where one day is more than memory should hold."""
    monkeypatch.setattr(table_order, "BUCKET_ROWS", bucket_rows)
    monkeypatch.setattr(table_order, "BATCH_ROWS", 64)
    rows = made_rows(300, days, seed=days)
    rows += [row | {"source_file": "c.csv"} for row in rows[:40]]  # the same rows in another file too
    found = ordered(tmp_path / "spool", rows, parts=3)
    assert [(row["hearing_date"], row["row_digest"], row["source_file"]) for row in found] == expected(rows)
    by_digest = {digest(row): row for row in rows}
    columns = [name for name in SORTED.names if name not in NOT_HASHED | {"row_digest"}]
    assert all({n: row[n] for n in columns} == {n: by_digest[row["row_digest"]][n] for n in columns} for row in found)


@pytest.mark.parametrize("others", [0, 30])
def test_rows_that_are_all_equal_are_sorted_on_the_disk_and_none_is_lost(
    others: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal rows have one digest, which divides them no further; they are still as many rows, in order of files."""
    monkeypatch.setattr(table_order, "BUCKET_ROWS", 10)
    monkeypatch.setattr(table_order, "BATCH_ROWS", 64)
    (row,) = made_rows(1, 1, seed=3)
    rows = [row | {"source_file": name} for name in ("b.csv", "a.csv", "ä.csv") for _ in range(100)]
    rows += made_rows(others, 2, seed=4) if others else []
    on_disk: list[int] = []
    sort = table_order._in_order_on_disk

    def counting(path: Path) -> list[pa.RecordBatch]:
        found = list(sort(path))
        on_disk.append(sum(batch.num_rows for batch in found))
        return found

    monkeypatch.setattr(table_order, "_in_order_on_disk", counting)
    found = ordered(tmp_path / "spool", rows, parts=3)
    assert max(on_disk) >= 300
    assert [(r["hearing_date"], r["row_digest"], r["source_file"]) for r in found] == expected(rows)
    columns = [name for name in SORTED.names if name not in {"row_digest", "source_file"}]
    same = [{n: r[n] for n in columns} for r in found if r["row_digest"] == digest(row)]
    assert same == [{n: row[n] for n in columns}] * 300


def test_the_order_of_rows_and_their_division_into_files_make_no_difference(tmp_path: Path) -> None:
    rows = made_rows(200, 5, seed=1)
    other = [row | {"source_file": row["source_file"]} for row in reversed(rows)]
    one, two = ordered(tmp_path / "one", rows), ordered(tmp_path / "two", other, parts=4)
    assert [r["row_digest"] for r in one] == [r["row_digest"] for r in two]


def test_an_extract_without_rows_has_none_in_order(tmp_path: Path) -> None:
    assert ordered(tmp_path / "spool", []) == []
    assert sorted_rows([], tmp_path) is None
    assert list(read_sorted(None, ["hearing_date"])) == []
