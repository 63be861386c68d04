"""Where each key of a TOML text stands, for errors that point at a line.

`tomllib` gives values without positions. This walks a text that `tomllib` has already accepted, so it
checks nothing: it only follows the shape and notes the place of every key and array element.
"""

import re
import tomllib

Path = tuple[str | int, ...]
"""A way into the parsed document: keys, and positions in arrays from 0."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^\s,\]}#][^,\]}#\n]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRINGS = (
    re.compile(r'"""(?:\\.|[^\\])*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\\n])*"'),
    re.compile(r"'[^'\n]*'"),
)


Place = tuple[int, int]
"""Line and column, both from 1."""


def places(text: str) -> dict[Path, Place]:
    """Line and column of every key, table and array element of a valid TOML text, by path."""
    return _Walk(text).document()


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Path, Place] = {}
        self.tables: dict[Path, int] = {}  # array of tables -> position of its latest table

    def document(self) -> dict[Path, Place]:
        prefix: Path = ()
        self.blank()
        while self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                prefix = self.header(2, array=True)
            elif self.text[self.at] == "[":
                prefix = self.header(1, array=False)
            else:
                self.pair(prefix)
            self.blank()
        return self.found

    def blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def note(self, path: Path, place: Place) -> None:
        self.found.setdefault(path, place)

    def place(self) -> Place:
        start = self.text.rfind("\n", 0, self.at) + 1
        return self.text.count("\n", 0, self.at) + 1, self.at - start + 1

    def header(self, brackets: int, *, array: bool) -> Path:
        place = self.place()
        self.at += brackets
        keys = self.key()
        self.at += brackets
        path: Path = ()
        for key in keys[:-1]:
            path = self.latest((*path, key))
            self.note(path, place)
        path = (*path, keys[-1])
        self.note(path, place)
        if array:
            self.tables[path] = self.tables.get(path, -1) + 1
            path = self.latest(path)
            self.note(path, place)
        return path

    def latest(self, path: Path) -> Path:
        return (*path, self.tables[path]) if path in self.tables else path

    def key(self) -> list[str]:
        """A dotted key; leaves the walk on what follows it."""
        parts: list[str] = []
        while True:
            self.blank()
            if self.text[self.at] in "\"'":
                start = self.at
                self.string()
                parts.append(str(tomllib.loads(f"k = {self.text[start : self.at]}")["k"]))
            else:
                found = _BARE_KEY.match(self.text, self.at)
                parts.append(found[0] if found else "")
                self.at = found.end() if found else self.at + 1
            self.blank()
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def pair(self, prefix: Path) -> None:
        place = self.place()
        path = prefix
        for key in self.key():
            path = (*path, key)
            self.note(path, place)
        self.at += 1  # the equals sign
        self.value(path)

    def value(self, path: Path) -> None:
        self.blank()
        opening = self.text[self.at]
        if opening in "\"'":
            self.string()
        elif opening in "[{":
            self.collection(path, "]" if opening == "[" else "}")
        else:
            found = _BARE_VALUE.match(self.text, self.at)
            self.at = found.end() if found else self.at + 1

    def collection(self, path: Path, closing: str) -> None:
        self.at += 1
        position = 0
        while True:
            self.blank()
            if self.text[self.at] in (closing, ","):
                self.at += 1
                if self.text[self.at - 1] == closing:
                    return
                continue
            if closing == "]":
                self.note((*path, position), self.place())
                self.value((*path, position))
                position += 1
            else:
                self.pair(path)

    def string(self) -> None:
        for form in _STRINGS:
            if found := form.match(self.text, self.at):
                self.at = found.end()
                return
        self.at += 1
