"""JSON documents out of a stream of many: an array element by element, JSON lines line by line.

Only as much is looked at as is needed to find where a document ends: strings with their escapes, and the
depth of brackets. Whether a document is well formed is for its reader to say. Nothing larger than one
document is held, and of a document above the cap nothing but its hash.
"""

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

CHUNK: Final = 262_144
SPACE: Final = b" \t\r\n"
BOM: Final = b"\xef\xbb\xbf"

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|[\[\]{}]', re.DOTALL)
_STRING_REST = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+("?)', re.DOTALL)
_QUOTE, _OPENING, _CLOSING = ord('"'), b"{[", b"}]"


@dataclass(frozen=True, slots=True)
class Piece:
    """One document: its position from 1, and its bytes, or the reason and hash of what cannot be handed out."""

    number: int
    data: bytes | None
    reason: str = ""
    content_hash: str = ""


class _Held:
    """The bytes of a document so far; above the cap only their hash."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._data = bytearray()
        self._hash: Any = None

    def __bool__(self) -> bool:
        return bool(self._data) or self._hash is not None

    def add(self, part: bytes) -> None:
        if self._hash is None and len(self._data) + len(part) > self._cap:
            self._hash = hashlib.sha256(self._data)
            self._data.clear()
        if self._hash is None:
            self._data += part
        else:
            self._hash.update(part)

    def take(self, number: int, reason: str = "") -> Piece:
        """The document as a piece; with a reason its hash alone. Begins the next one."""
        data, hashed = bytes(self._data), self._hash
        self._data.clear()
        self._hash = None
        if hashed is None and not reason:
            return Piece(number, data)
        return Piece(number, None, reason or "too-large", (hashed or hashlib.sha256(data)).hexdigest())


def starts_array(stream: io.BufferedReader) -> bool:
    """Whether the first byte that is no white space opens an array; white space before it is read away."""
    while ahead := stream.peek(CHUNK):
        rest = ahead.lstrip(SPACE + BOM)
        if rest:
            return rest.startswith(b"[")
        stream.read(len(ahead))
    return False


def lines(stream: io.BufferedReader, cap: int) -> Iterator[Piece]:
    """The documents of JSON lines, numbered by line; blank lines are passed over."""
    number = 0
    while line := stream.readline(cap + 2):
        number += 1
        held = _Held(cap)
        while line and not line.endswith(b"\n") and len(line) > cap:
            held.add(line)
            line = stream.readline(cap + 2)
        if held:
            held.add(line)
            yield held.take(number)
            continue
        body = line.removeprefix(BOM).strip(SPACE) if number == 1 else line.strip(SPACE)
        if body:
            held.add(body)
            yield held.take(number)


def elements(stream: io.BufferedReader, cap: int) -> Iterator[Piece]:
    """The elements of the array that the stream begins with, numbered from 1.

    What stands between elements and is neither a comma nor white space is handed out as a document of its own,
    for its reader to refuse. An array that is cut off, or followed by something, ends in `malformed-json`.
    """
    held = _Held(cap)
    number = depth = 0
    in_string = escaped = closed = False
    while not closed and (chunk := stream.read1(CHUNK)):
        at = start = 0
        if in_string:
            end = _STRING_REST.match(chunk, 1 if escaped else 0)
            assert end is not None  # it matches the empty string too
            start, in_string = end.end(), not end[1]
            escaped = in_string and start < len(chunk)
        for token in () if in_string else _TOKEN.finditer(chunk, start):
            kind = chunk[token.start()]
            if kind == _QUOTE:
                if not token[1]:  # it goes on in the next chunk
                    in_string, escaped = True, token.end() < len(chunk)
            elif kind in _OPENING:
                if depth <= 1:
                    held.add(_between(chunk[at : token.start()]) if depth else b"")
                    if held:
                        number += 1
                        yield held.take(number)
                    at = token.start() if depth else token.end()
                depth += 1
            elif kind in _CLOSING:
                depth -= 1
                if depth == 1:
                    number += 1
                    held.add(chunk[at : token.end()])
                    yield held.take(number)
                    at = token.end()
                elif depth <= 0:
                    held.add(_between(chunk[at : token.start()]))
                    if held:
                        number += 1
                        yield held.take(number)
                    at, closed = token.end(), True
                    break
        rest = chunk[at:]
        if closed:
            held.add(rest.strip(SPACE))
        else:
            held.add(rest if depth > 1 else _between(rest))
    while closed and not held and (chunk := stream.read1(CHUNK)):
        held.add(chunk.strip(SPACE))
    if held or not closed:
        yield held.take(number + 1, "malformed-json")


def _between(text: bytes) -> bytes:
    return text.strip(SPACE + b",")
