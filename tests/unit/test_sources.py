"""From paths to files: what is read, what is left alone, what is refused, all at once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from extract.contract import ExtractError
from pipelines.sources import find_files, receipt
from pipelines.times import parse_time


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    for name in ("b/2.xml", "a/1.XML", "notes.txt"):
        (tmp_path / "inbox" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "inbox" / name).write_text("x")
    return tmp_path / "inbox"


def test_a_folder_is_searched_through_in_the_order_of_names(inbox: Path) -> None:
    found = find_files([inbox])
    assert found.format == "spi"
    assert [f.name for f in found.files] == ["a/1.XML", "b/2.xml"]
    assert found.left == 1


def test_a_named_file_of_any_ending_is_read_when_its_format_is_said(inbox: Path) -> None:
    assert [f.name for f in find_files([inbox / "notes.txt"], "spi").files] == ["notes.txt"]


def test_every_path_that_cannot_be_used_is_named_at_once(inbox: Path) -> None:
    with pytest.raises(ExceptionGroup) as refused:
        find_files([inbox / "gone", inbox / "notes.txt", inbox / "b"])
    assert len(refused.value.exceptions) == 2
    assert all(isinstance(e, ExtractError) for e in refused.value.exceptions)


def test_a_file_that_is_named_twice_is_read_once(inbox: Path) -> None:
    assert [f.name for f in find_files([inbox, inbox / "a" / "1.XML", inbox]).files] == ["a/1.XML", "b/2.xml"]


def test_a_receipt_is_never_in_the_future_because_nothing_landed_later_would_count() -> None:
    now = datetime(2020, 7, 6, 10, 0, tzinfo=UTC)
    assert receipt(None, now) == now
    assert receipt(parse_time("2020-07-06", "--received-at"), now) == now  # "today" is now, not its end
    assert receipt(parse_time("2020-07-05", "--received-at"), now) == parse_time("2020-07-05", "--received-at")
    with pytest.raises(ExtractError, match="future"):
        receipt(parse_time("2020-07-07", "--received-at"), now)


def test_messages_and_tables_are_not_landed_in_one_call(inbox: Path) -> None:
    (inbox / "extract.csv").write_text("x")
    with pytest.raises(ExceptionGroup) as refused:
        find_files([inbox])
    assert "mixed" in str(refused.value.exceptions[0])
    assert [f.name for f in find_files([inbox], "table").files] == ["extract.csv"]
