"""A JSON document from outside, read safely: sizes capped before decoding, shapes checked where they are used.

`decode` gives the whole document, `Part` an object inside it that knows its place and reports what is of
another kind than it has to be. Unknown keys are never looked at.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

MAX_BYTES: Final = 20_000_000
"""A document above this is `too-large`; real ones have 10 to 80 kB."""
MAX_CONTAINERS: Final = 50_000
"""Most `{` and `[` in a document (`too-large`): they cost far more memory than their bytes. Real ones have 150."""
MAX_COMMAS: Final = 300_000
"""Most `,` in a document (`too-large`), for the same reason. Real ones have 1,000."""
MAX_DEPTH: Final = 100
"""Deepest nesting of objects and arrays, the outermost being 1 (`too-deep`); real ones have about 12."""
MAX_TEXT: Final = 1_000_000
"""Longest text or name of a key in characters (`text-too-long`)."""
MAX_FAULTS: Final = 1_000
"""Most faults that are told one by one; a document with more is refused as a whole (`bad-shape`)."""

_BOM = b"\xef\xbb\xbf"


class Fault(NamedTuple):
    """Something that was set aside: the reason code and the path of keys and positions."""

    reason: str
    place: str


class DocumentRefusedError(Exception):
    """A document that cannot be used at all: the reason (of `extract.contract.REASONS`) and the place."""

    def __init__(self, reason: str, place: str = "file") -> None:
        self.reason, self.place = reason, place
        super().__init__(reason)


def decode(data: bytes) -> Any:
    """The decoded document; a byte order mark of UTF-8 may precede it.

    Raises DocumentRefusedError where it is not UTF-8, not JSON, or above a cap.
    """
    if len(data) > MAX_BYTES:
        raise DocumentRefusedError("too-large")
    if b"\0" in data:
        raise DocumentRefusedError("bad-encoding")
    if data.count(b"{") + data.count(b"[") > MAX_CONTAINERS or data.count(b",") > MAX_COMMAS:
        raise DocumentRefusedError("too-large")
    try:
        document = orjson.loads(data.removeprefix(_BOM))
    except orjson.JSONDecodeError as error:
        raise DocumentRefusedError(_reason(data, error)) from None  # its message quotes the content
    _refuse_deep_and_long(document, long=len(data) > MAX_TEXT)
    return document


def _reason(data: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        data.decode()
    except UnicodeDecodeError:
        return "bad-encoding"
    return "too-deep" if error.msg.startswith("depth limit") else "malformed-json"


def _refuse_deep_and_long(document: Any, *, long: bool) -> None:
    """`long`: whether the document is long enough to hold a text above the cap."""
    layer = [document]
    for _ in range(MAX_DEPTH):
        children: list[Any] = []
        for part in layer:
            if isinstance(part, dict):
                children += part.values()
                if long:
                    _refuse_long(part)
            elif isinstance(part, list):
                children += part
        if long:
            _refuse_long(children)
        layer = [child for child in children if isinstance(child, (dict, list))]
        if not layer:
            return
    raise DocumentRefusedError("too-deep")


def _refuse_long(values: Iterable[Any]) -> None:
    for value in values:
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise DocumentRefusedError("text-too-long")


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of one document, each said once, in the order in which they were found."""

    found: dict[Fault, None] = field(default_factory=dict)

    def add(self, reason: str, place: str) -> None:
        """Raises DocumentRefusedError where there are too many to be told one by one."""
        fault = Fault(reason, place)
        if fault not in self.found and len(self.found) >= MAX_FAULTS:
            raise DocumentRefusedError("bad-shape")
        self.found[fault] = None


@dataclass(frozen=True, slots=True)
class Part:
    """An object of the document and where it is; asking it for something of another kind is a `bad-shape` fault."""

    values: dict[str, Any]
    place: str
    faults: Faults

    def child(self, key: str) -> "Part | None":
        """The object under a key; None where there is none."""
        value = self.values.get(key)
        if isinstance(value, dict):
            return Part(value, f"{self.place}/{key}", self.faults)
        if value is not None:
            self.faults.add("bad-shape", f"{self.place}/{key}")
        return None

    def children(self, key: str) -> "Iterator[Part]":
        """The objects in the list under a key, their places counted from 1; those of another kind left out."""
        values = self.values.get(key)
        if not isinstance(values, list):
            if values is not None:
                self.faults.add("bad-shape", f"{self.place}/{key}")
            return
        for position, value in enumerate(values, 1):
            place = f"{self.place}/{key} {position}"
            if isinstance(value, dict):
                yield Part(value, place, self.faults)
            else:
                self.faults.add("bad-shape", place)

    def text(self, key: str) -> str | None:
        """The trimmed text (or whole number) under a key, empty where there is none; None where it is no text."""
        value = self.values.get(key)
        if isinstance(value, str):
            return value.strip()
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        self.faults.add("bad-shape", f"{self.place}/{key}")
        return None
