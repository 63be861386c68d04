"""What cannot be read is known again by its bytes, or by place, size and time of change where there are none."""

import os
from pathlib import Path

import pytest

from extract import marks
from extract.kinds import origin_of
from extract.marks import is_as_it_was, mark_of, marks_of


def test_the_same_bytes_have_one_mark_wherever_they_lie_and_whenever_they_were_written(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        (tmp_path / name).write_bytes(b"made")
    os.utime(tmp_path / "b.zip", (1, 1))
    assert mark_of(str(tmp_path / "a.zip")) == mark_of(str(tmp_path / "b.zip"))


def test_other_bytes_at_the_same_place_have_another_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"made")
    before = mark_of(str(path))
    path.write_bytes(b"MADE")
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1))
    assert mark_of(str(path)) != before
    assert not is_as_it_was(str(path), "", before)


def test_a_member_is_marked_by_its_archive_and_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"made")
    first, second = (mark_of(str(path), f"!{n}.xml") for n in (1, 2))
    assert len({first, second, mark_of(str(path))}) == 3
    assert is_as_it_was(str(path), "!1.xml", first)
    assert not is_as_it_was(str(path), "!2.xml", first)
    path.write_bytes(b"made, and longer")
    assert not is_as_it_was(str(path), "!1.xml", first)


def test_a_file_that_cannot_be_opened_is_known_by_place_size_and_time_and_is_the_same_once_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_state: object) -> str:
        raise PermissionError

    paths = [tmp_path / name for name in ("a.xml", "b.xml")]
    for path in paths:
        path.write_bytes(b"made")
        os.utime(path, (1, 1))
    with monkeypatch.context() as now:
        now.setattr(marks, "_hash", closed)
        mark, other = (mark_of(str(path)) for path in paths)
        assert mark != other
        os.utime(paths[0], (2, 2))
        assert mark_of(str(paths[0])) != mark
        os.utime(paths[0], (1, 1))
    assert is_as_it_was(str(paths[0]), "", mark)
    assert mark_of(str(paths[0])) == marks_of(str(paths[1]))[0] != mark


def test_what_has_no_mark_on_record_is_never_taken_to_be_as_it_was(tmp_path: Path) -> None:
    assert not is_as_it_was(str(tmp_path / "gone.xml"), "", "")
    assert is_as_it_was(str(tmp_path / "gone.xml"), "", mark_of(str(tmp_path / "gone.xml")))


def test_a_name_that_is_not_utf_8_has_a_mark(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/Andr\xe9.xml"))
    assert len(mark_of(origin_of(path))) == 64
