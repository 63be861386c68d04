"""From paths to files: what is read, what is left alone, what is refused, all at once."""

import os
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extract.contract import ExtractError
from extract.kinds import origin_of, path_of
from pipelines import finding
from pipelines.finding import amount
from pipelines.source_state import file_mark
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


# What is in folders


def named(*paths: Path, format: str | None = None) -> list[str]:
    return [f.name for f in find_files(paths, format).files]


def test_an_archive_is_of_the_format_that_is_said_whatever_comes_first_in_it(inbox: Path) -> None:
    """Files of another kind in it are counted when it is read; before, nobody would look for what is behind them."""
    with zipfile.ZipFile(inbox / "x.zip", "w") as archive:
        archive.writestr("manifest.csv", "a")
        archive.writestr("b.xml", "<a/>")
    found = find_files([inbox], "spi")
    assert [f.name for f in found.files] == ["a/1.XML", "b/2.xml", "x.zip"]
    assert found.left == 1


def test_a_table_behind_something_else_in_an_archive_is_not_passed_over(inbox: Path) -> None:
    with zipfile.ZipFile(inbox / "x.zip", "w") as archive:
        archive.writestr("about.xml", "<a/>")
        archive.writestr("t.csv", "a")
    (inbox / "t.csv").write_text("a")
    with pytest.raises(ExceptionGroup) as refused:
        find_files([inbox], "table")
    assert "Unpack it first" in str(refused.value.exceptions[0])


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Close a folder to whoever runs this; the rights of a file system do not bind everybody."""
    usual, shut = os.scandir, set()

    def scandir(path):
        if Path(path) in shut:
            raise PermissionError(13, "Permission denied", str(path))
        return usual(path)

    monkeypatch.setattr(finding, "scandir", scandir)
    return shut.add


def test_folders_that_cannot_be_listed_are_named_all_at_once(inbox: Path, closed) -> None:
    closed(inbox / "a")
    closed(inbox / "b")
    with pytest.raises(ExceptionGroup) as refused:
        find_files([inbox, inbox / "gone"])
    faults = sorted(str(e) for e in refused.value.exceptions)
    assert all(isinstance(e, ExtractError) for e in refused.value.exceptions)
    assert [f.partition(":")[0] for f in faults] == [str(inbox / n) for n in ("a", "b", "gone")]
    assert "cannot be listed (Permission denied)" in faults[0]


def test_linked_folders_are_searched_through_once_and_loops_end(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "3.xml").write_text("x")
    (tmp_path / "beside" / "back").symlink_to(inbox)
    (inbox / "0 link").symlink_to(tmp_path / "beside")
    (inbox / "0 twice").symlink_to(inbox / "a")
    (inbox / "a" / "round").symlink_to(inbox / "a")
    assert named(inbox) == ["0 link/3.xml", "a/1.XML", "b/2.xml"]


def test_a_link_that_leads_nowhere_is_a_file_that_cannot_be_read(inbox: Path) -> None:
    (inbox / "c.xml").symlink_to(inbox / "gone.xml")
    (inbox / "d.xml").symlink_to(inbox / "d.xml")
    found = find_files([inbox])
    assert [f.name for f in found.files] == ["a/1.XML", "b/2.xml", "c.xml", "d.xml"]
    assert amount(found) == (4, "files", 1)


def test_what_is_neither_file_nor_folder_is_passed_over(inbox: Path) -> None:
    os.mkfifo(inbox / "c.xml")
    assert named(inbox) == ["a/1.XML", "b/2.xml"]


# What files are called


def test_no_two_files_of_a_call_share_a_name(tmp_path: Path) -> None:
    """Records and refusals know a file by its name alone; a name is longer only where it has to be."""
    for name in ("f1/a.json", "f2/a.json", "f2/b.json", "g/f1/a.json", "g/sub/f2/a.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    f1, f2, g = (tmp_path / name for name in ("f1", "f2", "g"))
    assert named(f1) == ["a.json"]
    assert named(f1, f2) == ["f1/a.json", "f2/a.json", "b.json"]
    assert named(f1 / "a.json", f2 / "a.json") == ["f1/a.json", "f2/a.json"]
    assert named(f1, g / "f1") == [f"{tmp_path.name}/f1/a.json", "g/f1/a.json"]
    assert named(f1, f2, g) == [
        f"{tmp_path.name}/f1/a.json", "f2/a.json", "b.json", "g/f1/a.json", "sub/f2/a.json",
    ]  # fmt: skip
    up = find_files([g / ".." / "f1", f2]).files
    assert [f.name for f in up] == ["f1/a.json", "f2/a.json", "b.json"]
    assert all(str(f.path).endswith(f.name) for f in up)


def odd(folder: Path, name: bytes) -> Path:
    path = os.fsencode(folder) + b"/" + name
    try:
        with open(path, "wb") as file:  # noqa: PTH123 - a path of bytes
            file.write(b"<a/>")
    except OSError:
        pytest.skip("this file system takes no such name")
    return Path(os.fsdecode(path))


def test_a_file_is_called_by_what_can_be_kept_and_shown_whatever_bytes_its_name_is_of(inbox: Path) -> None:
    for name in (b"\xe9.xml", b"\xe8.xml", b"two\nlines.xml", b"\x1b[31m.xml"):
        odd(inbox, name)
    names = named(inbox)
    assert len(set(names)) == 6
    assert all(n.isprintable() and n.encode() for n in names)
    assert "a/1.XML" in names


def test_a_table_whose_path_is_not_utf_8_is_an_error_with_what_to_do(inbox: Path) -> None:
    odd(inbox, b"\xe9.csv")
    with pytest.raises(ExceptionGroup) as refused:
        find_files([inbox], "table")
    assert "not UTF-8. Rename it" in str(refused.value.exceptions[0])
    assert str(refused.value.exceptions[0]).encode()


def test_the_place_of_a_file_is_kept_so_that_it_can_be_found_again(inbox: Path) -> None:
    for path in (odd(inbox, b"Andr\xe9 %E9.xml"), inbox / "a" / "1.XML", inbox / "%41.xml"):
        kept = origin_of(path)
        assert kept.encode().decode() == kept
        assert path_of(kept) == path
    assert origin_of(inbox / "a") == str(inbox / "a")


def test_a_named_source_knows_files_with_odd_names_again(inbox: Path) -> None:
    one, other = odd(inbox, b"\xe9.xml"), odd(inbox, b"\xe8.xml")
    assert file_mark(one) == file_mark(one) != file_mark(other)
