"""Which files an extract was made of, so that the same extract can be read again, and a newer one is not taken for it.

Extracts keep one name for ever: a file that has another size or time now is another extract.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from extract.deliveries import SourceFile
from extract.kinds import origin_of, path_of


@dataclass(frozen=True, slots=True)
class ExtractFiles:
    """The files of an extract as they were landed: those that are gone since, and those that are others now."""

    files: tuple[SourceFile, ...]
    gone: tuple[Path, ...]
    changed: tuple[Path, ...]


def noted(files: Iterable[SourceFile]) -> str:
    """What is kept of the files of an extract: name, place, size and time of change, as JSON."""
    return json.dumps([[f.name, origin_of(f.path), *_mark(f.path)] for f in files])


def as_landed(note: str) -> ExtractFiles:
    """The files of an extract that was noted, and whether they are still as they were."""
    files: list[SourceFile] = []
    gone: list[Path] = []
    changed: list[Path] = []
    for name, place, *mark in json.loads(note):
        path = path_of(place)
        now = _mark(path)
        files.append(SourceFile(path, name))
        if not now:
            gone.append(path)
        elif mark and now != mark:  # without a mark it could not be looked at when it was landed
            changed.append(path)
    return ExtractFiles(tuple(files), tuple(gone), tuple(changed))


def _mark(path: Path) -> list[int]:
    """Size in bytes and time of change in nanoseconds; empty where the file is not there."""
    try:
        facts = path.stat()
    except OSError:
        return []
    return [facts.st_size, facts.st_mtime_ns]
