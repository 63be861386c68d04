"""The members of a ZIP file, read from its central directory one entry at a time.

Why not `zipfile`: it holds an object for every entry before the first is read, gives up on the whole file where
one name is not UTF-8, and trusts the sizes that an entry claims. Nothing is written to disk here.
"""

import stat
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from typing import IO, Any, Final

from extract.streams import PIECE, RAW, Bound, BrokenError, BrokenMemberError, buffered, inflated

_END: Final = struct.Struct("<4s4H2LH")
_END64_PLACE: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_ENTRY: Final = struct.Struct("<4s4B4HL2L5H2L")
_LOCAL: Final = struct.Struct("<4s2B4HL2L2H")
_LONGEST_COMMENT: Final = 65_535
_UNKNOWN32, _ZIP64_EXTRA = 0xFFFFFFFF, 1
_COUNTED_TO: Final = 65_536
"""Old writers begin to count the entries again from here."""
_ENCRYPTED: Final = 0x1
_STORED, _DEFLATED = 0, 8


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an archive: its name as stored, whether it is an ordinary file, and how to read it.

    What `stream` gives raises BrokenMemberError where this member is damaged, BrokenError where the archive is.
    """

    name: str
    is_file: bool
    stream: Callable[[], BufferedReader]


@dataclass(frozen=True, slots=True)
class _Entry:
    flags: int
    method: int
    crc: int
    compressed: int
    size: int
    offset: int
    before: int
    """Where the directory begins: content lies before it."""


def zip_members(directory: IO[bytes], content: IO[bytes], bound: Bound) -> Iterator[Member]:
    """The members in the order of the directory, folders left out.

    `directory` and `content` are two handles of one file. Raises BrokenError where the directory is damaged.
    """
    try:
        start, size, shift, entries = _find_directory(directory)
        directory.seek(start)
        while size > 0:
            entries -= 1
            fields = _ENTRY.unpack(_exactly(directory, _ENTRY.size))
            name_length, extra_length, comment_length = fields[12:15]
            size -= _ENTRY.size + name_length + extra_length + comment_length
            raw = _exactly(directory, name_length)
            extra = _exactly(directory, extra_length)
            _exactly(directory, comment_length)
            if fields[0] != b"PK\x01\x02":
                raise BrokenError
            name = raw.decode("utf-8", "replace")  # an old name in another encoding keeps its ending
            if name.endswith("/"):
                continue
            compressed, plain, offset = _sizes(extra, fields[10], fields[11], fields[18])
            entry = _Entry(fields[5], fields[6], fields[9], compressed, plain, offset + shift, start)
            mode = fields[17] >> 16
            is_file = stat.S_IFMT(mode) in (0, stat.S_IFREG)
            yield Member(name, is_file, lambda entry=entry: buffered(_content(content, entry, bound)))  # type: ignore[misc]
        if entries % _COUNTED_TO:
            raise BrokenError
    except struct.error:
        raise BrokenError from None


def _find_directory(file: IO[bytes]) -> tuple[int, int, int, int]:
    """Where the directory starts, its size, by how much offsets are too small, number of entries."""
    length = file.seek(0, 2)
    tail_start = max(0, length - _END.size - _LONGEST_COMMENT)
    file.seek(tail_start)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise BrokenError
    end = tail_start + at
    *_, entries, size, offset, _comment = _END.unpack_from(tail, at)
    # The large kind of record is told by its locator alone: writers put it there when the one number that does not
    # fit is the count, and size and offset do.
    place = end - _END64_PLACE.size
    if place >= 0:
        file.seek(place)
        mark, _, end64, _ = _END64_PLACE.unpack(_exactly(file, _END64_PLACE.size))
        if mark == b"PK\x06\x07":
            fields, end = _large_end(file, place, end64)
            entries, size, offset = fields[7], fields[8], fields[9]
    start = end - size
    if start < offset:
        raise BrokenError
    return start, size, start - offset, entries


def _large_end(file: IO[bytes], place: int, told: int) -> tuple[tuple[Any, ...], int]:
    """The large record of the end and where it is: where its locator says, else just before the locator.

    Something before the archive moves it from where it says.
    """
    for at in (told, place - _END64.size):
        if 0 <= at <= place - _END64.size:
            file.seek(at)
            fields = _END64.unpack(_exactly(file, _END64.size))
            if fields[0] == b"PK\x06\x06":
                return fields, at
    raise BrokenError


def _sizes(extra: bytes, compressed: int, plain: int, offset: int) -> tuple[int, int, int]:
    """Compressed and plain size and offset, from the ZIP64 field where they do not fit in 32 bits."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        if kind == _ZIP64_EXTRA:
            values = iter(struct.unpack_from(f"<{min(length, 24) // 8}Q", extra, 4))
            plain = next(values, plain) if plain == _UNKNOWN32 else plain
            compressed = next(values, compressed) if compressed == _UNKNOWN32 else compressed
            offset = next(values, offset) if offset == _UNKNOWN32 else offset
            break
        extra = extra[4 + length :]
    return compressed, plain, offset


def _content(file: IO[bytes], entry: _Entry, bound: Bound) -> Iterator[bytes]:
    """What a member inflates to: exactly the size and check sum that it claims, or it is broken."""
    if entry.flags & _ENCRYPTED or entry.method not in (_STORED, _DEFLATED):
        raise BrokenMemberError
    if entry.offset > entry.before:  # it could be any number, and no file can be read from there
        raise BrokenMemberError
    file.seek(entry.offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(b"PK\x03\x04"):
        raise BrokenMemberError
    fields = _LOCAL.unpack(head)
    file.seek(sum(fields[-2:]), 1)
    size = crc = 0
    for piece in _plain(file, entry, bound):
        size += len(piece)
        crc = zlib.crc32(piece, crc)
        if size > entry.size:
            raise BrokenMemberError
        yield piece
    if size != entry.size or crc != entry.crc:
        raise BrokenMemberError


def _plain(file: IO[bytes], entry: _Entry, bound: Bound) -> Iterator[bytes]:
    inflater = zlib.decompressobj(RAW) if entry.method == _DEFLATED else None
    left = entry.compressed
    while left > 0 and (data := file.read(min(PIECE, left))):
        left -= len(data)
        if inflater:
            yield from inflated(inflater, data, bound, BrokenMemberError)
        else:
            bound.spend(len(data))
            yield data


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise BrokenError
    return data
