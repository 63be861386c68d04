"""Checks of `courtstats doctor` about the records store: label and key, landings, what is left over, quarantine."""

from collections.abc import Iterator

from extract import kept, store
from extract.compaction import data_files
from extract.quarantine import on_record
from extract.retention import held
from pipelines.doctor_findings import FAULT, OK, WARNING, Finding
from pipelines.settings import Settings, existing_key, key_check

MANY_FILES = 20_000


def store_label(settings: Settings) -> Iterator[Finding]:
    """The store: there, readable, made with this key. Raises ExtractError where it is damaged or made with another."""
    if not settings.store.exists():
        yield Finding("records store", OK, f"{settings.store} is not there yet; the first landing makes it")
        return
    if not store.store_id(settings.store):
        remedy = "Restore it from a backup, or name an empty folder with COURTSTATS_STORE"
        yield Finding("records store", FAULT, f"{settings.store} has no label: it is no records store", remedy)
        return
    key = existing_key(settings)
    if key is None:
        seen = f"{settings.store} was made with a key, and there is none"
        yield Finding("records store", FAULT, seen, "Put the key file back, or set COURTSTATS_KEY")
        return
    store.check_key(settings.store, key_check(key))
    yield Finding("records store", OK, f"{settings.store}, made with this key")


def landings(settings: Settings) -> Iterator[Finding]:
    """The landings can be read and none of their files is missing; who holds the lock, what dead landings left."""
    if not settings.store.exists():
        return
    newest, files = store.newest_batch(settings.store), data_files(settings.store)
    month = kept.kept_from(settings.store)
    said = f"{newest:,} landings, {sum(f.rows for f in files):,} rows in {len(files):,} files"
    said += f", kept from {month:%Y-%m}" if month else ""
    many = len(files) > MANY_FILES
    yield Finding("landings", WARNING if many else OK, said, "courtstats store compact" if many else "")
    restore = "Restore the store from a backup: courtstats restore"
    if _lost(settings) and (lost := _lost(settings)):  # twice: some may just have been merged or removed for good
        yield Finding("landings", FAULT, f"{lost:,} of the files of records are missing", restore)
    there = {int(f.stem) for f in (settings.store / "batches").glob("*.json")}
    if missing := sorted(set(range(1, newest + 1)) - there):
        seen = f"the summary of landing {', '.join(map(str, missing[:5]))} is missing"
        yield Finding("landings", FAULT, seen, restore)
    yield from _busy(settings)
    yield from _left_over(settings)


def _lost(settings: Settings) -> int:
    """How many files the table names that are not there."""
    folder = store.records_folder(settings.store)
    return sum(not (folder / file.path).exists() for file in data_files(settings.store))


def _busy(settings: Settings) -> Iterator[Finding]:
    file = settings.store / "landing.lock"
    if file.exists() and held(file):
        seen = "somebody is landing or compacting at this moment"
        yield Finding("lock", WARNING, seen, "If that is nobody you know of, see which process has landing.lock open")


def _left_over(settings: Settings) -> Iterator[Finding]:
    folder = settings.store / "staging"
    left = sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0
    if left:
        seen = f"{left} landings are going on or did not finish"
        remedy = "Nothing to do: what a dead landing left is removed two days later by the next one"
        yield Finding("unfinished landings", WARNING, seen, remedy)


def quarantine(settings: Settings) -> Iterator[Finding]:
    """How much is set aside and held: figures may be too small for it."""
    _, still_held = on_record(settings.store, store.newest_batch(settings.store))
    if still_held:
        yield Finding(
            "quarantine", WARNING, f"{still_held:,} set aside and held", "courtstats quarantine says what to do"
        )
    else:
        yield Finding("quarantine", OK, "nothing is held")
