"""The members of a tar file, read as a stream: nothing is sought, held or written.

Why not `tarfile`: it keeps an object for every member that it has passed, and takes a name of any length into
memory. Read are the ustar, GNU and pax ways of writing a name and a size.
"""

from collections.abc import Iterator
from typing import IO, Final

from extract.streams import PIECE, BrokenError, BrokenMemberError, buffered
from extract.zip_members import Member

_BLOCK: Final = 512
_LONGEST_HEAD: Final = 65_536
"""Most bytes of a long name or of pax fields; file systems allow 4,096 in a name."""
_FILES: Final = b"0\0007"
_WITHOUT_CONTENT: Final = b"123456"
_FOLDER: Final = b"5"
_LONG_NAME, _LONG_LINK, _PAX, _PAX_FOR_ALL, _SPARSE = b"L", b"K", b"x", b"g", b"S"


class _Content:
    """What is left of one member's content, and of the padding behind it."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left, self._padding = file, size, -size % _BLOCK

    def pieces(self) -> Iterator[bytes]:
        while self._left:
            data = self._file.read(min(PIECE, self._left))
            if not data:
                raise BrokenError
            self._left -= len(data)
            yield data

    def skip(self) -> None:
        for _ in self.pieces():
            pass
        _exactly(self._file, self._padding)


def tar_members(file: IO[bytes]) -> Iterator[Member]:
    """The members in their order, folders left out; each has to be read, if at all, before the next is asked for.

    Raises BrokenError where the file is damaged, or ends without saying so.
    """
    name: str | None = None
    size: int | None = None
    sparse = ended = False
    while block := file.read(_BLOCK):
        if len(block) != _BLOCK:
            raise BrokenError
        ended = not block.strip(b"\0")
        if ended:  # the end; but archives are joined by writing one after the other, so whatever follows is read
            continue
        kind, length = block[156:157], _number(block[124:136])
        if _checksum(block) != _number(block[148:156]) or kind == _SPARSE:
            raise BrokenError
        if kind in (_LONG_NAME, _LONG_LINK, _PAX, _PAX_FOR_ALL):
            if length > _LONGEST_HEAD:
                raise BrokenError
            head = _exactly(file, length + -length % _BLOCK)[:length]
            if kind == _LONG_NAME:
                name = head.rstrip(b"\0").decode("utf-8", "replace")
            elif kind == _PAX:
                fields = _pax(head)
                if b"path" in fields:
                    name = fields[b"path"].decode("utf-8", "replace")
                size = _decimal(fields[b"size"]) if b"size" in fields else None
                sparse = any(field.startswith(b"GNU.sparse") for field in fields)
            continue
        content = _Content(file, 0 if kind in _WITHOUT_CONTENT else length if size is None else size)
        named = _name(block) if name is None else name
        if kind != _FOLDER and not (kind == b"\0" and named.endswith("/")):
            pieces = _unreadable() if sparse else content.pieces()
            stream = buffered(pieces)
            yield Member(named, kind in _FILES, lambda stream=stream: stream)  # type: ignore[misc]
        content.skip()
        name = size = None
        sparse = False
    if not ended:
        raise BrokenError


def _unreadable() -> Iterator[bytes]:
    raise BrokenMemberError
    yield b""


def _name(block: bytes) -> str:
    name, prefix = block[0:100].split(b"\0")[0], block[345:500].split(b"\0")[0]
    if prefix and block[257:263] == b"ustar\0":
        name = prefix + b"/" + name
    return name.decode("utf-8", "replace")


def _number(field: bytes) -> int:
    """A number in octal digits, or in base 256 where the first bit is set."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    return _decimal(field.strip(b" \0") or b"0", 8)


def _decimal(digits: bytes, base: int = 10) -> int:
    if not digits.isdigit():
        raise BrokenError
    try:
        return int(digits[:24], base)
    except ValueError:
        raise BrokenError from None


def _checksum(block: bytes) -> int:
    return sum(block[:148]) + 8 * ord(" ") + sum(block[156:])


def _pax(head: bytes) -> dict[bytes, bytes]:
    """The fields of a pax header: lines of a length, a name and a value."""
    fields = {}
    while head:
        digits, space, _ = head.partition(b" ")
        length = _decimal(digits)
        if not space or not len(digits) + 1 < length <= len(head):
            raise BrokenError
        field, _, value = head[len(digits) + 1 : length].removesuffix(b"\n").partition(b"=")
        fields[field] = value
        head = head[length:]
    return fields


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise BrokenError
    return data
