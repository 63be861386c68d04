"""Bytes of compressed files, piece by piece: never a whole file in memory, never more than a bound of output."""

import io
import zlib
from collections.abc import Iterator
from typing import IO, Any, Final

PIECE: Final = 262_144
"""Bytes that are read or inflated at a time."""
FREE_BYTES: Final = 200_000_000
"""What the content of one file on disk may inflate to whatever the file's size."""
RATIO: Final = 200
"""How many times a file's size its content may be above that; texts like ours compress about twenty times."""

GZIP: Final = 31
RAW: Final = -15
"""`wbits` of zlib: a gzip member with its check sum, and the bare deflate of a ZIP member."""


class BrokenError(Exception):
    """Compressed content that cannot be read on: all of the file on disk, or one member of it. Quotes nothing."""


class BrokenMemberError(BrokenError):
    """One member cannot be read; the archive around it can."""


class TooMuchError(Exception):
    """The content of one file on disk inflates beyond its bound."""


class Bound:
    """How much the content of one file on disk may still inflate to, over all its members and layers."""

    def __init__(self, size: int) -> None:
        self.left = FREE_BYTES + RATIO * size

    def spend(self, size: int) -> None:
        """Count inflated bytes. Raises TooMuchError above the bound."""
        self.left -= size
        if self.left < 0:
            raise TooMuchError


class _Pieces(io.RawIOBase):
    """A raw stream over an iterator of bytes; what the iterator raises comes out of the read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        size = min(len(target), len(self._rest))
        target[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def buffered(pieces: Iterator[bytes]) -> io.BufferedReader:
    """A readable stream of what an iterator gives."""
    return io.BufferedReader(_Pieces(pieces), PIECE)


def gunzipped(source: IO[bytes], bound: Bound, broken: type[BrokenError]) -> io.BufferedReader:
    """The content of a gzip file, which may be several members one after the other.

    Reading raises `broken` where it is damaged, cut off or followed by something else, TooMuchError above the bound.
    """
    return buffered(_gunzip(source, bound, broken))


def _gunzip(source: IO[bytes], bound: Bound, broken: type[BrokenError]) -> Iterator[bytes]:
    data = source.read(PIECE)
    if not data:
        raise broken
    while data:
        inflater = zlib.decompressobj(GZIP)
        while not inflater.eof:
            yield from inflated(inflater, data, bound, broken)
            data = inflater.unused_data if inflater.eof else source.read(PIECE)
            if not data and not inflater.eof:
                raise broken
        while not (data := data.lstrip(b"\0")):  # padding after the last member is allowed
            if not (data := source.read(PIECE)):
                return


def inflated(inflater: Any, data: bytes, bound: Bound, broken: type[BrokenError]) -> Iterator[bytes]:
    """What some compressed bytes inflate to, a bounded piece at a time."""
    full = False
    while (data or full) and not inflater.eof:
        try:
            piece = inflater.decompress(data, PIECE)
        except zlib.error:
            raise broken from None  # a message of zlib would help nobody
        bound.spend(len(piece))
        if piece:
            yield piece
        data = inflater.unconsumed_tail
        full = len(piece) == PIECE  # then there may be more although everything was taken in
