"""From paths to records: which files there are, which reader they need, and one landing of them."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from extract.contract import ExtractError, Reading, Refusal, Statement, Texts
from pipelines.times import LONDON, end_of_day

if TYPE_CHECKING:
    from extract.mapping import Mapping
    from extract.store import Landing

ENDINGS = {".xml": "spi", ".csv": "table", ".parquet": "table"}
SPI_SOURCE = "spi"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read and what it is called in records and refusals (relative to the folder given)."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one call, all of one format; `left` counts files in folders that are of no known kind."""

    format: str
    files: tuple[SourceFile, ...]
    left: int


@dataclass(frozen=True, slots=True)
class LandRequest:
    """One landing: files, how to read them, when they were received (None: now) and the days they cover."""

    files: Files
    mapping: Path | None
    received_at: datetime | None
    covers: tuple[date, date] | None


def check_request(request: LandRequest) -> LandRequest:
    """The request, if every option in it has a use. Raises ExceptionGroup[ExtractError]."""
    used = {"--mapping": request.mapping, "--covers": request.covers}
    faults = [
        ExtractError("is for table extracts, these are messages", where=name, remedy="Leave it out")
        for name, value in used.items()
        if value and request.files.format == "spi"
    ]
    if faults:
        raise ExceptionGroup("options", faults)
    if request.files.format == "table":
        mapping_of(request)
    return request


def find_files(paths: Sequence[Path], format: str | None = None) -> Files:
    """The files under the paths; folders are searched through, in the order of names.

    Raises:
        ExceptionGroup[ExtractError]: paths that are not there, files of no known kind, several kinds at once.
    """
    faults: list[Exception] = []
    found: list[SourceFile] = []
    left = 0
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file())
            usable = [p for p in inside if _kind(p, None) and (not format or _kind(p, None) == format)]
            found += [SourceFile(p, p.relative_to(path).as_posix()) for p in usable]
            left += len(inside) - len(usable)
        elif not path.exists():
            faults.append(ExtractError("there is no such file or folder", where=str(path), remedy="Check the path"))
        elif not _kind(path, format):
            faults.append(
                ExtractError(
                    "is of no known kind", where=str(path), remedy="Say which it is with --format spi or --format table"
                )
            )
        else:
            found.append(SourceFile(path, path.name))
    found = list({f.path.resolve(): f for f in reversed(found)}.values())[::-1]  # a file named twice is read once
    kinds = {_kind(f.path, format) for f in found}
    if len(kinds) > 1:
        faults.append(ExtractError("messages and tables are mixed", remedy="Land them in two calls, or say --format"))
    if not faults and not found:
        faults.append(
            ExtractError(
                "there is nothing to read",
                where=", ".join(map(str, paths)),
                remedy="Files end in .xml, .csv or .parquet",
            )
        )
    if faults:
        raise ExceptionGroup("files", faults)
    return Files(kinds.pop() or "", tuple(found), left)


def _kind(path: Path, format: str | None) -> str | None:
    return format or ENDINGS.get(path.suffix.lower())


def read_messages(
    files: Sequence[SourceFile], *, received_at: datetime, system: str, texts: Texts, done: Callable[[int], None]
) -> Iterator[tuple[SourceFile, Reading]]:
    """Read SPI messages one after another; a file that cannot be opened is a refusal like any other."""
    from extract.spi import read_spi
    from extract.xml import MAX_BYTES

    for file in files:
        try:
            data = file.path.read_bytes() if file.path.stat().st_size <= MAX_BYTES else None
        except OSError:
            reading = _refused("unreadable", file)
        else:
            reading = (
                _refused("too-large", file)
                if data is None
                else read_spi(
                    data,
                    file=file.name,
                    source_name=SPI_SOURCE,
                    received_at=received_at,
                    default_system=system,
                    texts=texts,
                )
            )
        yield file, reading
        done(1)


def _refused(reason: str, file: SourceFile) -> Reading:
    mark = sha256(str(file.path.absolute()).encode()).hexdigest()  # its content cannot be read
    return Reading((), (Refusal(reason, file.name, "the file", mark),))


def land_files(
    request: LandRequest,
    store: Path,
    *,
    system: str,
    texts: Texts,
    landed_at: datetime,
    dry_run: bool,
    done: Callable[[int], None] = lambda _n: None,
    waiting: Callable[[], None] = lambda: None,
) -> "Landing":
    """Read every file and land what they say as one batch (see extract/landing.py)."""
    from extract.landing import Source, land
    from extract.records import batches, with_delivery

    received_at = receipt(request.received_at, landed_at)
    files = request.files.files
    if request.files.format == "spi":
        refusals: list[Refusal] = []

        def statements() -> Iterator[tuple[int, Statement]]:
            readings = read_messages(files, received_at=received_at, system=system, texts=texts, done=done)
            for number, (_file, reading) in enumerate(readings):
                refusals.extend(reading.refusals)
                for statement in reading.statements:
                    yield number, statement

        source = Source(SPI_SOURCE, "spi", len(files), received_at, given=request.received_at is not None, by_name=True)
        return land(
            store,
            source,
            batches(statements()),
            lambda: refusals,
            landed_at=landed_at,
            dry_run=dry_run,
            waiting=waiting,
        )

    from extract.tables import read_tables

    mapping = mapping_of(request)
    with ExitStack() as stack:
        spool = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="courtstats-")))
        read = read_tables(
            [f.path for f in files], [f.name for f in files], mapping,
            covers=request.covers, received_at=received_at, texts=texts, spool=spool, done=done,
        )  # fmt: skip
        source = Source(
            mapping.source, "table", len(files), received_at, given=request.received_at is not None, by_name=False
        )
        return land(
            store,
            source,
            with_delivery(read.batches),
            lambda: read.refusals,
            landed_at=landed_at,
            dry_run=dry_run,
            waiting=waiting,
        )


def receipt(given: datetime | None, now: datetime) -> datetime:
    """When the content was received: as given, else now. "Today" typed as a date is the end of today: that is now.

    Raises:
        ExtractError: a time to come; what is landed next would not count until then.
    """
    if given is None or end_of_day(now.astimezone(LONDON).date()) == given:
        return now
    if given > now:
        raise ExtractError(
            "lies in the future", where="--received-at", remedy="Give the time at which the content reached us"
        )
    return given


def mapping_of(request: LandRequest) -> "Mapping":
    """The mapping that a table extract needs. Raises ExtractError where none was named."""
    from extract.mapping import load_mapping

    if request.mapping is None:
        raise ExtractError(
            "a table extract needs a mapping from its columns to ours",
            where=request.files.files[0].name,
            remedy="Write one (docs/mapping.md) and name it with --mapping FILE",
        )
    return load_mapping(request.mapping)
