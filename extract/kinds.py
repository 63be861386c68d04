"""What a file's name says of its content: which kind of source it is, and how it is packed.

Nothing here opens a file. `shape_of` answers for files on disk and for members of archives alike. Below it is how
names and places of files are shown and kept, whatever bytes they are of.
"""

import hashlib
import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final
from urllib.parse import quote, unquote_to_bytes

FORMATS: Final = ("spi", "common-platform", "table")
ARCHIVES: Final = ("zip", "tar")
NAME_LENGTH: Final = 200
"""Longest name of a member that is shown; a longer one is cut and told apart by a digest."""

_MESSAGES: Final = {
    ".xml": ("spi", "document"),
    ".json": ("common-platform", "json"),
    ".jsonl": ("common-platform", "lines"),
    ".ndjson": ("common-platform", "lines"),
}
_TABLES: Final = (".csv", ".parquet")
_ARCHIVES: Final = {".zip": ("zip", False), ".tar": ("tar", False), ".tar.gz": ("tar", True), ".tgz": ("tar", True)}
_UNPACKED: Final = {"spi": "document", "common-platform": "json", "table": "table"}


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file is read.

    `format` is that of the source, None where the name does not say (archives, unknown endings); `packing` is
    `document` (one message), `json` (one message or an array of them), `lines` (a message a line), `table`,
    `zip`, `tar`, or empty for an unknown ending; `gzip` says that it is compressed on top.
    """

    format: str | None
    packing: str
    gzip: bool = False


def shape_of(name: str) -> Shape:
    """The shape that a name's ending tells, whatever its case."""
    lower = name.lower()
    for ending, (packing, gzip) in _ARCHIVES.items():
        if lower.endswith(ending):
            return Shape(None, packing, gzip)
    gzip = lower.endswith(".gz")
    plain = lower.removesuffix(".gz")
    for ending, (format, packing) in _MESSAGES.items():
        if plain.endswith(ending):
            return Shape(format, packing, gzip)
    if plain.endswith(_TABLES):
        return Shape("table", "table", gzip)
    return Shape(None, "", gzip)


def shape_as(name: str, format: str) -> Shape:
    """The shape of a file that is said to be of a format: its packing by its name where that fits, else unpacked."""
    told = shape_of(name)
    if told.packing in ARCHIVES or told.format == format:
        return told
    return Shape(format, _UNPACKED[format], told.gzip)


_DRIVE = re.compile(r"[A-Za-z]:")


def is_unsafe(member: str) -> bool:
    """Whether a member's name leads out of its archive, or could on some machine. Nothing is ever written by it."""
    return (
        "\\" in member
        or "\0" in member
        or member.startswith("/")
        or _DRIVE.match(member) is not None
        or ".." in member.split("/")
    )


def shown(member: str) -> str:
    """A member's name as it may be shown: no control or direction characters, of bounded length.

    A name that had to be changed ends in a digest of it, so that two such names stay two.
    """
    name = member
    while name.startswith("./"):
        name = name[2:]
    clean = _clean(name[:NAME_LENGTH])
    return clean if clean == name and "�" not in clean else _marked(clean, member)


def shown_name(name: str) -> str:
    """The name of a file on disk as it may be shown and kept, changed as a member's is; its length is its own."""
    if name.isprintable() and "�" not in name:
        return name
    clean = _clean(name)
    return clean if clean == name and "�" not in clean else _marked(clean, name)


def _clean(name: str) -> str:
    return "".join("�" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in name)


def _marked(clean: str, name: str) -> str:
    return f"{clean}~{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:12]}"


_BYTES: Final = "bytes:"
"""How the path of a file is kept where it is not UTF-8; no absolute path begins so."""
_INSIDE = re.compile("[!#]")
"""What follows the name of a file in the name of a message inside it."""


def origin_of(path: Path) -> str:
    """The absolute path of a file as it is kept: as it is, or its bytes escaped where they are not UTF-8."""
    origin = str(path.absolute())
    try:
        origin.encode()
    except UnicodeEncodeError:
        return _BYTES + quote(os.fsencode(origin))
    return origin


def path_of(origin: str) -> Path:
    """The path that was kept so (`origin_of`)."""
    if origin.startswith(_BYTES):
        return Path(os.fsdecode(unquote_to_bytes(origin.removeprefix(_BYTES))))
    return Path(origin)


def name_inside(origin: str, file: str) -> str:
    """The part of a delivery's name that names something inside the file at `origin`; empty for the file itself."""
    parts = PurePath(path_of(origin)).parts
    for length in range(len(parts), 0, -1):
        base = shown_name("/".join(parts[-length:]))
        if file == base:
            return ""
        if file.startswith(base) and _INSIDE.match(file, len(base)):
            return file[len(base) :]
    return ""
