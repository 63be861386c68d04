"""The folder of the report is replaced as a whole, and never one that is not a report."""

import os
from pathlib import Path

import pytest

from pipelines import report_folder
from pipelines.report_folder import place
from pipelines.show import OutputError

ONE = {"index.html": "one", "runs/1.html": "1"}
TWO = {"index.html": "two", "runs/2.html": "2"}


def held(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {report_folder.MARK}


def test_pages_of_runs_that_are_gone_vanish(tmp_path: Path) -> None:
    place(tmp_path / "made" / "report", ONE)
    place(tmp_path / "made" / "report", TWO)
    assert held(tmp_path / "made" / "report") == set(TWO)
    assert [p.name for p in (tmp_path / "made").iterdir() if p.name != ".report.lock"] == ["report"]


def test_an_empty_folder_becomes_a_report(tmp_path: Path) -> None:
    place(tmp_path, ONE)
    assert held(tmp_path) == set(ONE)


@pytest.mark.parametrize("other", ["thesis.odt", "runs/notes.txt", "checks/own/page.html"])
def test_a_folder_with_other_files_is_refused_and_left_as_it_is(tmp_path: Path, other: str) -> None:
    place(tmp_path / "report", ONE)
    strange = tmp_path / "report" / other
    strange.parent.mkdir(parents=True, exist_ok=True)
    strange.write_text("mine")
    with pytest.raises(OutputError, match="which is not of a report"):
        place(tmp_path / "report", TWO)
    assert held(tmp_path / "report") == {*ONE, other}


def test_a_web_site_that_only_looks_like_a_report_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("somebody's own")
    with pytest.raises(OutputError, match="holds files, but no report"):
        place(tmp_path, ONE)
    assert (tmp_path / "index.html").read_text() == "somebody's own"


def test_a_file_and_a_link_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("file", "link"):
        with pytest.raises(OutputError, match="is no folder"):
            place(tmp_path / name, ONE)


def test_a_report_that_cannot_be_written_leaves_the_older_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(tmp_path / "report", ONE)
    write = Path.write_text

    def full(self: Path, text: str, **more: str) -> int:
        if self.name == "2.html":
            raise OSError(28, "No space left on device")
        return write(self, text, **more)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OutputError, match="No space left on device"):
        place(tmp_path / "report", TWO)
    assert held(tmp_path / "report") == set(ONE)
    assert not (tmp_path / ".report.unfinished").exists()


def test_a_build_killed_while_it_swaps_is_mended_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the renames the older report lies beside; killed before, an unfinished one does."""
    place(tmp_path / "report", ONE)
    (tmp_path / "report").rename(tmp_path / ".report.before")
    (tmp_path / ".report.unfinished").mkdir()
    (tmp_path / ".report.unfinished" / "left.html").write_text("half")
    place(tmp_path / "report", TWO)
    assert held(tmp_path / "report") == set(TWO)
    assert not list(tmp_path.glob(".report.[bu]*"))


def test_a_swap_that_fails_half_way_puts_the_older_report_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(tmp_path / "report", ONE)
    rename = Path.rename

    def fails(self: Path, target: Path) -> Path:
        if self.name == ".report.unfinished":
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OutputError):
        place(tmp_path / "report", TWO)
    assert held(tmp_path / "report") == set(ONE)


def test_others_may_read_the_report_as_far_as_the_umask_allows(tmp_path: Path) -> None:
    place(tmp_path / "report", ONE)
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "report").stat().st_mode & 0o777 == 0o777 & ~mask
