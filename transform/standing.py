"""Standing data: the official codes and titles that come with courtstats, in `sql/standing/`.

Each Parquet file there is one table, and each dataclass here is one row of it: the fields are the
columns. `sources.json` says where each file is from and what its SHA-256 is; a file that is not the one
described there is refused, so that a half-made refresh cannot pass unseen. What is read is kept until
the file changes. The tables inform people and checks, name forces and courts, and say which result texts
name nobody; which codes a question counts is decided by its own lists alone.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from transform.contract import TransformError

SQL = Path(__file__).resolve().parents[1] / "sql"
"""The folder that comes with courtstats; `standing/` is in it."""
SOURCES = "sources.json"
SOURCES_SCHEMA = "courtstats/standing-sources@1"
CODE_CHANGES = "code-changes.csv"
FORCE_REGIONS = "force-regions.csv"
BASE_LENGTH = 7
"""Characters of an offence code without its form: an eighth letter says attempt (A), aid and abet (B), ..."""
OTHER = "other"
"""The force and region of a code that belongs to no police force of England and Wales."""
REMEDY = "Put the file back, or make it again: courtstats codes refresh PACKAGE"
_CODE = re.compile(r"[A-Z0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Offence:
    """An offence or application. `home_office_class` is like `8/65`, empty where there is none."""

    code: str
    title: str
    home_office_class: str
    category: str
    notifiable: bool | None
    recordable: bool | None


@dataclass(frozen=True, slots=True)
class ResultCode:
    """A CJS result code with its title; `type` and `qualifiers` are the letters of the source."""

    code: str
    title: str
    type: str
    qualifiers: str


@dataclass(frozen=True, slots=True)
class Court:
    """A court by the first five characters of its organisation unit; `kind` is magistrates, crown or other.

    `area` is the police area (two characters) in which it sits.
    """

    code: str
    name: str
    kind: str
    area: str
    area_name: str


@dataclass(frozen=True, slots=True)
class Force:
    """Two characters as references carry them, and the police force that they stand for.

    `force` is one code for each force (02 is 01, the Metropolitan Police) or `other`; `place` orders forces
    for display, and codes of one force share it.
    """

    code: str
    name: str
    force: str
    force_name: str
    region: str
    place: int


@dataclass(frozen=True, slots=True)
class ShortCode:
    """An alphabetic result code with its title and its CJS code (empty where it has none)."""

    short_code: str
    label: str
    cjs_code: str


@dataclass(frozen=True, slots=True)
class CodeChange:
    """A code that gave way to another: `date` is the first day of the successor."""

    code: str
    successor: str
    date: date
    source: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file of standing data is from: name, licence and version of the source; its rows and SHA-256 (hex)."""

    file: str
    source: str
    licence: str
    version: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What code lists are checked against; each table by its code."""

    offences: Mapping[str, Offence]
    results: Mapping[str, ResultCode]
    short_codes: Mapping[str, ShortCode]
    changes: tuple[CodeChange, ...]


TABLES: dict[str, type] = {
    "offences": Offence,
    "results": ResultCode,
    "courts": Court,
    "forces": Force,
    "short-codes": ShortCode,
}
"""Every table by its file's name without `.parquet`; the first field of a row is its key."""


def offences(sql_dir: Path | None = None) -> Mapping[str, Offence]:
    """Every offence by its code. Raises `TransformError` where the file is missing or broken, as all of these do."""
    return table("offences", sql_dir)


def results(sql_dir: Path | None = None) -> Mapping[str, ResultCode]:
    """Every CJS result code."""
    return table("results", sql_dir)


def courts(sql_dir: Path | None = None) -> Mapping[str, Court]:
    """Every court by five characters."""
    return table("courts", sql_dir)


def forces(sql_dir: Path | None = None) -> Mapping[str, Force]:
    """Every code of a police force or similar body by two characters."""
    return table("forces", sql_dir)


def force_categories(breakdown: str, sql_dir: Path | None = None) -> tuple[str, ...]:
    """The cells of the breakdown `police_force` or `region`, in their order, without those for what is none."""
    known = sorted(forces(sql_dir).values(), key=lambda force: force.place)
    found = (force.force if breakdown == "police_force" else region_category(force.region) for force in known)
    return tuple(category for category in dict.fromkeys(found) if category != OTHER)


def region_category(name: str) -> str:
    """A region as a category: `North East` is `north-east`."""
    return name.lower().replace(" ", "-")


def short_codes(sql_dir: Path | None = None) -> Mapping[str, ShortCode]:
    """Every alphabetic result code, as its source writes it."""
    return table("short-codes", sql_dir)


def result_labels(sql_dir: Path | None = None) -> tuple[str, ...]:
    """The titles of the short codes: result texts that name nobody."""
    return tuple(code.label for code in short_codes(sql_dir).values() if code.label)


def offence(code: str, sql_dir: Path | None = None) -> Offence | None:
    """The offence of exactly that code, else of its base code, else none."""
    return offence_in(offences(sql_dir), code)


def offence_in(known: Mapping[str, Offence], code: str) -> Offence | None:
    """The same among offences at hand."""
    return known.get(code) or known.get(code[:BASE_LENGTH])


def standing(sql_dir: Path | None = None) -> Standing:
    """All that code lists are checked against. Raises `TransformError`, or a group of them for code-changes.csv."""
    return Standing(offences(sql_dir), results(sql_dir), short_codes(sql_dir), code_changes(sql_dir))


def table(name: str, sql_dir: Path | None = None) -> Mapping[str, Any]:
    """The rows of one of `TABLES` by their first field, in the file's order."""
    return read_table((sql_dir or SQL) / "standing", name)


def read_table(folder: Path, name: str) -> Mapping[str, Any]:
    """The same from a folder of standing data, which need not be one called `standing`."""
    described = read_sources(folder).get(f"{name}.parquet")
    try:
        stamp = (folder / f"{name}.parquet").stat()
    except OSError:
        raise _broken(f"{name}.parquet", "there is no such file") from None
    if described is None:
        raise _broken(SOURCES, f"does not say where {name}.parquet is from")
    return _rows(folder, name, described.sha256, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=32)
def _rows(folder: Path, name: str, digest: str, _changed: int, _size: int) -> Mapping[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = (folder / f"{name}.parquet").read_bytes()
        if sha256(content).hexdigest() != digest:
            raise _broken(f"{name}.parquet", f"is not the file that {SOURCES} describes")
        found = pq.ParquetFile(pa.BufferReader(content)).read()  # read_table imports pandas
    except (OSError, pa.ArrowInvalid):
        raise _broken(f"{name}.parquet", "cannot be read as Parquet") from None
    row = TABLES[name]
    columns = [field.name for field in fields(row)]
    if found.column_names != columns:
        raise _broken(f"{name}.parquet", f"does not have the columns {', '.join(columns)}")
    return {values[0]: row(*values) for values in zip(*(c.to_pylist() for c in found.columns), strict=True)}


def parquet_of(rows: Sequence[Any]) -> bytes:
    """Rows of one of `TABLES` as Parquet; the same rows give the same bytes. There must be at least one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types: dict[Any, pa.DataType] = {str: pa.string(), int: pa.int32()}
    names = [field.name for field in fields(rows[0])]
    schema = pa.schema([pa.field(f.name, types.get(f.type, pa.bool_())) for f in fields(rows[0])])
    arrays = [pa.array([getattr(row, name) for row in rows], schema.field(name).type) for name in names]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), sink, compression="zstd", compression_level=19)
    return sink.getvalue()


def read_sources(folder: Path) -> dict[str, Source]:
    """What `sources.json` of a folder says, by file name. Raises `TransformError`."""
    try:
        said = json.loads((folder / SOURCES).read_text(encoding="utf-8"))
        if said["schema"] != SOURCES_SCHEMA:
            raise _broken(SOURCES, f"is not of schema {SOURCES_SCHEMA}")
        return {name: Source(file=name, **facts) for name, facts in said["files"].items()}
    except FileNotFoundError:
        raise _broken(SOURCES, "there is no such file") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise _broken(SOURCES, "cannot be read") from None


def code_changes(sql_dir: Path | None = None) -> tuple[CodeChange, ...]:
    """The codes that gave way to others. Raises an `ExceptionGroup` with every fault of the file."""
    header = ",".join(field.name for field in fields(CodeChange))
    faults: list[TransformError] = []
    changes: list[CodeChange] = []
    path = (sql_dir or SQL) / "standing" / CODE_CHANGES
    for line in csv_lines(path, header, f"standing/{CODE_CHANGES}"):
        try:
            code, successor, day, source = line
            if not (_CODE.fullmatch(code) and _CODE.fullmatch(successor) and code != successor and source):
                raise ValueError(line)
            changes.append(CodeChange(code, successor, date.fromisoformat(day), source))
        except ValueError:
            remedy = "Write a code, another code, a day (2017-04-03) and a source"
            faults.append(_broken(CODE_CHANGES, f"{','.join(line[:3])} is no change of a code", remedy))
    if faults:
        raise ExceptionGroup("code changes", faults)
    return tuple(changes)


def csv_lines(path: Path, header: str, shown: str = "") -> list[list[str]]:
    """The lines of a CSV file that begins with these columns; the first is a key, and the second is never empty.

    Raises `TransformError`, where lines are at fault a group with every one of them.
    """
    where, names = shown or str(path), header.split(",")
    try:
        found = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), strict=True)
        lines = [(found.line_num, line) for line in found if line]
    except (OSError, UnicodeDecodeError, csv.Error):
        raise TransformError("cannot be read as CSV in UTF-8", where=where, remedy=f"It holds {header}") from None
    if not lines or lines[0][1][: len(names)] != names:
        raise TransformError("has another header", where=f"{where}:1", remedy=f"Begin it with: {header}")
    keys = Counter(line[0] for _, line in lines)
    remedy = f"Write {header}, each {names[0]} once"
    faults = [
        TransformError("the line is short of fields, or there twice", where=f"{where}:{number}", remedy=remedy)
        for number, line in lines[1:]
        if len(line) < len(names) or not all(line[:2]) or keys[line[0]] > 1
    ]
    if faults:
        raise ExceptionGroup(path.name, faults)
    return [line for _, line in lines[1:]]


def _broken(file: str, what: str, remedy: str = REMEDY) -> TransformError:
    return TransformError(what, where=f"standing/{file}", remedy=remedy)
