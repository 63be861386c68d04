"""What tells a file from another one at the same place, where what it says cannot be told: its bytes.

A file that cannot be opened has no bytes to tell it by, so its place, its size and the time at which it was last
changed stand for them. What lies in an archive is marked by the archive and its name there.
"""

from functools import lru_cache
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Final

from extract.kinds import path_of

_KNOWN_FILES: Final = 64
"""Files of which the hash is kept in memory: an archive with many faults is hashed once."""


def mark_of(origin: str, inside: str = "") -> str:
    """The mark (64 hexadecimal digits) of a file as it is now, or of what is called `inside` in it.

    `origin` is the place of the file as it is kept (`extract.kinds.origin_of`).
    """
    return _of_member(next(mark for mark in marks_of(origin) if mark), inside)


def is_as_it_was(origin: str, inside: str, mark: str) -> bool:
    """Whether a file, or what is called `inside` in it, is still what had this mark."""
    return bool(mark) and any(mark == _of_member(now, inside) for now in marks_of(origin) if now)


def marks_of(origin: str) -> tuple[str, str]:
    """SHA-256 of a file's bytes, empty where they cannot be read; and the mark of a file that cannot be opened."""
    path = path_of(origin)
    try:
        facts = path.stat()
        state = f"{facts.st_size} {facts.st_mtime_ns}"
    except OSError:
        state = "not there"
    try:
        content = _hash(path, state)
    except OSError:
        content = ""
    return content, sha256(f"{origin}\n{state}".encode()).hexdigest()


@lru_cache(_KNOWN_FILES)
def _hash(path: Path, _state: str) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _of_member(mark: str, inside: str) -> str:
    return sha256(f"{mark}\n{inside}".encode()).hexdigest() if inside else mark
