"""A store or a backup takes its place as a whole, whoever else is at it in the same moment."""

import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from extract import copying
from extract.contract import ExtractError


def test_nobody_gets_in_between_the_end_of_writing_and_the_renaming(tmp_path: Path, monkeypatch) -> None:
    """A second process that begins anywhere in between is refused, and clears nothing of the first."""
    place, refused = tmp_path / "it", []
    sync, rename = copying.sync, copying._rename

    def try_it() -> None:
        with pytest.raises(ExtractError, match="somebody else is writing it"), copying.beside(place):
            pass
        refused.append(True)

    def meanwhile(*paths: Path) -> None:
        sync(*paths)
        if not place.exists():
            try_it()

    def renamed(unfinished: Path, folder: Path) -> None:
        try_it()
        rename(unfinished, folder)

    monkeypatch.setattr(copying, "sync", meanwhile)
    monkeypatch.setattr(copying, "_rename", renamed)
    with copying.beside(place) as unfinished:
        (unfinished / "manifest.json").write_text("whole")
    assert [file.name for file in place.iterdir()] == ["manifest.json"]
    assert len(refused) >= 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["it"]


def test_what_somebody_has_put_there_meanwhile_stays(tmp_path: Path) -> None:
    place = tmp_path / "it"
    with pytest.raises(ExtractError, match="put something there meanwhile"), copying.beside(place) as unfinished:
        (unfinished / "manifest.json").write_text("ours")
        place.mkdir()
        (place / "manifest.json").write_text("theirs")
    assert (place / "manifest.json").read_text() == "theirs"
    assert [entry.name for entry in tmp_path.iterdir()] == ["it"]


def made_copy(folder: Path) -> list[copying.CopiedFile]:
    """A made-up copy of a store: one file."""
    (folder / "from").mkdir(parents=True)
    (folder / "from" / "store.json").write_text("{}")
    return [copying.copy_file(folder / "from" / "store.json", "store.json", folder / "source")]


def test_a_store_that_somebody_lands_in_at_this_moment_is_not_empty(tmp_path: Path) -> None:
    files, store = made_copy(tmp_path), tmp_path / "records"
    staging = store / "staging" / "a landing"
    staging.mkdir(parents=True)
    assert copying.is_empty(store)
    with FileLock(staging / "in-use"):
        assert not copying.is_empty(store)
        with pytest.raises(ExtractError, match="holds records already"):
            copying.copy_in(tmp_path / "source", store, files)
    assert staging.exists()
    copying.copy_in(tmp_path / "source", store, files)  # what a landing that died has left is nobody's
    assert [file.name for file in store.iterdir()] == ["store.json"]


def test_a_landing_that_begins_while_a_store_is_restored_is_not_run_over(tmp_path: Path, monkeypatch) -> None:
    """It stages rows, or commits them, after the store was looked at: the restore gives way."""
    files, store = made_copy(tmp_path), tmp_path / "records"
    copy_file = copying.copy_file
    held: list[FileLock] = []

    def begins(*args):
        place = store / "staging" / "a landing" / "in-use" if not held else store / "landing.lock"
        place.parent.mkdir(parents=True, exist_ok=True)
        held.append(FileLock(place))
        held[-1].acquire()
        return copy_file(*args)

    monkeypatch.setattr(copying, "copy_file", begins)
    for _ in ("rows are staged", "rows are committed"):
        with pytest.raises(ExtractError, match="somebody lands records in it"):
            copying.copy_in(tmp_path / "source", store, files)
        held[-1].release()
    assert (store / "staging").exists()
    monkeypatch.setattr(copying, "copy_file", copy_file)
    shutil.rmtree(store / "staging")
    copying.copy_in(tmp_path / "source", store, files)
    assert [file.name for file in store.iterdir()] == ["store.json"]
