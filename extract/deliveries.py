"""What lies in files, one delivery after another: a message, or the reason why there is none.

A file on disk may be one message, many (JSON lines, a JSON array), or an archive of such files, each of them
compressed or not. Everything is read as a stream, nothing is unpacked to disk, and no name inside an archive is
used as a path. What cannot be read on is refused once, by the name of the file on disk; what was read before stays.
"""

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from itertools import islice
from pathlib import Path
from typing import IO, Final

from extract.contract import Refusal
from extract.json_split import BOM, SPACE, elements, lines, starts_array
from extract.kinds import ARCHIVES, Shape, is_unsafe, name_inside, origin_of, shape_as, shape_of, shown
from extract.marks import mark_of
from extract.streams import Bound, BrokenError, BrokenMemberError, TooMuchError, gunzipped
from extract.tar_members import tar_members
from extract.zip_members import Member, zip_members

MAX_BYTES: Final = 20_000_000
"""Most bytes of one message (`too-large`); real ones have 4 to 40 kB."""
MAX_MEMBERS: Final = 1_000_000
"""Most members of one archive (`too-many-members`)."""
FREE_MESSAGES: Final = 1_000_000
"""What one file on disk may hold, however small it is, in messages and faults together (`too-many-members`)."""
BYTES_A_MESSAGE: Final = 200
"""A larger file may hold one more for so many bytes of it: a message of 4 kB is not packed into fewer."""

_MARKS: Final = (b"\x1f\x8b", b"PK\x03\x04")
"""How a gzip and a ZIP file begin: neither is a message, whatever it is called."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read and what it is called in records and refusals (relative to the folder given)."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message: its name as shown in records, the file on this machine that it is in, its bytes or a refusal.

    A name is that of the file; of a member `archive.zip!inner/name.xml`, of a line `file.jsonl#12`, of an array's
    element `file.json#12` (from 1).
    """

    name: str
    origin: str
    data: bytes | None
    refusal: Refusal | None = None


class Deliveries:
    """The deliveries in some files of one format; iterate once.

    Args:
        files: what to read, in this order.
        format: `spi` or `common-platform`.
        others_left: whether files of another known format in archives are left alone (somebody said which format
            is wanted); otherwise they are refused, so that nothing is passed over in silence.
        only: names of deliveries to read; the name of a file or archive stands for everything in it. None: all.

    `files_read` and `bytes_read` (of the files on disk) rise while it is iterated; `left` counts members of
    archives that are of no known kind.
    """

    def __init__(
        self,
        files: Sequence[SourceFile],
        format: str,
        *,
        others_left: bool = False,
        only: Collection[str] | None = None,
    ) -> None:
        self._files, self._format, self._others_left = files, format, others_left
        self._only = None if only is None else frozenset(only)
        self._opened = None if only is None else {file for name in only for file in containers(name)}
        self._disk: IO[bytes] | None = None
        self._before = self._furthest = 0
        self.files_read = self.left = 0

    @property
    def bytes_read(self) -> int:
        """Bytes of the files on disk that were read so far."""
        here = self._disk.tell() if self._disk and not self._disk.closed else 0
        self._furthest = max(self._furthest, self._before + here)
        return self._furthest

    def __iter__(self) -> Iterator[Delivery]:
        for file in self._files:
            if self._opened is None or file.name in self._opened:
                origin, size = origin_of(file.path), 0
                try:
                    size = file.path.stat().st_size
                    most = FREE_MESSAGES + size // BYTES_A_MESSAGE
                    with closing(self._in_file(file, origin, size)) as found:
                        yield from islice(found, most)
                        if next(found, None):
                            yield _refused("too-many-members", file.name, origin, f"after message {most}")
                except OSError:
                    yield _refused("unreadable", file.name, origin)
                except BrokenError:
                    yield _refused("bad-archive", file.name, origin)
                except TooMuchError:
                    yield _refused("too-large", file.name, origin)
                self._disk = None
                self._before += size
            self.files_read += 1

    def _in_file(self, file: SourceFile, origin: str, size: int) -> Generator[Delivery, None, None]:
        shape = shape_as(file.path.name, self._format)
        if not shape.gzip and shape.packing in ("document", "json") and size <= MAX_BYTES:
            data = file.path.read_bytes()  # nearly every file: no streams needed
            if shape.packing == "document" or not data.lstrip(SPACE + BOM).startswith(b"["):
                yield Delivery(file.name, origin, data)
                return
            yield from self._split(BufferedReader(BytesIO(data)), shape, file.name, origin)
            return
        if shape.packing == "document" and not shape.gzip:
            yield _refused("too-large", file.name, origin)
            return
        bound = Bound(size)
        with ExitStack() as opened:
            disk = opened.enter_context(file.path.open("rb"))
            self._disk = disk
            stream = gunzipped(disk, bound, BrokenError) if shape.gzip else disk
            if shape.packing == "zip":
                directory = opened.enter_context(file.path.open("rb"))
                yield from self._in_archive(zip_members(directory, disk, bound), file.name, origin, bound)
            elif shape.packing == "tar":
                yield from self._in_archive(tar_members(stream), file.name, origin, bound)
            else:
                yield from self._split(stream, shape, file.name, origin)

    def _in_archive(self, members: Iterator[Member], archive: str, origin: str, bound: Bound) -> Iterator[Delivery]:
        number = 0
        try:
            for number, member in enumerate(members, 1):
                if number > MAX_MEMBERS:
                    yield _refused("too-many-members", archive, origin)
                    return
                name = f"{archive}!{shown(member.name)}"
                if self._wanted(name):
                    yield from self._of_member(member, name, origin, bound)
        except BrokenError:
            yield _refused("bad-archive", archive, origin, f"after member {number}")
        except TooMuchError:
            yield _refused("too-large", archive, origin, f"after member {number}")

    def _of_member(self, member: Member, name: str, origin: str, bound: Bound) -> Iterator[Delivery]:
        shape = shape_of(member.name)
        if not member.is_file or is_unsafe(member.name):
            yield _refused("unsafe-path", name, origin)
        elif shape.packing in ARCHIVES or (shape.gzip and member.name.lower().endswith(".gz.gz")):
            yield _refused("archive-in-archive", name, origin)
        elif shape.format == self._format:
            yield from self._in_member(member, shape, name, origin, bound)
        elif shape.format is None or self._others_left:
            self.left += 1
        else:
            yield _refused("unknown-kind", name, origin)

    def _in_member(self, member: Member, shape: Shape, name: str, origin: str, bound: Bound) -> Iterator[Delivery]:
        try:
            stream = member.stream()
            if shape.gzip:
                stream = gunzipped(stream, bound, BrokenMemberError)
            yield from self._split(stream, shape, name, origin)
        except BrokenMemberError:
            yield _refused("bad-archive", name, origin)

    def _split(self, stream: BufferedReader, shape: Shape, name: str, origin: str) -> Iterator[Delivery]:
        """The messages in one stream."""
        if stream.peek(4)[:4].startswith(_MARKS):
            yield _refused("archive-in-archive", name, origin)
            return
        array = shape.packing == "json" and starts_array(stream)
        if shape.packing == "lines" or array:
            for piece in elements(stream, MAX_BYTES) if array else lines(stream, MAX_BYTES):
                numbered = f"{name}#{piece.number}"
                if not self._wanted(numbered):
                    continue
                refusal = (
                    Refusal(piece.reason, numbered, "the element" if array else "the line", piece.content_hash)
                    if piece.data is None
                    else None
                )
                yield Delivery(numbered, origin, piece.data, refusal)
            return
        data = stream.read(MAX_BYTES + 1)
        yield Delivery(name, origin, data) if len(data) <= MAX_BYTES else _refused("too-large", name, origin)

    def _wanted(self, name: str) -> bool:
        """Whether a delivery is to be read: it, what it is in, or something in it was named."""
        if self._only is None or self._opened is None:
            return True
        return name in self._opened or any(container in self._only for container in containers(name))


def containers(name: str) -> Iterator[str]:
    """A name, and the names of the file, archive or member that it may be in."""
    yield name
    for at, letter in enumerate(name):
        if letter in "!#":
            yield name[:at]


def _refused(reason: str, name: str, origin: str, place: str = "the file") -> Delivery:
    """A refusal of something that could not be read to its end: the file in which it lies is marked, as it is now."""
    mark = mark_of(origin, name_inside(origin, name))
    return Delivery(name, origin, None, Refusal(reason, name, place, mark))


def format_within(path: Path, wanted: str | None = None) -> str | None:
    """The format of the first member of an archive that has a known one, or the wanted one; None where no member has.

    Raises BrokenError or TooMuchError where it cannot be read so far, OSError where it cannot be opened.
    """
    shape = shape_of(path.name)
    bound = Bound(path.stat().st_size)
    with path.open("rb") as disk, path.open("rb") as directory:
        if shape.packing == "zip":
            members = zip_members(directory, disk, bound)
        else:
            members = tar_members(gunzipped(disk, bound, BrokenError) if shape.gzip else disk)
        formats = (shape_of(m.name).format for m in members if m.is_file and not is_unsafe(m.name))
        return next((format for format in formats if format and wanted in (None, format)), None)
