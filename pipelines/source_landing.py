"""Landing one named source: its new files, or the days of its database that changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from extract import disk_faults, store
from extract.contract import ExtractError
from extract.deliveries import SourceFile
from extract.store import Landing
from pipelines import landings, runs
from pipelines.finding import NOTHING_TO_READ, Files, find_files
from pipelines.settings import Settings, existing_key, key_check, secret, the_key
from pipelines.source_definition import NamedSource
from pipelines.source_file import named_sources
from pipelines.source_state import SourceState, file_mark, identity_of, read_state, write_state
from pipelines.sources import LandRequest


@dataclass(frozen=True, slots=True)
class SourceLanded:
    """What came of landing a source: the landing, files left alone as of no kind of its own, files known already."""

    landing: Landing
    left: int
    known: int


def usable_source(settings: Settings, name: str) -> NamedSource:
    """One named source, as described. Raises ExceptionGroup[ExtractError] for faults of the file, or no such source."""
    return named_sources(settings).source(name)


def ready_source(settings: Settings, name: str, received_at: datetime | None) -> NamedSource:
    """One named source that can be landed so. Raises as `land_source` for what shows without reading anything."""
    source = usable_source(settings, name)
    if source.kind != "database":
        files_of(source)
    elif received_at:
        remedy = "Leave it out: a database says what it holds now"
        raise ExtractError("is for files", where="--received-at", remedy=remedy)
    else:
        secret(source.secret or "")
    return source


def land_source(
    settings: Settings,
    name: str,
    *,
    received_at: datetime | None = None,
    everything: bool = False,
    dry_run: bool = False,
    waiting: Callable[[], None] = lambda: None,
) -> SourceLanded:
    """Land what is new of a source as one batch.

    Messages: only files that are new or changed since they were landed. A table extract: all its files, because
    together they are one extract. A database: only days that changed, where it can tell.

    Args:
        settings: where the source is described, and everything is kept.
        name: of the source.
        received_at: when the content of the files reached us (None: now).
        everything: read what was landed already too.
        dry_run: report, write nothing at all.
        waiting: called once if another landing holds the store.

    Raises:
        ExtractError, ExceptionGroup: the source cannot be used, or the landing could not be written.
    """
    source = ready_source(settings, name, received_at)
    if source.kind == "database":
        from pipelines.database_landing import land_database

        landing = land_database(settings, source, everything=everything, dry_run=dry_run, waiting=waiting)
        return SourceLanded(landing, 0, 0)
    files = files_of(source)
    seen = _Seen.of(settings, source, files.files, dry_run=dry_run, everything=everything)
    known = len(files.files) - len(seen.new)
    if not seen.new:
        landed_at = datetime.now(UTC)
        return SourceLanded(nothing_new(source, received_at or landed_at, landed_at), files.left, known)
    request = request_for(settings, source, replace(files, files=seen.new), received_at)
    landing = landings.land(settings, request, dry_run=dry_run, waiting=waiting)
    if not dry_run:
        seen.remember(settings, source)
    return SourceLanded(landing, files.left, known)


def landed_line(found: SourceLanded) -> str:
    """One line on what came of it; numbers of statements and files, never a figure."""
    known = f"; {found.known:,} landed before and left out" if found.known else ""
    if not found.landing.files:
        return f"Nothing of {found.landing.source_name} is new{known}"
    return f"{found.landing.source_name}: {landings.landing_line(found.landing, dry_run=False)}{known}"


def request_for(
    settings: Settings, source: NamedSource, files: Files, received_at: datetime | None = None
) -> LandRequest:
    """The ordinary landing of a source's files."""
    return LandRequest(
        files,
        source.mapping,
        received_at,
        source.covers,
        source_name=source.name,
        system=source.system or (settings.spi_system if source.kind == "spi" else None),
    )


def files_of(source: NamedSource) -> Files:
    """The files of a source, of its kind alone; folders without any are no fault.

    Raises:
        ExceptionGroup[ExtractError]: a path is not there, or is a file of another kind.
    """
    try:
        return find_files(source.location, source.format)
    except ExceptionGroup as faults:
        empty = all(isinstance(f, ExtractError) and f.what == NOTHING_TO_READ for f in faults.exceptions)
        if not empty:
            raise
        return Files(source.format, (), 0, chosen=True)


def nothing_new(source: NamedSource, received_at: datetime, landed_at: datetime) -> Landing:
    """A landing that read nothing, because nothing changed."""
    return Landing(
        batch=None,
        landed_at=landed_at,
        received_at=received_at,
        received_to=None,
        source_name=source.name,
        source_format=source.format,
        files=0,
        statements=0,
        rows=0,
        repeated=0,
        late=0,
        undecided=0,
    )


def known_state(settings: Settings, source: NamedSource, identity: str) -> SourceState | None:
    """What is known of a source, as long as it is the same source, read in the same way, into the same store."""
    state = read_state(settings.store, source.name)
    if state is None or not identity or state.identity != identity:
        return None
    return state if state.batch <= store.newest_batch(settings.store) else None  # else the store was put back


@dataclass(frozen=True, slots=True)
class _Seen:
    """Which files of a source are new, and the marks of all of them as they were before any was read."""

    identity: str
    new: tuple[SourceFile, ...]
    marks: dict[Path, str]

    @classmethod
    def of(
        cls, settings: Settings, source: NamedSource, files: Sequence[SourceFile], *, dry_run: bool, everything: bool
    ) -> "_Seen":
        key = existing_key(settings) if dry_run else the_key(settings)
        if source.format == "table":  # together its files are one extract, so none of them can be left out
            return cls("", tuple(files), {})
        parts = (source.kind, source.system, settings.spi_system, runs.code_version())
        identity = identity_of(parts, key)
        state = known_state(settings, source, identity)
        landed = state.files if state else frozenset[str]()
        marks = {file.path: _mark(file.path, landed) for file in files}
        known = frozenset[str]() if everything else landed
        return cls(identity, tuple(f for f in files if marks[f.path] not in known), marks)

    def remember(self, settings: Settings, source: NamedSource) -> None:
        """Note the files that are landed now."""
        if not self.marks:
            return
        newest = store.newest_batch(settings.store)
        marks = frozenset(mark for mark in self.marks.values() if mark)
        write_state(settings.store, source.name, SourceState(newest, self.identity, files=marks))


def _mark(path: Path, landed: frozenset[str]) -> str:
    """The mark of a file; empty for one that is gone or cannot be opened: then it is refused, and tried again."""
    try:
        mark = file_mark(path)
        if mark not in landed:
            path.open("rb").close()
    except OSError:
        return ""
    return mark


@disk_faults.looked_again
def landed_days(path: Path, name: str, key_start: str) -> dict[date, bool]:
    """Every hearing day of which a source has landed something, and whether a result of it stands.

    Only statements under keys that begin with `key_start` are looked at: what was landed under the source's name with
    another filter (of years before, by hand, say) stands beside them. Raises ExtractError for a file that is lost.
    """
    import duckdb

    files = store.known_files(path)
    if not files:
        return {}
    query = """
        select hearing_date, bool_or(result_index is not null) from (
            from records where source_name = $name and starts_with(statement_key, $start)
            qualify stated_at = max(stated_at) over (partition by statement_key)
        ) group by hearing_date
    """
    with duckdb.connect() as con:
        con.read_parquet(list(files), union_by_name=True).create_view("records")
        return dict(con.execute(query, {"name": name, "start": key_start}).fetchall())


def prepare_store(settings: Settings, *, dry_run: bool) -> None:
    """Make the store, or see that it was made with this key; a dry run makes nothing."""
    if not dry_run:
        store.prepare(settings.store, key_check(the_key(settings)))
    elif key := existing_key(settings):
        store.check_key(settings.store, key_check(key))
