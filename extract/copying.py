"""The records store whole, from one folder to another: out for a backup, and in again from one.

Copied is what is valid now: the files that the table names and its log, the landings' summaries and quarantine, what
named sources have landed, when what was removed. Not copied is what only takes room: replaced files that running counts
may still read, and what landings that died have left. Paths in the log are relative, so a store may lie anywhere.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from errno import EEXIST, ENOTDIR, ENOTEMPTY
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

from filelock import FileLock, Timeout

from extract import disk_faults
from extract.appending import sync
from extract.contract import ExtractError
from extract.landing import IN_USE, locked
from extract.retention import held
from extract.store import known_files, newest_batch, records_folder

PIECE = 1 << 20
EMPTY = frozenset({"store.json", "landing.lock", "staging"})
"""What a store holds in which nothing was ever landed."""


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """A file: where it is below the folder (with slashes), its bytes, and the SHA-256 (hex) of what it holds."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class CopiedStore:
    """What was copied of a store: its files, and the number of its newest landing."""

    files: tuple[CopiedFile, ...]
    landings: int


def size(path: Path) -> int:
    """Bytes that a copy of a store takes."""
    return sum(file.stat().st_size for file in _files(path)) if path.is_dir() else 0


def key_check_of(path: Path) -> str:
    """By which a store knows the key that it was made with. Raises OSError where there is no store."""
    return str(json.loads((path / "store.json").read_text())["key_check"])


def is_empty(path: Path) -> bool:
    """Whether nothing was ever landed in a store, nor is at this moment: all in it, if anything, can be made anew."""
    if not path.exists():
        return True
    return {entry.name for entry in path.iterdir()} <= EMPTY and not any(map(_held, path.glob(f"staging/*/{IN_USE}")))


def _held(lock: Path) -> bool:
    try:
        return held(lock)
    except FileNotFoundError:  # its landing has just ended
        return False


def copy_out(
    path: Path,
    target: Path,
    advance: Callable[[int], None] = lambda _bytes: None,
    waiting: Callable[[], None] = lambda: None,
) -> CopiedStore:
    """Copy a store into a new folder while nobody lands.

    Args:
        path: folder of the store.
        target: the new folder.
        advance: called with the bytes copied since the last call.
        waiting: called once if a landing holds the lock.

    Raises:
        ExtractError: the disk refused, or a landing held the lock for half an hour.
    """
    with explained(target), locked(path, waiting):
        files = [copy_file(f, f.relative_to(path).as_posix(), target, advance) for f in _files(path)]
        return CopiedStore(tuple(files), newest_batch(path))


def copy_in(
    source: Path, path: Path, files: Iterable[CopiedFile], advance: Callable[[int], None] = lambda _bytes: None
) -> None:
    """Make a store out of a copy of one: beside, then by one renaming while nobody lands. Every hash is compared.

    Raises:
        ExtractError: the store holds something, somebody lands in it, a file is not as it was copied, or the disk
            refused; then the store is as it was.
    """
    if not is_empty(path):
        raise ExtractError("it holds records already", where=str(path), remedy="Set COURTSTATS_STORE to another folder")
    # The lock outlives the renaming, so that whoever waits for it finds the restored store.
    with explained(path), ExitStack() as until_renamed, beside(path) as unfinished:
        for file in files:
            copied = copy_file(source / file.path, file.path, unfinished, advance)
            if copied != file:
                raise ExtractError("it is not as it was copied", where=str(source / file.path))
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        until_renamed.enter_context(locked(path, lambda: _refuse_landing(path)))
        if not is_empty(path):
            _refuse_landing(path)
        shutil.rmtree(path, ignore_errors=True)


def _refuse_landing(path: Path) -> NoReturn:
    what = "somebody lands records in it at this moment, or has done so meanwhile"
    remedy = "Nothing was restored; look with courtstats status"
    raise ExtractError(what, where=str(path), remedy=remedy, passing=True)


def same(path: Path, files: Iterable[CopiedFile], landings: int) -> bool:
    """Whether a store is just what was copied: the same landings, and every file as it was."""
    return (
        path.is_dir()
        and newest_batch(path) == landings
        and all((path / f.path).is_file() and hash_of(path / f.path) == f.sha256 for f in files)
    )


def copy_file(file: Path, name: str, target: Path, advance: Callable[[int], None] = lambda _bytes: None) -> CopiedFile:
    """Copy one file below a folder, as `name` (with slashes); on the disk when this returns. Raises OSError."""
    made = target / name
    made.parent.mkdir(parents=True, exist_ok=True)
    found, size = sha256(), 0
    with file.open("rb") as source, made.open("xb") as sink:
        while piece := source.read(PIECE):
            sink.write(piece)
            found.update(piece)
            size += len(piece)
            advance(len(piece))
        sink.flush()
        os.fsync(sink.fileno())
    return CopiedFile(name, size, found.hexdigest())


def hash_of(file: Path, advance: Callable[[int], None] = lambda _bytes: None) -> str:
    """SHA-256 (hex) of what a file holds. Raises OSError."""
    found = sha256()
    with file.open("rb") as source:
        while piece := source.read(PIECE):
            found.update(piece)
            advance(len(piece))
    return found.hexdigest()


@contextmanager
def beside(folder: Path) -> Iterator[Path]:
    """A new folder beside another, for its owner only, that takes its place at the end, or is gone if something failed.

    What a process that died has left there is cleared first. Raises ExtractError where somebody else is at it, or where
    the place is taken meanwhile.
    """
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    unfinished.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(unfinished / IN_USE)
    try:
        lock.acquire(timeout=0)
        if not (unfinished / IN_USE).exists():  # locked just when it was renamed by whoever had it
            lock.release()
            raise Timeout(lock.lock_file)
    except (Timeout, FileNotFoundError):
        raise ExtractError("somebody else is writing it at this moment", where=str(folder), passing=True) from None
    try:
        for left in unfinished.iterdir():
            if left.is_dir():
                shutil.rmtree(left)
            elif left.name != IN_USE:
                left.unlink()
        yield unfinished
        sync(*(entry for entry in unfinished.rglob("*") if entry.is_dir()), unfinished)
        _rename(unfinished, folder)  # still locked: whoever came in between would clear it
        (folder / IN_USE).unlink(missing_ok=True)
        sync(folder, folder.parent)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    finally:
        lock.release()


def _rename(unfinished: Path, folder: Path) -> None:
    """Also over an empty folder, and over nothing else."""
    try:
        unfinished.rename(folder)
    except OSError as fault:
        if fault.errno not in (ENOTEMPTY, EEXIST, ENOTDIR):
            raise
        raise ExtractError("somebody has put something there meanwhile", where=str(folder), passing=True) from None


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn what the disk refused into an ExtractError."""
    try:
        yield
    except disk_faults.KINDS as fault:
        if (refused := disk_faults.in_words(fault)) is None:
            raise
        raise ExtractError(
            f"it could not be written ({refused}); what was begun is removed",
            where=str(folder),
            remedy="Free some space or mend the folder's permissions, then give the same command again",
            passing=True,
        ) from fault


def _files(path: Path) -> list[Path]:
    """Every file of a store that is valid now, each once, by name."""
    newest = newest_batch(path)
    numbered = (*path.glob("batches/*.json"), *path.glob("quarantine/**/*.parquet"))
    found = [
        *path.glob("store.json"),
        *(f for f in numbered if int(f.stem) <= newest),  # later ones are of a landing that did not finish
        *path.glob("removals/*.json"),
        *path.glob("sources/*.json"),
        *(f for f in (records_folder(path) / "_delta_log").rglob("*") if f.is_file() and f.suffix != ".tmp"),
        *map(Path, known_files(path)),
    ]
    return sorted(found)
