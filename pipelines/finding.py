"""Which files there are under some paths, and what is in them: by their names, and a look into archives."""

import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from os import DirEntry, scandir
from os.path import realpath
from pathlib import Path

from extract.contract import ExtractError
from extract.deliveries import SourceFile, format_within
from extract.kinds import ARCHIVES, FORMATS, origin_of, shape_of, shown_name
from extract.streams import BrokenError, TooMuchError

KNOWN_ENDINGS = ".xml, .json, .jsonl or .ndjson (also with .gz), .zip, .tar or .tar.gz, .csv or .parquet"
NOTHING_TO_READ = "there is nothing to read"
MANY_IN_ONE = 1_000_000
"""A .json file of more bytes is an array of messages, most likely."""
UNTOLD = "untold"
"""The format of an archive that cannot be read so far as to tell."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one call, all of one format.

    `left` counts files in folders that are of no known kind; `chosen` says that somebody named the format, so that
    files of another one, in folders and in archives, are left alone.
    """

    format: str
    files: tuple[SourceFile, ...]
    left: int
    chosen: bool = False


def find_files(paths: Sequence[Path], format: str | None = None) -> Files:
    """The files under the paths; folders are searched through, linked ones too, in the order of names.

    An archive is of the format that is said, else of that of its first member that has a known one. A file is called
    after its place in the folder; of files that would share a name, each after as much of its path as tells it apart.

    Raises:
        ExceptionGroup[ExtractError]: paths that are not there, folders that cannot be listed, files of no known kind,
            several kinds at once, tables that are packed or have a path that is not UTF-8.
    """
    faults: list[Exception] = []
    found: list[tuple[SourceFile, str]] = []
    left = 0
    for path in paths:
        folder, inside = _under(path, faults)
        for file in inside:
            try:
                kind = _format_of(file, format, named=folder is None)
            except ExtractError as fault:
                faults.append(fault)
                continue
            if kind is None and folder is None:
                remedy = f"Say which it is with --format {' or --format '.join(FORMATS)}"
                faults.append(ExtractError("is of no known kind", where=_said(path), remedy=remedy))
            elif kind is None or (format and kind not in (format, UNTOLD)):
                left += 1
            else:
                name = file.relative_to(folder).as_posix() if folder else file.name
                found.append((SourceFile(file, name), kind))
    found = list({realpath(f.path): (f, kind) for f, kind in reversed(found)}.values())[::-1]  # named twice, read once
    kinds = {format} if format else {kind for _, kind in found} - {UNTOLD}
    if len(kinds) > 1:
        mixed = f"{' and '.join(sorted(map(str, kinds)))} are mixed"
        faults.append(ExtractError(mixed, remedy="Land them in calls of their own, or say --format"))
    if not faults and not found:
        where, remedy = ", ".join(map(_said, paths)), f"Files end in {KNOWN_ENDINGS}"
        faults.append(ExtractError(NOTHING_TO_READ, where=where, remedy=remedy))
    if not faults and not kinds:
        faults += [
            ExtractError(
                "the archive cannot be read, so nothing says what is in it",
                where=_said(file.path),
                remedy=f"Get it again, or say what is in it with --format {FORMATS[0]} or --format {FORMATS[1]}",
            )
            for file, _ in found
        ]
    if faults:
        raise ExceptionGroup("files", faults)
    return Files(kinds.pop() or "", _told_apart([f for f, _ in found]), left, chosen=format is not None)


def _under(path: Path, faults: list[Exception]) -> tuple[Path | None, list[Path]]:
    """The folder that a path names, if it does, and the files that it stands for, in the order of names."""
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        faults.append(ExtractError("there is no such file or folder", where=_said(path), remedy="Check the path"))
        return None, []
    except OSError as fault:
        faults.append(_closed("cannot be looked at", path, fault))
        return None, []
    if not is_folder:
        return None, [path]
    folder = path.resolve() if ".." in path.parts else path  # so that the names on the way to a file end its path
    return folder, _files_in(folder, faults)


def _files_in(folder: Path, faults: list[Exception]) -> list[Path]:
    """Every file in a folder and the folders in it. A folder that is met twice, by a link or a loop of them, is read
    once, under its own name where it has one here. What cannot be looked at is a file: it will be refused as one."""
    found: list[Path] = []
    linked: list[Path] = []
    seen: set[str] = set()
    waiting = [folder]
    while waiting or linked:
        here = waiting.pop() if waiting else linked.pop()
        if (place := realpath(here)) in seen:
            continue
        seen.add(place)
        try:
            with scandir(here) as entries:
                for entry in sorted(entries, key=lambda e: e.name, reverse=True):
                    kind = _kind(entry)
                    if kind == "folder":
                        (linked if entry.is_symlink() else waiting).append(Path(entry.path))
                    elif kind:
                        found.append(Path(entry.path))
        except OSError as fault:
            faults.append(_closed("the folder cannot be listed", here, fault))
    return sorted(found)


def _kind(entry: DirEntry[str]) -> str:
    """`folder`, `file`, or empty for a device or the like. A link that leads nowhere is a file that cannot be read."""
    try:
        if entry.is_dir():
            return "folder"
        return "file" if entry.is_file() or (entry.is_symlink() and not Path(entry.path).exists()) else ""
    except OSError:
        return "file"


def _closed(what: str, path: Path, fault: OSError) -> ExtractError:
    remedy = "Give the right to read it, or name what is to be read"
    return ExtractError(f"{what} ({fault.strerror or type(fault).__name__})", where=_said(path), remedy=remedy)


def _said(path: Path) -> str:
    return shown_name(str(path))


def _told_apart(files: list[SourceFile]) -> tuple[SourceFile, ...]:
    """The files under names that may be shown and that no two of them share: records and refusals know no other."""
    names = [file.name for file in files]
    while len(set(names)) < len(names):
        times = Counter(names)
        names = [_longer(file.path, name) if times[name] > 1 else name for file, name in zip(files, names, strict=True)]
    return tuple(SourceFile(file.path, shown_name(name)) for file, name in zip(files, names, strict=True))


def _longer(path: Path, name: str) -> str:
    """A name with one folder more of the path before it; the whole path at last."""
    parts = path.absolute().parts
    return "/".join(parts[-min(name.count("/") + 2, len(parts)) :])


def _format_of(file: Path, format: str | None, *, named: bool) -> str | None:
    """The format of a file by its name, or by what is in an archive; None where neither is known.

    What was `named` with a format is what it is said to be, and so is an archive, whatever comes first in it: what is
    of another format is left alone and counted when it is read. Raises ExtractError for a table that is packed,
    or of which the path is not UTF-8.
    """
    shape = shape_of(file.name)
    told = shape.format
    if format and (named or (shape.packing in ARCHIVES and format != "table")):
        told = format
    elif shape.packing in ARCHIVES:
        try:
            told = format_within(file, format)
        except (OSError, BrokenError, TooMuchError):
            told = UNTOLD
    if told == "table" and format in (None, "table"):
        if shape.gzip or shape.packing in ARCHIVES:
            what, remedy = "tables are not read out of compressed files", "Unpack it first"
            raise ExtractError(what, where=_said(file), remedy=remedy)
        if origin_of(file) != str(file.absolute()):  # what reads tables takes no such path
            raise ExtractError("the path of this table is not UTF-8", where=_said(file), remedy="Rename it")
    return told


def amount(files: Files) -> tuple[int | None, str, int]:
    """What progress is counted in: the total, its unit, and how many of what is read make one.

    Files, where each is a message; kilobytes of the files where they hold many; rows of tables, of which nobody
    knows the number.
    """
    if files.format == "table":
        return None, "rows", 1
    size, many = 0, False
    for file in files.files:
        try:
            length = file.path.stat().st_size
        except OSError:
            length = 0
        packing = shape_of(file.path.name).packing
        size += length
        many = many or packing in (*ARCHIVES, "lines") or (packing == "json" and length > MANY_IN_ONE)
    return (size // 1000, "kB", 1000) if many else (len(files.files), "files", 1)
