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
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from extract.contract import normalise_text
from transform.contract import TransformError

HEADER = ("code", "match", "label", "category", "valid_from", "valid_to", "source")
MATCHES: dict[str, str] = {
    "offence": "offence code, exactly",
    "cjs": "CJS result code",
    "short": "alphabetic short code",
    "text": "whole result text, where the result has no CJS code or 1000",
}
"""How an entry is compared, with the words that explain it."""

SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_CODES: dict[str, tuple[re.Pattern[str], str]] = {
    "offence": (re.compile(r"[A-Z0-9]{1,8}"), "1 to 8 capital letters and digits"),
    "cjs": (re.compile(r"\d{4}"), "four digits (a spreadsheet may have dropped leading zeros)"),
    "short": (re.compile(r"[A-Z0-9]+"), "capital letters and digits"),
    "text": (re.compile(r".*\S.*"), "a text"),
}
_ONE_OF_MATCHES = f"Use one of: {', '.join(MATCHES)}"
_Fault = Callable[[int, str, str], None]
"""Takes line, what is wrong, remedy."""


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


@dataclass(frozen=True, slots=True)
class CodeList:
    """A code list: its file's name without `.csv`, and its entries in the file's order."""

    id: str
    entries: tuple[CodeEntry, ...]

    @property
    def kind(self) -> str:
        """`offence` or `result`: what the list can be compared with."""
        return "offence" if any(e.match == "offence" for e in self.entries) else "result"

    @property
    def categories(self) -> tuple[str, ...]:
        """The distinct categories in the file's order: the cells of a breakdown by this list."""
        return tuple(dict.fromkeys(e.category for e in self.entries))


def vocabulary(lists: Mapping[str, CodeList], standing: Iterable[str]) -> frozenset[str]:
    """The normalised result texts that name nobody: texts and titles of results in the lists, and standing labels."""
    results = [e for one in lists.values() for e in one.entries if e.match != "offence"]
    texts = [e.code for e in results if e.match == "text"] + [e.label for e in results]
    return frozenset(normalise_text(text) for text in (*texts, *standing))


def standing_labels(sql_dir: Path) -> tuple[str, ...]:
    """The titles of `standing/result-labels.csv` (short_code, label, cjs_code). Raises `TransformError`."""
    path = sql_dir / "standing" / "result-labels.csv"
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return tuple(row["label"] for row in csv.DictReader(lines) if row["label"])
    except (OSError, UnicodeDecodeError, KeyError) as error:
        raise TransformError(
            "the standing result titles cannot be read",
            where="standing/result-labels.csv",
            remedy="Restore the file: short_code,label,cjs_code in UTF-8",
        ) from error


def read_code_list(path: Path, shown: str) -> tuple[CodeList, list[TransformError]]:
    """The list of one CSV file and every fault of it; `shown` names the file in the faults."""
    faults: list[TransformError] = []

    def fault(line: int, what: str, remedy: str) -> None:
        faults.append(TransformError(what, where=f"{shown}:{line}", remedy=remedy))

    if not SLUG.fullmatch(path.stem):
        fault(1, f"{path.stem!r} is not a name for a list", "Name the file in small letters, digits and hyphens")
    try:
        rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""), strict=True)
        header = next(rows, [])
        if tuple(header) != HEADER:
            fault(1, "the header is not the header of a code list", f"Write exactly: {','.join(HEADER)}")
            return CodeList(path.stem, ()), faults
        entries = list(_entries(rows, lambda: rows.line_num, fault))
    except UnicodeDecodeError:
        fault(1, "the file is not UTF-8 text", "Save it as CSV UTF-8")
        return CodeList(path.stem, ()), faults
    except csv.Error as error:
        fault(rows.line_num, f"this line is not CSV ({error})", "Put a text with quotes or commas into quotes")
        return CodeList(path.stem, ()), faults
    if not entries and not faults:
        fault(1, "the list is empty", "Add at least one code")
    if len({e.match == "offence" for e in entries}) > 1:
        fault(1, "the list mixes offence codes and results", "Keep them in two lists")
    return CodeList(path.stem, tuple(entries)), faults


def _entries(rows: Iterator[list[str]], line: Callable[[], int], fault: _Fault) -> Iterator[CodeEntry]:
    """The sound entries; what is wrong with the others goes to `fault`."""
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        at, found = line(), _Faults(0)
        if not row:
            continue
        if len(row) != len(HEADER):
            fault(at, f"the line has {len(row)} fields, not {len(HEADER)}", "Quote texts that contain commas")
            continue
        code, match, label, category, valid_from, valid_to, source = row

        def wrong(what: str, remedy: str, at: int = at, found: _Faults = found) -> None:
            found.count += 1
            fault(at, what, remedy)

        if any(field != field.strip() for field in row):
            wrong("a field starts or ends with a space", "Remove the space")
        if match not in MATCHES:
            near = get_close_matches(match, MATCHES, 1)
            wrong(f"{match!r} is not a way to match", f"Did you mean {near[0]!r}" if near else _ONE_OF_MATCHES)
        elif not _CODES[match][0].fullmatch(code):
            wrong(f"{code!r} is not a code of kind {match!r}", f"Write {_CODES[match][1]}")
        if not label:
            wrong("the label is missing", "Write the official title of the code")
        first, last = (_day(text, name, wrong) for text, name in ((valid_from, HEADER[4]), (valid_to, HEADER[5])))
        if first and last and first > last:
            wrong("valid_from is later than valid_to", "Put the earlier day first")
        same = (match, normalise_text(code) if match == "text" else code)
        if same in seen:
            wrong(f"{code!r} is in the list already, on line {seen[same]}", "Remove one of the two")
        seen.setdefault(same, at)
        if not found.count:
            yield CodeEntry(code, match, label, category, first, last, source)


def _day(text: str, name: str, wrong: Callable[[str, str], None]) -> date | None:
    """A day in ISO form; empty is `None`, anything else is a fault."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        wrong(f"{name} {text!r} is not a date", "Write it as 2020-01-20, or leave it empty")
        return None
