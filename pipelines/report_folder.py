"""Where the quality report lies: written beside as a whole, then put in the place of the one before.

A folder that is not a report is never touched. A reader meets the old report or the new one: between the two renames,
which is less than a thousandth of a second, none; never half of one. What a killed build leaves is cleared by the next.
"""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pipelines.show import OutputError

MARK = ".courtstats-report"
"""A file of this name says that the folder is ours to replace."""
TOP = {MARK, "index.html", "report.css", "quality.txt", "quality.json", "checks", "runs"}
WAIT_SECONDS = 60.0
REMEDY = "Name a folder that is new, empty, or an older report"


def place(folder: Path, files: Mapping[str, str]) -> None:
    """Replace what `folder` holds by `files` (path in the folder -> text), all at once.

    Raises `OutputError` where the folder holds anything that is not of a report, is a link or a file, cannot be
    written, or where another build has been at it for a minute.
    """
    from filelock import FileLock, Timeout

    folder = folder.absolute()
    new, old = (folder.with_name(f".{folder.name}.{what}") for what in ("unfinished", "before"))
    try:
        _check_ours(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f".{folder.name}.lock"), timeout=WAIT_SECONDS):
            _check_ours(folder)
            for left in (new, old):
                if folder.exists() or left is new:
                    shutil.rmtree(left, ignore_errors=True)
            _write(new, files)
            _swap(folder, new, old)
    except Timeout:
        raise OutputError("is being written by another command", where=str(folder), remedy="Try again") from None
    except OSError as fault:
        shutil.rmtree(new, ignore_errors=True)
        remedy = "Name a folder inside it" if os.path.ismount(folder) else REMEDY
        raise OutputError(f"cannot be written ({fault.strerror})", where=str(folder), remedy=remedy) from None


def _check_ours(folder: Path) -> None:
    """Raises OutputError where the folder is not a report (or empty, or not there)."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise OutputError("is no folder", where=str(folder), remedy=REMEDY)
    if not folder.exists():
        return
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    strange = sorted(name for name in there if not _is_of_a_report(name))
    if there and (strange or MARK not in there):
        said = f"holds {strange[0]}, which is not of a report" if strange else "holds files, but no report"
        raise OutputError(said, where=str(folder), remedy=REMEDY)


def _is_of_a_report(name: str) -> bool:
    within, slash, page = name.partition("/")
    return name in TOP or (within in {"checks", "runs"} and bool(slash) and "/" not in page and page.endswith(".html"))


def _write(new: Path, files: Mapping[str, str]) -> None:
    for part in {new / name for name in files}:
        part.parent.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (new / name).write_text(text, encoding="utf-8", newline="\n")
    (new / MARK).write_text("Made by courtstats; replaced as a whole by the next report.\n", encoding="utf-8")


def _swap(folder: Path, new: Path, old: Path) -> None:
    if folder.exists():
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        with suppress(OSError):
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
