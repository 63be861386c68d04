"""`courtstats restore`: a backup put back where there is nothing yet, then counted again.

Each step leaves everything or nothing, and one that is done already is passed over. So a restore that was interrupted
is simply given again. Nothing that somebody has stored since is ever overwritten.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from extract import copying
from extract.contract import ExtractError, StageError
from load import copying as warehouse_copying
from load.audit import Verified, note, verify
from load.connecting import connect, sqlite_file
from load.contract import LoadError
from load.run_numbers import completed_runs, standing_runs
from load.schema import REVISION
from pipelines import progress, recording
from pipelines.backup_manifest import (
    DEFINITIONS,
    SOURCES,
    SOURCES_FILE,
    STORE,
    WAREHOUSE,
    BackupError,
    Manifest,
    damages,
    read_manifest,
)
from pipelines.reproducing import DIFFERS, Reproduced, asked_runs, faults_of, reproduce
from pipelines.restored_holds import ended_holds
from pipelines.room import check_room
from pipelines.settings import Settings, SettingsError, definitions_of, existing_key, key_check, make_home
from transform.contract import TransformError

if TYPE_CHECKING:
    from load.connecting import Warehouse


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, or would be, and what checking it found.

    `sources` says where sources.toml was put (None: there was one already, or none in the backup), `to_compare` which
    parts of the backup are not those that are in use here. `runs` are those that were counted again, `audit` what
    verifying the log found; for a dry run, or where the backup has no warehouse, there is neither.
    """

    manifest: Manifest
    sources: Path | None = None
    to_compare: tuple[Path, ...] = ()
    runs: tuple[Reproduced, ...] = ()
    audit: Verified | None = None

    @property
    def faults(self) -> list[StageError]:
        """One for each run whose figures do not come out, and each fault of the audit log.

        A run that cannot be counted again, for its records had been removed, could not be before the backup either.
        """
        found = faults_of(one for one in self.runs if one.outcome == DIFFERS)
        found += [BackupError(fault, where="audit log") for fault in (self.audit.faults if self.audit else ())]
        return found


def checked(settings: Settings, folder: Path, now: datetime) -> Manifest:
    """The manifest of a backup that is whole and can be restored here at a time (aware).

    Raises:
        BackupError: it is not a backup, or made by a newer version.
        ExceptionGroup: every file that is damaged; else everything here that stands in the way.
    """
    manifest = read_manifest(folder)
    if manifest.schema and manifest.schema > REVISION:
        what = f"its warehouse is of a newer courtstats (schema {manifest.schema}; this version knows {REVISION})"
        raise BackupError(what, where=str(folder), remedy=f"Install courtstats {manifest.courtstats} or newer")
    with progress.track("Checking the backup", manifest.size, "bytes") as advance:
        if damaged := damages(folder, manifest, advance):
            raise ExceptionGroup("a damaged backup", damaged)
    checks: Sequence[Callable[[], None]] = (
        lambda: _check_key(settings, manifest),
        lambda: _check_store(settings, manifest),
        lambda: _check_warehouse(settings, folder, manifest),
        lambda: _check_room(settings, folder, manifest),
        lambda: _check_holds(settings, folder, manifest, now),
    )
    faults = []
    for check in checks:
        try:
            check()
        except StageError as fault:
            faults.append(fault)
    if faults:
        raise ExceptionGroup("what stands in the way of restoring", faults)
    return manifest


def _check_key(settings: Settings, manifest: Manifest) -> None:
    if manifest.key_check is None:
        return
    key = existing_key(settings)
    if key is None or key_check(key) != manifest.key_check:
        raise SettingsError(
            "there is no key yet" if key is None else "this is not the key that the records were landed with",
            where="COURTSTATS_KEY" if settings.key else str(settings.home / "key"),
            remedy="First put back the key that was kept beside the backup, as this file or in COURTSTATS_KEY",
        )


def _check_store(settings: Settings, manifest: Manifest) -> None:
    if manifest.store is None or copying.is_empty(settings.store):
        return
    if not copying.same(settings.store, manifest.below(STORE), manifest.landings):
        remedy = "Restore into a new folder: set COURTSTATS_STORE (and COURTSTATS_WAREHOUSE_URL), or COURTSTATS_HOME"
        raise ExtractError("it holds records already", where=str(settings.store), remedy=remedy)


def _check_room(settings: Settings, folder: Path, manifest: Manifest) -> None:
    """For what is not restored yet. How much room a PostgreSQL server has is not known here."""
    wanted = []
    if manifest.store and copying.is_empty(settings.store):
        wanted.append((settings.store, sum(file.size for file in manifest.below(STORE))))
    if manifest.schema and (file := sqlite_file(settings.warehouse_url)):
        there = file.stat().st_size if file.exists() else 0
        wanted.append((file, max(0, (folder / WAREHOUSE).stat().st_size - there)))
    remedy = "Make room, or set COURTSTATS_STORE or COURTSTATS_WAREHOUSE_URL to another disk"
    check_room(wanted, "restoring takes", remedy)


def _check_warehouse(settings: Settings, folder: Path, manifest: Manifest) -> None:
    if manifest.schema is None or not recording.there_is_one(settings):
        return
    with connect(settings.warehouse_url) as warehouse:
        there = warehouse_copying.contents(warehouse)
        if there is None or there.bare or warehouse_copying.same_as(folder / WAREHOUSE, there):
            return
        raise LoadError(
            f"it holds something already ({there.all_rows:,} rows, schema {there.schema})",
            where=warehouse.place,
            remedy="Restore into a new database: set COURTSTATS_WAREHOUSE_URL",
        )


def _check_holds(settings: Settings, folder: Path, manifest: Manifest, now: datetime) -> None:
    """What was held when the backup was made has to be held here: holds are nowhere but in the definitions."""
    if not (manifest.schema or manifest.store) or not manifest.below(DEFINITIONS):
        return
    ended = ended_holds(folder / DEFINITIONS, definitions_of(settings), now)
    if ended:
        raise TransformError(
            "restoring would end " + "; ".join(ended),
            where=str(settings.definitions),
            remedy=f"Put the definitions back first: set COURTSTATS_DEFINITIONS={folder / DEFINITIONS}, or copy them",
        )


def restore(settings: Settings, folder: Path, manifest: Manifest, *, every_run: bool, now: datetime) -> Restored:
    """Put back store, warehouse and sources.toml, count runs again, verify the audit log, and note it there.

    Args:
        settings: where to; the warehouse may be of the other kind of database than it was.
        folder: absolute; a backup that was `checked`.
        manifest: of the backup.
        every_run: count all completed runs again, not only those that current figures rest on.
        now: aware; what is under a hold at that time is not shown.

    Raises:
        ExtractError, LoadError, SettingsError: what could not be written; every step is whole, so it can be done again.
    """
    make_home(settings)
    store = manifest.below(STORE)
    if manifest.store and not copying.same(settings.store, store, manifest.landings):
        with progress.track("Restoring the records store", sum(f.size for f in store), "bytes") as advance:
            copying.copy_in(folder / STORE, settings.store, store, advance)
    if manifest.schema:
        with (
            connect(settings.warehouse_url) as warehouse,
            progress.track("Restoring the warehouse", manifest.rows, "rows") as advance,
        ):
            warehouse_copying.copy_in(folder / WAREHOUSE, warehouse, advance)
    sources = _restore_sources(settings, folder, manifest)
    compare = to_compare(settings, folder, manifest)
    if not manifest.schema:
        return Restored(manifest, sources, compare)
    with recording.opened(settings) as warehouse:
        found, audit = _verified(settings, warehouse, manifest, every_run=every_run, now=now)
        done = Restored(manifest, sources, compare, tuple(found), audit)
        facts = {"runs": len(found), "faults": len(done.faults), "made_at": manifest.made_at.isoformat()}
        note(warehouse, "restored", folder.name, head=manifest.head, **facts)
    return done


def _restore_sources(settings: Settings, folder: Path, manifest: Manifest) -> Path | None:
    """Put sources.toml back where there is none, with what it names; without it two sources could count twice."""
    if settings.sources.exists():
        return None
    put = None
    for copied, here in _sources(settings, folder, manifest):
        if not here.exists():
            unfinished = here.with_name(f".{here.name}.unfinished")
            with copying.explained(here):
                unfinished.unlink(missing_ok=True)
                copying.copy_file(copied, unfinished.name, here.parent)
                put = unfinished.replace(here)
    return put


def _sources(settings: Settings, folder: Path, manifest: Manifest) -> list[tuple[Path, Path]]:
    """Files of sources in the backup, each with its place here; sources.toml last, for it names the others."""
    names = sorted((file.path for file in manifest.below(SOURCES)), key=lambda name: name == SOURCES_FILE)
    here = settings.sources.parent
    return [(folder / SOURCES / n, settings.sources if n == SOURCES_FILE else here / n) for n in names]


def to_compare(settings: Settings, folder: Path, manifest: Manifest) -> tuple[Path, ...]:
    """What of the backup is not as it is in use here: definitions, sources.toml and what that names."""
    definitions = [(folder / DEFINITIONS / f.path, settings.definitions / f.path) for f in manifest.below(DEFINITIONS)]
    return tuple(
        copied
        for copied, here in (*definitions, *_sources(settings, folder, manifest))
        if not here.is_file() or copying.hash_of(here) != copying.hash_of(copied)
    )


def _verified(
    settings: Settings, warehouse: "Warehouse", manifest: Manifest, *, every_run: bool, now: datetime
) -> tuple[list[Reproduced], Verified]:
    numbers = completed_runs(warehouse) if every_run else standing_runs(warehouse)
    asked = asked_runs(warehouse, numbers)
    with progress.track("Counting again", len(asked), "runs") as advance:
        found = reproduce(settings, warehouse, asked, now, advance)
    entries = warehouse_copying.contents(warehouse)
    total = entries.rows["audit_entry"] if entries else None
    with progress.track("Checking the audit log", total, "entries") as advance:
        return found, verify(warehouse, manifest.head or None, advance)
