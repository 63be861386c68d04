"""Mapping files: which column of a table extract is which column of ours.

A mapping is a TOML file, kept beside the extract's paperwork and not beside the data::

    schema      = "courtstats/mapping@1"
    source      = "mis-extract"            # name of the source; part of every key made from it
    system      = "MIS"                    # court system that spoke (optional)
    date_format = "%d/%m/%Y"               # as for strptime; ISO (%Y-%m-%d) unless said
    delimiter   = ";"                      # of CSV files; a comma unless said

    [columns]                              # our column = "Their Column Name"
    case_number  = "Case No"
    hearing_date = "Hearing Date"
    offence_code = "Offence"
    result       = "Result"                # code, short code or words: told apart by shape

    [constants]                            # our column = the value of every row
    court_ou_code = "B01LY"

    [filter]                               # what the extract was narrowed to, if it was
    declared = "offence codes ST195xx only"
    offence_code_prefix = ["ST195"]        # optional: rows outside are set aside

Columns of ours: `COLUMNS`. Needed: `hearing_date`, `offence_code`, one of `result`, `result_code`,
`result_short_code` and `result_text`, and `case_number` or `case_urn`. Only mapped columns are read.
`declared` is free text, but it is identity: two extracts of one source with different filters speak
about different things, so neither replaces the other's days.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from extract.contract import ExtractError

SCHEMA = "courtstats/mapping@1"
ISO = "%Y-%m-%d"
RESULT_COLUMNS = ("result", "result_code", "result_short_code", "result_text")
COLUMNS: dict[str, str] = {
    "case_number": "The source's own number of the case",
    "case_urn": "Unique reference number of the case",
    "court_ou_code": "Organisation unit of the court",
    "lja_code": "Local justice area",
    "police_force": "Police force, two characters",
    "hearing_date": "Day of the hearing",
    "defendant": "The source's own number of the defendant",
    "application": "The source's own number of the application",
    "offence_code": "Offence code",
    "result": "Result, as code, short code or words; told apart by shape",
    "result_code": "CJS result code, one to four digits",
    "result_short_code": "Alphabetic result code, one word of letters and digits",
    "result_text": "Result in words",
    "final_disposal": "Whether the offence is finally disposed of: yes/no, true/false, y/n, 1/0; else not known",
    "finding": "Finding as sent",
    "conviction_date": "Date of conviction",
    "level": "`APPLICATION` where the result is on an application; anything else is `OFFENCE`",
}
"""Every column that a mapping may name, with its meaning."""
PER_ROW = ("case_number", "case_urn", "hearing_date", "defendant", "application", "conviction_date")
"""Columns that cannot be the same for every row, and so cannot be constants."""
KEYS = ("schema", "source", "system", "date_format", "delimiter", "columns", "constants", "filter")
FILTER_KEYS = ("declared", "offence_code_prefix")
COMMON_FORMATS = {
    "dd/mm/yyyy": "%d/%m/%Y",
    "dd-mm-yyyy": "%d-%m-%Y",
    "dd.mm.yyyy": "%d.%m.%Y",
    "dd/mm/yy": "%d/%m/%y",
    "dd-mmm-yyyy": "%d-%b-%Y",
    "dd mmm yyyy": "%d %b %Y",
    "dd mmmm yyyy": "%d %B %Y",
    "yyyy-mm-dd": ISO,
    "iso": ISO,
    "yyyymmdd": "%Y%m%d",
    "yyyy/mm/dd": "%Y/%m/%d",
    "dd/mm/yyyy hh:mm": "%d/%m/%Y %H:%M",
    "dd/mm/yyyy hh:mm:ss": "%d/%m/%Y %H:%M:%S",
    "yyyy-mm-dd hh:mm:ss": "%Y-%m-%d %H:%M:%S",
    "mm/dd/yyyy": "%m/%d/%Y",
}
"""Date formats as people write them, and as `date_format` does."""

_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PREFIX = re.compile(r"[A-Z0-9]{1,8}")
_SECTION = re.compile(r"\s*\[\s*([A-Za-z0-9_-]+)\s*\]")
_KEY = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*(?:\.\s*["']?([A-Za-z0-9_-]+)["']?\s*)?=""")


@dataclass(frozen=True, slots=True)
class Mapping:
    """How one source's tables are read; the module's docstring describes the file.

    `columns` maps our column to theirs, `constants` our column to its value; no column is in both.
    """

    path: Path
    source: str
    system: str | None
    date_format: str
    delimiter: str
    columns: dict[str, str]
    constants: dict[str, str]
    declared_filter: str
    offence_code_prefix: tuple[str, ...]

    def statement_key(self, day: date) -> str:
        """Key of what this source says about one day, under its declared filter."""
        return f"{self.key_start}{day.isoformat()}"

    @property
    def key_start(self) -> str:
        """The statement key without its day."""
        return f"table:{self.source}:{hashlib.sha256(self.declared_filter.encode()).hexdigest()[:12]}:"


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Raises:
        ExceptionGroup: of `ExtractError`, every fault of the file at once, each with its line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        content = tomllib.loads(text)
    except OSError as fault:
        why = fault.strerror or "it cannot be opened"
        raise _group(path, [ExtractError(f"the mapping cannot be read: {why}", where=str(path))]) from None
    except UnicodeDecodeError:
        raise _group(
            path, [ExtractError("the mapping is not UTF-8", where=str(path), remedy="Save it as UTF-8")]
        ) from None
    except tomllib.TOMLDecodeError as fault:
        line = re.search(r"at line (\d+)", str(fault))
        where = f"{path}:{line[1]}" if line else str(path)
        raise _group(path, [ExtractError(f"this is not TOML: {fault}", where=where)]) from None
    faults = _Faults(path, _lines(text))
    mapping = _checked(path, content, faults)
    if faults.found:
        raise _group(path, faults.found)
    return mapping


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy that names the closest known name, or nothing where none is close."""
    by_folded = {k.casefold(): k for k in known}
    close = get_close_matches(name.strip().casefold(), by_folded, n=1, cutoff=0.6)
    return f"Did you mean {by_folded[close[0]]!r}?" if close else ""


class _Faults:
    """Collects what is wrong, so that everything is said at once."""

    def __init__(self, path: Path, lines: dict[tuple[str, str], int]) -> None:
        self.path, self.lines = path, lines
        self.found: list[ExtractError] = []

    def add(self, section: str, key: str, what: str, remedy: str = "") -> None:
        places = (section, key), (key, ""), (section, ""), ("", section)
        line = next((self.lines[place] for place in places if place in self.lines), 1)
        self.found.append(ExtractError(what, where=f"{self.path}:{line}", remedy=remedy))


def _group(path: Path, faults: Sequence[ExtractError]) -> ExceptionGroup[ExtractError]:
    return ExceptionGroup(f"{path}: the mapping cannot be used", faults)


def _lines(text: str) -> dict[tuple[str, str], int]:
    """Line of each (section, key), from 1; tomllib gives no positions."""
    lines: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _SECTION.match(line):
            section = header[1]
            lines.setdefault((section, ""), number)
        elif key := _KEY.match(line):
            place = (key[1], key[2]) if key[2] and not section else (section, key[1])
            lines.setdefault(place, number)
    return lines


def _checked(path: Path, content: dict[str, Any], faults: _Faults) -> Mapping:
    for key in content:
        if key not in KEYS:
            faults.add("", key, f"unknown key {key!r}", nearest(key, KEYS) or f"Known: {', '.join(KEYS)}")
    if "schema" not in content:
        faults.add("", "schema", "`schema` is missing", f'Write schema = "{SCHEMA}"')
    elif content["schema"] != SCHEMA:
        faults.add("", "schema", f"unknown schema {content['schema']!r}", f'Write schema = "{SCHEMA}"')
    source = _text(content, "", "source", faults, needed=True)
    if source and not _SOURCE.fullmatch(source):
        faults.add("", "source", "`source` is not a name", "Use up to 64 letters, digits, dots, dashes, underscores")
    date_format = _text(content, "", "date_format", faults) or ISO
    if not _reads_dates(date_format):
        known = COMMON_FORMATS | {f: f for f in COMMON_FORMATS.values()}
        close = get_close_matches(date_format.casefold(), known, n=1, cutoff=0.5)
        remedy = f'Did you mean "{known[close[0]]}"?' if close else "Write it as for strptime, like %d/%m/%Y"
        faults.add("", "date_format", f"the date format {date_format!r} does not read a whole date", remedy)
    delimiter = content.get("delimiter", ",")
    if not isinstance(delimiter, str) or len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
        faults.add("", "delimiter", "`delimiter` is not one ASCII character", r'Write ",", ";", "|" or "\t"')
    columns = _table(content, "columns", COLUMNS, faults)
    constants = _table(content, "constants", COLUMNS, faults)
    _check_columns(columns, constants, faults)
    declared, prefixes = _filter(content, faults)
    return Mapping(
        path=path,
        source=source or "",
        system=_text(content, "", "system", faults),
        date_format=date_format,
        delimiter=delimiter if isinstance(delimiter, str) else ",",
        columns=columns,
        constants=constants,
        declared_filter=declared,
        offence_code_prefix=prefixes,
    )


def _check_columns(columns: dict[str, str], constants: dict[str, str], faults: _Faults) -> None:
    for ours in constants:
        if ours in PER_ROW:
            remedy = "Map it in [columns]"
            faults.add("constants", ours, f"`{ours}` cannot be the same for every row", remedy)
        elif ours in columns:
            faults.add("constants", ours, f"`{ours}` is both a column and a constant", "Keep one of them")
    named = columns | {ours: value for ours, value in constants.items() if ours not in PER_ROW}
    for needed in (("hearing_date",), ("offence_code",), RESULT_COLUMNS, ("case_number", "case_urn")):
        if not any(ours in named for ours in needed):
            choice = " or ".join(f"`{ours}`" for ours in needed)
            faults.add("columns", "", f"[columns] maps no {choice}", f'Write {needed[0]} = "name of the column"')


def _filter(content: dict[str, Any], faults: _Faults) -> tuple[str, tuple[str, ...]]:
    if "filter" not in content:
        return "", ()
    section = _table(content, "filter", FILTER_KEYS, faults, texts_only=False)
    declared = _text(section, "filter", "declared", faults, needed=True) or ""
    prefixes = section.get("offence_code_prefix", [])
    if not isinstance(prefixes, list) or not all(isinstance(p, str) and _PREFIX.fullmatch(p) for p in prefixes):
        what = "`offence_code_prefix` is not a list of beginnings of offence codes"
        faults.add("filter", "offence_code_prefix", what, 'Write it like ["ST195"], in capitals')
        prefixes = []
    return declared, tuple(prefixes)


def _table(
    content: dict[str, Any], name: str, known: Iterable[str], faults: _Faults, *, texts_only: bool = True
) -> dict[str, Any]:
    section = content.get(name, {})
    if not isinstance(section, dict):
        faults.add("", name, f"`{name}` is not a section", f"Write it as [{name}]")
        return {}
    good = {}
    for key, value in section.items():
        if key not in known:
            remedy = nearest(key, known) or f"Known: {', '.join(known)}"
            faults.add(name, key, f"unknown {'key' if name == 'filter' else 'column'} {key!r} in [{name}]", remedy)
        elif texts_only and (not isinstance(value, str) or not value.strip()):
            faults.add(name, key, f"`{key}` in [{name}] is not a text", "Write it in quotes")
        else:
            good[key] = value
    return good


def _text(content: dict[str, Any], section: str, key: str, faults: _Faults, *, needed: bool = False) -> str | None:
    value = content.get(key)
    if value is None and not needed:
        return None
    if value is None:
        faults.add(section, key, f"`{key}` is missing")
    elif not isinstance(value, str) or not value.strip():
        faults.add(section, key, f"`{key}` is not a text", "Write it in quotes")
    else:
        return value.strip()
    return None


def _reads_dates(date_format: str) -> bool:
    """Whether a date written in the format is read back as the same date."""
    for day in (date(2031, 12, 28), date(2020, 2, 3)):
        try:
            if datetime.strptime(day.strftime(date_format), date_format).date() != day:  # noqa: DTZ007 - a day
                return False
        except ValueError:
            return False
    return True
