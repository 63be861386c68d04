"""`courtstats backup`: warehouse, records store, definitions and sources as they are now, in one folder.

The warehouse is copied first: the store, copied after it, then holds every landing that a run was counted from.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from extract import copying
from extract.contract import ExtractError
from extract.copying import CopiedFile
from extract.store import check_key, store_id
from load import copying as warehouse_copying
from pipelines import progress, recording, runs
from pipelines.backup_manifest import (
    DEFINITIONS,
    SOURCES,
    SOURCES_FILE,
    STORE,
    WAREHOUSE,
    Manifest,
    write_manifest,
)
from pipelines.noting import note_in
from pipelines.room import check_room
from pipelines.settings import Settings, definitions_of, existing_key, key_check
from pipelines.show import OutputError
from pipelines.source_file import load_sources
from transform.definition_files import list_files, question_files

if TYPE_CHECKING:
    from load.connecting import Warehouse

LOOSER = 2
"""How much more room a copy may take than a database that packs its rows tighter."""


def back_up(settings: Settings, folder: Path, now: datetime) -> Manifest:
    """Copy everything into a new folder, which is there as a whole or not at all.

    Args:
        settings: what is backed up.
        folder: absolute; it must not exist, or be empty.
        now: aware.

    Returns:
        What is in it. That it was made is noted in the audit log, where this account may write there.

    Raises:
        OutputError: the folder is taken, or there is not enough room. SettingsError: there are no definitions.
        ExtractError, LoadError: there is nothing to back up, what is there cannot be read, or the copy not written.
    """
    store = settings.store if store_id(settings.store) else None
    _refuse_place(settings, folder)
    definitions_of(settings)
    if store and (key := existing_key(settings)):
        check_key(store, key_check(key))  # the key that would be kept beside this backup has to be the right one
    with ExitStack() as stack:
        warehouse = stack.enter_context(recording.opened(settings)) if recording.there_is_one(settings) else None
        if store is None and warehouse is None:
            what = "there is nothing to back up: nothing was landed, and there is no warehouse"
            raise ExtractError(what, where=str(settings.home), remedy="Check COURTSTATS_HOME")
        _check_room(folder, store, warehouse)
        with copying.explained(folder), copying.beside(folder) as unfinished:
            made = _nothing(now)
            if warehouse:
                made = _with_warehouse(made, warehouse, unfinished)
            if store:
                made = _with_store(made, store, unfinished)
            made = _with_descriptions(made, settings, unfinished)
            write_manifest(unfinished, made)
        if warehouse:
            about = {"head": made.head, "landings": made.landings, "runs": made.runs}
            note_in(warehouse, "backed up", folder.name, **about)
        return made


def _refuse_place(settings: Settings, folder: Path) -> None:
    taken = folder.is_file() or (folder.is_dir() and any(folder.iterdir()))
    if taken:
        raise OutputError("it is not empty", where=str(folder), remedy="Name a folder that does not exist yet")
    real = folder.resolve()  # a link may lead back into them
    for what, place in (("the records store", settings.store), ("the folder of definitions", settings.definitions)):
        if real.is_relative_to(place.resolve()):
            raise OutputError(f"it lies in {what}", where=str(folder), remedy="Name a folder on another disk")


def _check_room(folder: Path, store: Path | None, warehouse: "Warehouse | None") -> None:
    needed = copying.size(store) if store else 0
    if warehouse:
        needed += warehouse_copying.size(warehouse) * LOOSER
    check_room([(folder, needed)], "the backup may take", "Make room or name a folder on another disk")


def _nothing(now: datetime) -> Manifest:
    return Manifest(now, runs.code_version(), None, "", 0, 0, None, None, 0, (), ())


def _with_warehouse(made: Manifest, warehouse: "Warehouse", folder: Path) -> Manifest:
    there = warehouse_copying.contents(warehouse)
    with progress.track("Copying the warehouse", there.all_rows if there else None, "rows") as advance:
        found = warehouse_copying.copy_out(warehouse, folder / WAREHOUSE, advance)
    file = folder / WAREHOUSE
    copied = CopiedFile(WAREHOUSE, file.stat().st_size, copying.hash_of(file))
    head, rows = found.head, found.all_rows
    return replace(made, schema=found.schema, head=head, runs=found.rows["run"], rows=rows, files=(copied,))


def _with_store(made: Manifest, store: Path, folder: Path) -> Manifest:
    with progress.track("Copying the records store", copying.size(store), "bytes") as advance:
        copied = copying.copy_out(store, folder / STORE, advance, lambda: progress.say("Waiting for a landing to end"))
    return replace(
        made,
        store=store_id(store),
        key_check=copying.key_check_of(store),
        landings=copied.landings,
        files=(*made.files, *_in(STORE, copied.files)),
    )


def _with_descriptions(made: Manifest, settings: Settings, folder: Path) -> Manifest:
    """Definitions, and the sources with their mappings and queries as far as these lie beside or below sources.toml."""
    place = definitions_of(settings)
    of_questions = [*question_files(place), *list_files(place)]
    files = [copying.copy_file(file, file.relative_to(place).as_posix(), folder / DEFINITIONS) for file in of_questions]
    named, left_out = _sources(settings.sources)
    copied = [copying.copy_file(file, name, folder / SOURCES) for name, file in named.items()]
    more = (*_in(DEFINITIONS, files), *_in(SOURCES, copied))
    return replace(made, left_out=tuple(left_out), files=(*made.files, *more))


def _sources(file: Path) -> tuple[dict[str, Path], list[str]]:
    """The files to copy by their names in the backup, and what has to be left out, in words."""
    if not file.exists():
        return {}, []
    try:
        found = load_sources(file, files=False)
    except ExceptionGroup:  # where it is sound there is no password in it: loading refuses one
        return {}, [f"{file}, which has faults: there could be a password in it"]
    named, left_out = {SOURCES_FILE: file}, []
    root = file.resolve().parent
    for source in found.sources.values():
        for path in (source.mapping, source.query):
            if path is None or not path.is_file():
                continue
            if path.resolve().is_relative_to(root):
                named[path.resolve().relative_to(root).as_posix()] = path
            else:
                left_out.append(f"{path}, which {file.name} names and which lies elsewhere")
    return named, list(dict.fromkeys(left_out))


def _in(folder: str, files: Sequence[CopiedFile]) -> tuple[CopiedFile, ...]:
    return tuple(replace(file, path=f"{folder}/{file.path}") for file in files)
