"""From paths to records: which files there are, which reader they need, and one landing of them."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from extract.contract import ExtractError, Texts
from extract.deliveries import Deliveries
from extract.deliveries import SourceFile as SourceFile
from extract.kinds import origin_of
from pipelines.extract_files import noted
from pipelines.finding import NOTHING_TO_READ as NOTHING_TO_READ
from pipelines.finding import Files as Files
from pipelines.finding import amount
from pipelines.finding import find_files as find_files
from pipelines.times import LONDON, end_of_day

if TYPE_CHECKING:
    from extract.mapping import Mapping
    from extract.parsing import Reader
    from extract.rereading import Content
    from extract.store import Landing


@dataclass(frozen=True, slots=True)
class LandRequest:
    """One landing: files, how to read them, when they were received (None: now) and the days they cover.

    `source_name` is that of a named source (None: the mapping's, else the format), `system` the court system of
    what does not name one (None: the mapping's, else the setting's). `only` is what of the messages is to be read
    (None: everything). The files of a table extract are read whole, because together they restate its days.
    """

    files: Files
    mapping: Path | None
    received_at: datetime | None
    covers: tuple[date, date] | None
    source_name: str | None = None
    system: str | None = None
    only: "Content | None" = None


def check_request(request: LandRequest) -> LandRequest:
    """The request, if every option in it has a use. Raises ExceptionGroup[ExtractError]."""
    used = {"--mapping": request.mapping, "--covers": request.covers}
    faults = [
        ExtractError("is for table extracts, these are messages", where=name, remedy="Leave it out")
        for name, value in used.items()
        if value and request.files.format != "table"
    ]
    if faults:
        raise ExceptionGroup("options", faults)
    if request.files.format == "table":
        mapping_of(request)
    return request


def deliveries_of(request: LandRequest) -> Deliveries:
    """The messages that a request is about."""
    files = request.files
    only = request.only.names if request.only else None
    return Deliveries(files.files, files.format, others_left=files.chosen, only=only)


def reader_of(request: LandRequest, received_at: datetime, system: str, texts: Texts) -> "Reader":
    """How the messages of a request are read; `system` where the request names none."""
    from extract.parsing import Reader

    format = request.files.format
    return Reader(format, request.source_name or format, request.system or system, received_at, texts)


def land_files(
    request: LandRequest,
    store: Path,
    *,
    system: str,
    texts: Texts,
    landed_at: datetime,
    dry_run: bool,
    workers: int = 1,
    done: Callable[[int], None] = lambda _n: None,
    waiting: Callable[[], None] = lambda: None,
) -> "Landing":
    """Read every file and land what they say as one batch (see extract/landing.py).

    `system` is that of messages which name none, `workers` the number of processes that read them; `done` is told
    what was read, in the unit of `amount`.
    """
    received_at = receipt(request.received_at, landed_at)
    asked = _asked(request, system)
    if request.files.format == "table":
        return _land_tables(
            request, store, received_at, asked, texts=texts, landed_at=landed_at, dry_run=dry_run, done=done,
            waiting=waiting,
        )  # fmt: skip
    from extract import holding
    from extract.landing import Source, land
    from extract.parsing import Parsing
    from extract.store import newest_batch

    watched = holding.watch(store, newest_batch(store))
    reader = reader_of(request, received_at, system, texts)
    deliveries = deliveries_of(request)
    hashes: set[str] = set()
    only = request.only.names if request.only else None
    wanted = request.only.of(deliveries) if request.only else deliveries
    looked_through = holding.noticing(wanted, watched, hashes)
    parsing = Parsing(looked_through, reader, workers, _mark(request, deliveries), _steps(done))
    source = Source(
        reader.source_name, reader.format, len(request.files.files), received_at,
        given=request.received_at is not None, by_name=reader.format == "spi",
    )  # fmt: skip
    with closing(parsing.batches()) as batches:
        return land(
            store, source, batches, lambda: parsing.refusals, landed_at=landed_at, dry_run=dry_run, waiting=waiting,
            asked=asked, left=lambda: deliveries.left,
            reread=lambda: holding.read_again(watched, request.files.files, hashes, only),
        )  # fmt: skip


def _mark(request: LandRequest, deliveries: Deliveries) -> Callable[[], int]:
    """How far the files are read, in the unit of `amount`."""
    *_, unit, size = amount(request.files)
    return (lambda: deliveries.files_read) if unit == "files" else (lambda: deliveries.bytes_read // size)


def _steps(done: Callable[[int], None]) -> Callable[[int], None]:
    """Marks reached, told as what is new since the one before."""
    before = 0

    def reached(mark: int) -> None:
        nonlocal before
        if mark > before:
            done(mark - before)
            before = mark

    return reached


def _asked(request: LandRequest, system: str) -> dict[str, str]:
    """How a landing was asked for, as far as asking for it again needs."""
    mapping, covers = request.mapping, request.covers
    told = {
        "mapping": str(mapping.absolute()) if mapping else None,
        "covers": f"{covers[0]}..{covers[1]}" if covers else None,
        "system": request.system or (system if request.files.format == "spi" else None),
        "source": request.source_name,
        "files": noted(request.files.files) if request.files.format == "table" else None,
    }
    return {name: value for name, value in told.items() if value}


def _land_tables(
    request: LandRequest,
    store: Path,
    received_at: datetime,
    asked: dict[str, str],
    *,
    texts: Texts,
    landed_at: datetime,
    dry_run: bool,
    done: Callable[[int], None],
    waiting: Callable[[], None],
) -> "Landing":
    from extract import holding
    from extract.landing import Source, land
    from extract.records import with_delivery
    from extract.store import newest_batch
    from extract.tables import read_tables

    mapping = mapping_of(request)
    files = request.files.files  # all of them, whatever `only` says: a part of an extract would empty days
    origins = {f.name: origin_of(f.path) for f in files}
    with ExitStack() as stack:
        spool = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="courtstats-")))
        read = read_tables(
            [f.path for f in files], [f.name for f in files], mapping,
            covers=request.covers, received_at=received_at, texts=texts, spool=spool, done=done,
        )  # fmt: skip
        given = request.received_at is not None
        source = Source(mapping.source, "table", len(files), received_at, given=given, by_name=False)
        watched = holding.watch(store, newest_batch(store))
        return land(
            store, source, with_delivery(read.batches),
            lambda: [r if r.origin else replace(r, origin=origins.get(r.file, "")) for r in read.refusals],
            landed_at=landed_at, dry_run=dry_run, waiting=waiting, asked=asked,
            reread=lambda: holding.read_again(watched, files),
        )  # fmt: skip


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
    mapping = load_mapping(request.mapping)
    return replace(mapping, source=request.source_name or mapping.source, system=request.system or mapping.system)
