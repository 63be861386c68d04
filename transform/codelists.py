"""Code lists: CSV files of offence or result codes, read as text, so that 0401 stays 0401.

A result is recognised in one of three ways and the list says which: by CJS code (`cjs`), by the short
alphabetic code (`short`), or by its whole text (`text`). A list holds offence codes or results, not both.
`valid_from` and `valid_to` say when a code was in official use. They inform the reader and do not
take part in matching: a hearing may come long after its code gave way to another.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from extract.contract import normalise_text
from transform.contract import TransformError
from transform.definition_files import read_text

HEADER = ("code", "match", "label", "category", "valid_from", "valid_to", "source")
MATCHES: dict[str, str] = {
    "offence": "offence code, exactly",
    "base": "base offence code, whatever the letter of its form (attempt, aid and abet) in the eighth place",
    "cjs": "CJS result code",
    "short": "alphabetic short code",
    "text": "whole result text, where the result has no CJS code or 1000",
}
"""How an entry is compared, with the words that explain it."""

CJS_DIGITS = 4
SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_CODES: dict[str, tuple[re.Pattern[str], str]] = {
    "offence": (re.compile(r"[A-Z0-9]{1,8}"), "1 to 8 capital letters and digits"),
    "base": (re.compile(r"[A-Z0-9]{7}"), "the seven characters that come before the letter of the form"),
    "cjs": (re.compile(r"\d{4}"), "four digits"),
    "short": (re.compile(r"[A-Z0-9]+"), "capital letters and digits"),
    "text": (re.compile(r".*\S.*"), "a text"),
}
OFFENCE_MATCHES = ("offence", "base")
"""The ways to match that compare offence codes; the others compare results."""
_KINDS = {
    "offence": "offence code",
    "base": "base offence code",
    "cjs": "CJS result code",
    "short": "short code of a result",
    "text": "text",
}
_ALIKE = str.maketrans("OIL", "011")
_ONE_OF_MATCHES = f"Use one of: {', '.join(MATCHES)}"
_Fault = Callable[[int, str, str, int], None]
"""Takes line, what is wrong, remedy, number of the field from 0."""


@dataclass(slots=True)
class _Faults:
    """How many faults one line has."""

    count: int


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One code of a list: what it is, how it is compared, and its official title."""

    code: str
    match: str
    label: str
    category: str
    valid_from: date | None
    valid_to: date | None
    source: str
    line: int = field(default=0, compare=False)
    """Line of the file, for findings; takes no part in what the list says."""


@dataclass(frozen=True, slots=True)
class CodeList:
    """A code list: its file's name without `.csv`, and its entries in the file's order."""

    id: str
    entries: tuple[CodeEntry, ...]

    @property
    def kind(self) -> str:
        """`offence` or `result`: what the list can be compared with."""
        return "offence" if any(e.match in OFFENCE_MATCHES for e in self.entries) else "result"

    @property
    def categories(self) -> tuple[str, ...]:
        """The distinct categories in the file's order: the cells of a breakdown by this list."""
        return tuple(dict.fromkeys(e.category for e in self.entries))


def vocabulary(lists: Mapping[str, CodeList], standing: Iterable[str]) -> frozenset[str]:
    """The normalised result texts that name nobody: texts and titles of results in the lists, and standing labels."""
    results = [e for one in lists.values() for e in one.entries if e.match not in OFFENCE_MATCHES]
    texts = [e.code for e in results if e.match == "text"] + [e.label for e in results]
    return frozenset(normalise_text(text) for text in (*texts, *standing))


def read_code_list(path: Path, shown: str) -> tuple[CodeList, list[TransformError]]:
    """The list of one CSV file and every fault of it; `shown` names the file in the faults."""
    text, fault = read_text(path, shown)
    if fault:
        return CodeList(path.stem, ()), [fault]
    return parse_code_list(text, path.stem, shown)


def parse_code_list(text: str, name: str, shown: str) -> tuple[CodeList, list[TransformError]]:
    """The list of that name with that text (CSV) and every fault of it, each as `shown:line:column`."""
    faults: list[TransformError] = []
    lines = text.splitlines()

    def fault(line: int, what: str, remedy: str, field: int = 0) -> None:
        column = _column(lines[line - 1], field) if 0 < line <= len(lines) else 1
        faults.append(TransformError(what, where=f"{shown}:{line}:{column}", remedy=remedy))

    if not SLUG.fullmatch(name):
        fault(1, f"{name!r} is not a name for a list", "Name the file in small letters, digits and hyphens")
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(rows, [])
        if tuple(header) != HEADER:
            fault(1, *_wrong_header(text, header))
            return CodeList(name, ()), faults
        entries = list(_entries(rows, lambda: rows.line_num, fault))
    except csv.Error as error:
        fault(rows.line_num, f"this line is not CSV ({error})", "Put a text with quotes or commas into quotes")
        return CodeList(name, ()), faults
    if not entries and not faults:
        fault(1, "the list is empty", "Add at least one code")
    if len({e.match in OFFENCE_MATCHES for e in entries}) > 1:
        fault(1, "the list mixes offence codes and results", "Keep them in two lists")
    return CodeList(name, tuple(entries)), faults


def _wrong_header(text: str, header: list[str]) -> tuple[str, str]:
    """What is wrong with the first line, and what to do: mostly it is the way in which a spreadsheet saved it."""
    if not text.strip():
        return "the file is empty", f"Begin with: {','.join(HEADER)}"
    first = text.splitlines()[0]
    if first.lower().startswith("sep="):
        return "the first line is a hint for a spreadsheet", "Remove it"
    if ";" in first or "\t" in first:
        return "the fields are not separated by commas", "Save it as CSV with commas"
    if [name.strip() for name in header] == list(HEADER):
        return "there are spaces around the names of the columns", "Remove them, and those of the other lines"
    if [name for name in header if name] == list(HEADER):
        return "there are commas after the last column", "Remove the empty columns"
    return "the header is not the header of a code list", f"Write exactly: {','.join(HEADER)}"


def _column(line: str, field: int) -> int:
    """Where a field of a CSV line starts, from 1."""
    at, quoted = 0, False
    while field and at < len(line):
        quoted ^= line[at] == '"'
        field -= line[at] == "," and not quoted
        at += 1
    return at + 1


def _entries(rows: Iterator[list[str]], line: Callable[[], int], fault: _Fault) -> Iterator[CodeEntry]:
    """The sound entries; what is wrong with the others goes to `fault`."""
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        at, found = line(), _Faults(0)
        if not row:
            continue
        if len(row) != len(HEADER):
            fault(at, f"the line has {len(row)} fields, not {len(HEADER)}", "Quote texts that contain commas", 0)
            continue
        code, match, label, category, valid_from, valid_to, source = row

        def wrong(field: str, what: str, remedy: str, at: int = at, found: _Faults = found) -> None:
            found.count += 1
            fault(at, what, remedy, HEADER.index(field))

        for name, value in zip(HEADER, row, strict=True):
            if value != value.strip():
                wrong(name, f"the {name} starts or ends with a space", "Remove the space")
        if match not in MATCHES:
            near = get_close_matches(match, MATCHES, 1)
            wrong("match", f"{match!r} is not a way to match", f"Did you mean {near[0]!r}" if near else _ONE_OF_MATCHES)
        elif not _CODES[match][0].fullmatch(code.strip()):
            lost = match == "cjs" and code.isdigit() and len(code) < CJS_DIGITS
            remedy = f"Did you mean {code.zfill(CJS_DIGITS)!r}? A spreadsheet may have dropped leading zeros"
            wrong("code", f"{code!r} is no {_KINDS[match]}", remedy if lost else _well_formed(match, code))
        if len(category.split()) > 1 or "=" in category:
            wrong("category", f"the category {category!r} is not one word", "Write it like interim-only")
        if not label:
            wrong("label", "the label is missing", "Write the official title of the code")
        first, last = _day(valid_from, "valid_from", wrong), _day(valid_to, "valid_to", wrong)
        if first and last and first > last:
            wrong("valid_from", "valid_from is later than valid_to", "Put the earlier day first")
        same = (match, normalise_text(code) if match == "text" else code)
        if same in seen:
            wrong("code", f"{code!r} is in the list already, on line {seen[same]}", "Remove one of the two")
        seen.setdefault(same, at)
        if not found.count:
            yield CodeEntry(code, match, label, category, first, last, source, at)


def _well_formed(match: str, code: str) -> str:
    """What to write instead; in capitals, with figures for the letters that look like them, where that is a code."""
    upper = code.strip().upper()
    for tried in (upper, upper[:2] + upper[2:].translate(_ALIKE)):
        if match != "text" and _CODES[match][0].fullmatch(tried):
            return f"Did you mean {tried!r}?"
    return f"Write {_CODES[match][1]}"


def _day(text: str, name: str, wrong: Callable[[str, str, str], None]) -> date | None:
    """A day in ISO form; empty is `None`, anything else is a fault."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        wrong(name, f"{name} {text!r} is not a date", "Write it as 2020-01-20, or leave it empty")
        return None
