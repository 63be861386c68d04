"""Landing a live database: which days are read, under which offence codes, and what is remembered of it.

A day is left out where its mark (number of rows and newest change, see extract/database) is the one it had when it
was last landed. A change that was under way while its day was marked, and then bears an older time than another one,
would escape that; so once in `WHOLE_EVERY` every day of the window is read.

Under more codes than before, days that have left the window are read again too. A database that has purged them
says nothing about them: that is not taken for "nothing is left" unless a person says so.
"""

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from extract import store
from extract.contract import ExtractError
from extract.database_source import DatabaseSource, changed_days, days_between, mapping_as_read
from extract.kept import kept_from
from extract.mapping import Mapping, load_mapping
from extract.store import Landing
from pipelines import progress, pushed_codes, runs
from pipelines.journal import note
from pipelines.settings import Settings, existing_key, secret
from pipelines.source_definition import NamedSource
from pipelines.source_landing import known_state, landed_days, nothing_new, prepare_store
from pipelines.source_state import SourceState, identity_of, write_state
from pipelines.times import LONDON

if TYPE_CHECKING:
    import pyarrow as pa

WHOLE_EVERY = timedelta(days=6, hours=12)
"""Less than a week, because a landing every day or week does not begin at the same second each time."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is read: the days of a window (`days` None: all of them), under which codes, and why all of them.

    `standing` are the days outside the source's own window of which results stand: those must not come to nothing.
    """

    window: tuple[date, date]
    days: Collection[date] | None
    marks: dict[date, str]
    codes: frozenset[str] | None
    whole: bool
    standing: frozenset[date] = frozenset()


def database_of(source: NamedSource, codes: frozenset[str] | None) -> DatabaseSource:
    """The database as extract/database.py reads it. Raises SettingsError where its secret is not set."""
    assert source.secret is not None
    return DatabaseSource(
        url=secret(source.secret),
        table=source.table,
        query=_query(source.query) if source.query else None,
        changed_at=source.changed_at,
        offence_codes=None if codes is None else pushed_codes.filters(codes),
        statement_timeout=source.statement_timeout,
    )


def _query(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as fault:
        remedy = "Correct `query` or the file's permissions"
        raise ExtractError(f"the query cannot be read: {fault.strerror}", where=str(path), remedy=remedy) from None


def window_of(source: NamedSource, now: datetime) -> tuple[date, date]:
    """The hearing days that are meant now, by the day in London."""
    assert source.window is not None
    try:
        return source.window.at(now.astimezone(LONDON).date())
    except ExtractError as fault:
        raise ExtractError(fault.what, where=f"{source.file}: [source.{source.name}]", remedy=fault.remedy) from None


def mapping_of(source: NamedSource) -> Mapping:
    """The mapping of a source that has one."""
    assert source.mapping is not None
    return load_mapping(source.mapping)


def land_database(
    settings: Settings, source: NamedSource, *, everything: bool, dry_run: bool, waiting: Callable[[], None]
) -> Landing:
    """Land the days of a database that changed; all days of its window where that cannot be told.

    Raises:
        SettingsError: its secret is not set.
        ExtractError, ExceptionGroup: it cannot be used, or the landing could not be written.
    """
    from extract.database import read_database
    from extract.landing import Source, land
    from extract.records import with_delivery

    began = datetime.now(UTC)
    mapping = mapping_of(source)
    texts = runs.texts(settings, make_key=not dry_run)
    database = database_of(source, None)
    prepare_store(settings, dry_run=dry_run)
    identity = _identity(settings, source, mapping, database)
    newest = store.newest_batch(settings.store)
    progress.say(f"Looking at {source.name}")
    state = known_state(settings, source, identity)
    plan = _plan(settings, source, mapping, state, began, everything=everything)
    if plan.days is not None and not plan.days:
        landing = nothing_new(source, began, began)
        if not dry_run:
            _remember(settings, landing, newest, identity, plan, state)
        return landing
    database = database_of(source, plan.codes)
    first, last = plan.window
    asked = {"source": source.name, "mapping": str(source.mapping), "covers": f"{first}..{last}"}
    if plan.codes is not None:
        asked[pushed_codes.ASKED] = " ".join(sorted(plan.codes))
    with tempfile.TemporaryDirectory(prefix="courtstats-") as spool:
        with progress.track(f"reading {source.name}", None, "rows") as done:
            read = read_database(
                database, mapping, window=plan.window, days=plan.days, received_at=began, texts=texts,
                spool=Path(spool), done=done, note=note,
            )  # fmt: skip
        landing = land(
            settings.store,
            Source(source.name, "table", 1, began, given=False, by_name=False),
            with_delivery(_none_lost(source, plan.standing, read.batches)),
            lambda: read.refusals,
            landed_at=datetime.now(UTC),
            dry_run=dry_run,
            waiting=waiting,
            asked=asked,
        )
    if not dry_run:
        _remember(settings, landing, newest, identity, plan, state)
    return landing


def _plan(
    settings: Settings,
    source: NamedSource,
    mapping: Mapping,
    state: SourceState | None,
    now: datetime,
    *,
    everything: bool,
) -> _Plan:
    """Which days are read. Marks are taken before the rows, so that a change in between is found next time."""
    from extract.database import day_marks

    window = window_of(source, now)
    kept = kept_from(settings.store) or window[0]
    if kept > window[1]:  # all of it is of months that were removed for good
        return _Plan(window, frozenset(), {}, None, whole=False)
    window = max(window[0], kept), window[1]
    landed = pushed_codes.landed_codes(settings).get(source.name)
    codes = None
    if source.only:
        codes = pushed_codes.codes_of(settings, source.only, f"{source.file}: only of [source.{source.name}]")
        if landed and not everything:
            codes |= landed  # a question that cannot be loaded just now, or is gone, takes nothing away
    marks: dict[date, str] = {}
    if source.changed_at:
        marks = day_marks(database_of(source, codes), mapping, window, note=note)
    held: dict[date, bool] = {}
    if codes is not None and codes != landed:
        start = mapping_as_read(database_of(source, codes), mapping).key_start
        held = landed_days(settings.store, source.name, start)
    if held:  # what was landed under other codes is stated again under these
        wide = min(window[0], *held), max(window[1], *held)
        outside = {day for day, stands in held.items() if stands and not window[0] <= day <= window[1]}
        days = frozenset(held).union(days_between(window))
        standing = frozenset[date]() if everything else frozenset(outside)
        return _Plan(wide, days, marks, codes, whole=True, standing=standing)
    fresh = state is not None and state.codes == codes and not _landings_since(settings, source.name, state.batch)
    due = state is None or state.whole_at is None or now - state.whole_at >= WHOLE_EVERY
    if state is None or not source.changed_at or not fresh or due or everything:
        return _Plan(window, None, marks, codes, whole=True)
    return _Plan(window, changed_days(marks, state.days), marks, codes, whole=False)


def _none_lost(
    source: NamedSource, standing: frozenset[date], batches: "Iterable[pa.RecordBatch]"
) -> "Iterator[pa.RecordBatch]":
    """The batches as they are. Raises ExtractError at their end where a standing day has no result among them.

    Nothing is landed then, because a landing is written only once all is read.
    """
    left = set(standing)
    for batch in batches:
        if left and batch.num_rows:
            with_result = batch.filter(batch.column("result_index").is_valid())
            left.difference_update(with_result.column("hearing_date").unique().to_pylist())
        yield batch
    if left:
        days = f"{len(left):,} hearing day{'s' if len(left) > 1 else ''} outside its window, {min(left)} to {max(left)}"
        raise ExtractError(
            f"results were landed of {days}, of which the database holds nothing now: read again for other offence "
            "codes, they would count nothing",
            where=f"{source.file}: [source.{source.name}]",
            remedy="If it keeps no rows that old, put `only` back as it was; if nothing is left of these days, say so: "
            f"courtstats land --source {source.name} --all, or a `window` with them in it",
        )


def _landings_since(settings: Settings, name: str, batch: int) -> set[int]:
    """Later landings under a name, by hand for example: days may be as they said and not as was remembered."""
    return {s.batch for s in store.summaries(settings.store) if s.source_name == name and s.batch and s.batch > batch}


def _remember(
    settings: Settings, landing: Landing, before: int, identity: str, plan: _Plan, state: SourceState | None
) -> None:
    """Note what is landed now, unless somebody else has landed under the source's name meanwhile."""
    if _landings_since(settings, landing.source_name, before) - {landing.batch}:
        return
    noted = SourceState(
        batch=landing.batch or before,
        identity=identity,
        days=plan.marks,
        codes=plan.codes,
        whole_at=landing.received_at if plan.whole else state.whole_at if state else None,
    )
    write_state(settings.store, landing.source_name, noted)


def _identity(settings: Settings, source: NamedSource, mapping: Mapping, database: DatabaseSource) -> str:
    """What decides which rows are read, and how: another mapping, query, address or version reads everything again."""
    parts = (
        database.url, database.table, database.query, database.changed_at, mapping.path.read_bytes().hex(),
        mapping_as_read(database, mapping).declared_filter, bool(source.only), runs.code_version(),
    )  # fmt: skip
    return identity_of(parts, existing_key(settings))
