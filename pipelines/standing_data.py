"""Making the standing data: from the public package to the Parquet files of `sql/standing/`, all or none.

The package is read as what a stranger wrote: from an archive only the members named here are read, into
memory, with limits, and an archive with links or with paths that lead out is refused as a whole. Nothing
of it is ever run. The shape is checked before anything is written, and every fault is told at once.
"""

import gzip
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from extract.contract import StageError
from pipelines import progress
from pipelines.show import OutputError
from transform import standing
from transform.contract import TransformError
from transform.standing import Court, Force, Offence, ResultCode, ShortCode

PACKAGE = "@moj-bichard7-developers/bichard7-next-data"
MANIFEST, DATA = "package.json", "dist/data/"
MAX_FILE, MAX_ARCHIVE, MAX_MEMBERS = 64_000_000, 128_000_000, 5_000
BY_HAND = (standing.CODE_CHANGES, standing.FORCE_REGIONS)
KINDS = {
    "a text": r"(?s).*",
    "a text that says something": r"(?s).*\S.*",
    "a code of letters and digits": r"[A-Za-z0-9]{1,10}",
    "two capital letters or digits": r"[A-Z0-9]{2}",
    "a capital letter or nothing": r"[A-Z]?",
    "four digits": r"\d{4}",
    "a class like 008/65": r"(\d{3}/\d{2})?",
}
"""What a field may hold, beside `true or false`."""
_TEXT, _SOME, _CODE, _TWO, _LETTER, _DIGITS, _CLASS, _FLAG = *KINDS, "true or false"
_OFFENCE = (
    "cjsCode",
    "offenceTitle",
    "homeOfficeClassification",
    "offenceCategory",
    "notifiableToHo",
    "recordableOnPnc",
)
SHAPES: dict[str, dict[str, str]] = {
    DATA + "offence-code.json": dict(zip(_OFFENCE, (_CODE, _TEXT, _CLASS, _TEXT, _FLAG, _FLAG), strict=True)),
    DATA + "result-code.json": {"cjsCode": _DIGITS, "description": _SOME, "type": _TEXT, "resultCodeQualifiers": _TEXT},
    DATA + "organisation-unit.json": {
        **{"topLevelCode": _LETTER, "secondLevelCode": _TWO, "thirdLevelCode": _TWO},
        **dict.fromkeys(("topLevelName", "secondLevelName", "thirdLevelName"), _TEXT),
    },
    DATA + "forces.json": {"code": _CODE, "name": _SOME},
}
"""The files that are used, with what each field of an entry holds; the first field is the key."""
_TABLES = ("offences", "results", "courts", "forces")
_SHORT_SOURCE = ("result definitions of an old public list (short code, title, CJS code)", "facts; none stated", "")


class PackageError(StageError):
    """The package, or a file given beside it, is not what it should be."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did, or would do: the package's versions (empty: none, or unknown), each table by key."""

    target: Path
    dry_run: bool
    version_before: str
    version_after: str
    before: Mapping[str, Mapping[str, Any]]
    after: Mapping[str, Mapping[str, Any]]


def refresh(package: Path | None, target: Path, dry_run: bool, short_codes: Path | None = None) -> Refreshed:
    """Make the tables again from the package (.tgz or unpacked folder), the short codes from a CSV file if given.

    What is not made again is kept; a `target` that lacks it gets it from the standing data of courtstats.

    Raises:
        PackageError: the package; TransformError: a CSV file. Where there are several, in an `ExceptionGroup`.
        OutputError: `target` cannot be written; nothing was changed.
    """
    here = standing.SQL / "standing"
    made: dict[str, list[Any]] = {}
    described: dict[str, tuple[str, str, str]] = {}
    if package:
        progress.say(f"Reading {package.name}")
        version, data = read_package(package)
        reviewed = target if (target / standing.FORCE_REGIONS).exists() else here
        made = _rows(data, read_regions(reviewed / standing.FORCE_REGIONS))
        described = {t: (f"{PACKAGE}: {n}", "MIT", version) for t, n in zip(_TABLES, SHAPES, strict=True)}
        described["forces"] = (f"{described['forces'][0]}, with {standing.FORCE_REGIONS}", "MIT", version)
    if short_codes:
        made["short-codes"], described["short-codes"] = read_short_codes(short_codes), _SHORT_SOURCE
    progress.say("Comparing with what is there")
    files: dict[str, bytes] = {}
    sources: dict[str, dict[str, Any]] = {}
    after: dict[str, Mapping[str, Any]] = {}
    before = _held(target)
    versions = [standing.read_sources(target)["offences.parquet"].version if "offences" in before else ""] * 2
    for name in standing.TABLES:
        file, old = f"{name}.parquet", before.get(name)
        if name in made:
            new = {astuple(r)[0]: r for r in made[name]}
            content = (target / file).read_bytes() if old == new else standing.parquet_of(made[name])
            facts = dict(zip(("source", "licence", "version"), described[name], strict=True))
        else:
            origin = target if old is not None else here
            new, content = dict(standing.read_table(origin, name)), (origin / file).read_bytes()
            told = standing.read_sources(origin)[file]
            facts = {"source": told.source, "licence": told.licence, "version": told.version}
        after[name] = new
        sources[file] = facts | {"rows": len(new), "sha256": sha256(content).hexdigest()}
        versions[1] = str(facts["version"]) if name == "offences" else versions[1]
        files[file] = content
    files |= {name: (here / name).read_bytes() for name in BY_HAND if not (target / name).exists()}
    said = {"schema": standing.SOURCES_SCHEMA, "files": sources}
    files[standing.SOURCES] = (json.dumps(said, indent=2) + "\n").encode()  # last: it vouches for the others
    if not dry_run:
        progress.say(f"Writing {target}")
        write_all(target, files)
    return Refreshed(target, dry_run, versions[0], versions[1], before, after)


def read_package(path: Path) -> tuple[str, dict[str, list[dict[str, Any]]]]:
    """The version of the package and the entries of its files in `SHAPES`. Raises a group of `PackageError`s."""
    if not path.exists():
        raise PackageError("there is no such file or folder", where=str(path), remedy=f"Get it: npm pack {PACKAGE}")
    texts = _from_folder(path) if path.is_dir() else _from_archive(path)
    faults: list[PackageError] = []
    manifest = _json(path, MANIFEST, texts, faults)
    if manifest is not None and (not isinstance(manifest, dict) or manifest.get("name") != PACKAGE):
        faults.append(PackageError(f"is not that of {PACKAGE}", where=f"{path}: {MANIFEST}", remedy="Name the package"))
    data = {member: _json(path, member, texts, faults) for member in SHAPES}
    for member, shape in SHAPES.items():
        faults += _shape_faults(f"{path}: {member}", data[member], shape) if data[member] is not None else []
    if faults:
        raise ExceptionGroup("the package", faults)
    return str(manifest.get("version", "")), data


def _from_folder(path: Path) -> dict[str, bytes]:
    root, found = path if (path / MANIFEST).exists() else path / "package", {}
    for name in (MANIFEST, *SHAPES):
        member = root / name
        if member.is_symlink() or (member.is_file() and member.stat().st_size > MAX_FILE):
            raise _refused(path, f"{name} is a link or larger than {MAX_FILE / 1e6:.0f} MB")
        if member.is_file():
            found[name] = member.read_bytes()
    return found


def _from_archive(path: Path) -> dict[str, bytes]:
    """The wanted members; nothing is unpacked to disk."""
    found: dict[str, bytes] = {}
    try:
        with gzip.open(path) as packed:
            unpacked = packed.read(MAX_ARCHIVE + 1)
        if len(unpacked) > MAX_ARCHIVE:
            raise _refused(path, f"it unpacks to more than {MAX_ARCHIVE / 1e6:.0f} MB")
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
            for number, member in enumerate(archive, 1):
                _check_member(path, member, number)
                name = member.name.partition("/")[2]
                content = archive.extractfile(member) if name == MANIFEST or name in SHAPES else None
                if content is not None:
                    found[name] = content.read()
    except (OSError, EOFError, tarfile.TarError, zlib.error, UnicodeError):
        raise _refused(path, "it cannot be read as a .tgz") from None
    return found


def _check_member(path: Path, member: tarfile.TarInfo, number: int) -> None:
    place = PurePosixPath(member.name)
    if place.is_absolute() or ".." in place.parts or "\\" in member.name:
        raise _refused(path, f"member {number} has a path that leads out of it")
    if not (member.isfile() or member.isdir()):
        raise _refused(path, f"member {number} is a link or a device")
    if member.size > MAX_FILE or number > MAX_MEMBERS:
        raise _refused(
            path, f"member {number} is too much: {MAX_FILE / 1e6:.0f} MB and {MAX_MEMBERS:,} members at most"
        )


def _refused(path: Path, why: str) -> PackageError:
    return PackageError(f"refused: {why}", where=str(path), remedy=f"Get it again: npm pack {PACKAGE}")


def _json(path: Path, member: str, texts: Mapping[str, bytes], faults: list[PackageError]) -> Any:
    try:
        return json.loads(texts[member])
    except (KeyError, ValueError, RecursionError):
        what = "is not JSON" if member in texts else "is not in the package"
        faults.append(PackageError(what, where=f"{path}: {member}", remedy=f"Get it again: npm pack {PACKAGE}"))
    return None


def _shape_faults(where: str, entries: Any, shape: Mapping[str, str]) -> Iterator[PackageError]:
    """One fault for each kind of fault, with its first place and how often it is there."""
    found: dict[str, list[str]] = {}
    key, seen = next(iter(shape)), set()
    if not isinstance(entries, list) or not entries:
        entries, found["the file is not a list of entries"] = [], ["entry 1"]
    for number, entry in enumerate(entries, 1):
        values = entry if isinstance(entry, dict) else {}
        code = str(values.get(key, ""))[:20]
        wrong = [name for name, pattern in shape.items() if not _fits(values.get(name), pattern)]
        for name in wrong:
            found.setdefault(f"{name} is not {shape[name]}", []).append(f"entry {number} {code}")
        if key != "topLevelCode" and code in seen:  # an organisation unit has no key of its own
            found.setdefault(f"{key} is there twice", []).append(f"entry {number} {code}")
        seen.add(code)
    for what, places in found.items():
        more = f", and {len(places) - 1:,} more" if len(places) > 1 else ""
        remedy = "Keep the version you have: the package has changed its shape"
        yield PackageError(what, where=f"{where}: {places[0].strip()}{more}", remedy=remedy)


def _fits(value: Any, kind: str) -> bool:
    if kind == _FLAG:
        return isinstance(value, bool)
    return isinstance(value, str) and re.fullmatch(KINDS[kind], value) is not None


def _rows(data: Mapping[str, list[dict[str, Any]]], regions: Mapping[str, Force]) -> dict[str, list[Any]]:
    """The rows of the tables in `_TABLES`, each sorted by its code."""
    offences, results, units, forces = data.values()
    tables: dict[str, list[Any]] = {
        "offences": [
            Offence(code, title.strip(), _class(group), *rest)
            for code, title, group, *rest in ([o[name] for name in _OFFENCE] for o in offences)
        ],
        "results": [
            ResultCode(r["cjsCode"], r["description"].strip(), r["type"], r["resultCodeQualifiers"]) for r in results
        ],
        "courts": list({court.code: court for court in map(_court, units) if court}.values()),
        "forces": [_force(f, regions) for f in forces if len(f["code"]) == 2],  # one entry is a court's prosecutor
    }
    return {name: sorted(rows, key=lambda row: str(astuple(row)[0])) for name, rows in tables.items()}


def _class(text: str) -> str:
    """`008/65` as people write it: 8/65. No class is empty."""
    return "" if text in ("", "000/00") else f"{int(text[:3])}/{text[4:]}"


def _court(unit: Mapping[str, str]) -> Court | None:
    """A court, or none where the unit is of another kind. County courts are listed among the magistrates' courts."""
    if unit["topLevelCode"] not in ("B", "C"):
        return None
    name, area = unit["thirdLevelName"].strip(), unit["secondLevelName"].strip()
    kind = "other" if "County Court" in name else {"B": "magistrates", "C": "crown"}[unit["topLevelCode"]]
    code = unit["topLevelCode"] + unit["secondLevelCode"] + unit["thirdLevelCode"]
    return Court(code, name or f"{area or unit['topLevelName']} (no court named)", kind, unit["secondLevelCode"], area)


def _force(entry: Mapping[str, str], regions: Mapping[str, Force]) -> Force:
    last = max((force.place for force in regions.values()), default=0) + 1
    none = Force(entry["code"], "", standing.OTHER, "Other", standing.OTHER, last)
    return replace(regions.get(entry["code"], none), name=entry["name"].strip())


def read_regions(path: Path) -> dict[str, Force]:
    """The forces of `force-regions.csv` by their codes, placed in its order. Raises `TransformError`s."""
    places: dict[str, int] = {}
    return {
        code: Force(code, "", force, name, region, places.setdefault(force, len(places) + 1))
        for code, force, name, region, source in standing.csv_lines(path, "code,force,force_name,region,source")
    }


def read_short_codes(path: Path) -> list[ShortCode]:
    """The short codes of a CSV file, sorted; further columns are left out. Raises `TransformError`s."""
    return sorted((ShortCode(*line[:3]) for line in standing.csv_lines(path, "short_code,label,cjs_code")), key=astuple)


def _held(folder: Path) -> dict[str, dict[str, Any]]:
    """The tables that are there and sound."""
    found = {}
    for name in standing.TABLES:
        with suppress(TransformError):
            found[name] = dict(standing.read_table(folder, name))
    return found


def write_all(target: Path, files: Mapping[str, bytes]) -> None:
    """Write every file or none; where one cannot be put in place, those before it are put back."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".refresh-", dir=target) as staging:
            kept = {name: (target / name).read_bytes() for name in files if (target / name).exists()}
            for name, content in files.items():
                (Path(staging) / name).write_bytes(content)
            done = []
            try:
                for name in files:
                    (Path(staging) / name).replace(target / name)
                    done.append(name)
            except OSError:
                for name in done:
                    (target / name).write_bytes(kept[name]) if name in kept else (target / name).unlink()
                raise
    except OSError as fault:
        what = f"cannot be written ({fault.strerror}); nothing was changed"
        raise OutputError(what, where=str(target), remedy="Name a folder of yours with --to") from None
