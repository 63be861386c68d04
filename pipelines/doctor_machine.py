"""Checks of `courtstats doctor` about this machine: home, key, definitions, sources, clock, disk, Prefect."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from extract.contract import ExtractError
from pipelines.doctor_findings import FAULT, OK, WARNING, Finding
from pipelines.settings import Settings, definitions_of, existing_key, prefect_place
from pipelines.times import in_words

if TYPE_CHECKING:
    from extract.store import Landing

LEAST_FREE = 1 << 30
MONTHS_FREE = 2
"""Merging a month writes it anew beside the old files."""
CLOCKS_APART = timedelta(seconds=60)


def home(settings: Settings) -> Iterator[Finding]:
    """The home: there, and for its owner alone."""
    folder = settings.home
    if not folder.exists():
        yield Finding("home", OK, f"{folder} is not there yet; the first landing or run makes it")
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("home", FAULT, f"{folder} cannot be written", "Set COURTSTATS_HOME to a folder of yours")
        return
    yield _for_its_owner("home", folder, 0o700)


def key(settings: Settings) -> Iterator[Finding]:
    """The key: readable as one, and by its owner alone. Raises SettingsError where it is no key."""
    if existing_key(settings) is None:
        yield Finding("key", OK, "none yet; the first landing makes it")
    elif settings.key:
        yield Finding("key", OK, "from COURTSTATS_KEY")
    else:
        yield _for_its_owner("key", settings.home / "key", 0o600)


def _for_its_owner(name: str, path: Path, wanted: int) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding(name, WARNING, f"others may use {path} (mode {mode:04o})", f"chmod {wanted:o} {path}")
    return Finding(name, OK, f"{path}, for its owner alone")


def definitions(settings: Settings) -> Iterator[Finding]:
    """Questions and code lists load. Raises what loading raises."""
    from transform.questions import load_definitions

    found = load_definitions(definitions_of(settings))
    yield Finding("definitions", OK, f"{len(found.questions)} questions in {settings.definitions}")


def sources(settings: Settings) -> Iterator[Finding]:
    """The named sources, if there is a file of them. Raises what reading it raises."""
    if not settings.sources.exists():
        yield Finding("sources", OK, f"no {settings.sources}; files are landed by their paths")
        return
    from pipelines.source_file import load_sources

    yield Finding("sources", OK, f"{len(load_sources(settings.sources).sources)} sources in {settings.sources}")


def clock(settings: Settings) -> Iterator[Finding]:
    """This machine's clock against the newest landing and the newest file of the store."""
    from extract import store

    now = datetime.now(UTC)
    newest: Landing | None = store.newest_landing(settings.store)
    times = [("the newest landing", newest.landed_at)] if newest else []
    files = [p.stat().st_mtime for p in (settings.store / "batches").glob("*.json")]
    if files:
        times.append(("the newest file of the store", datetime.fromtimestamp(max(files), UTC)))
    behind = [(what, at) for what, at in times if at - now > CLOCKS_APART]
    if not behind:
        yield Finding("clock", OK, f"{now:%Y-%m-%d %H:%M:%S} UTC, not behind what was landed")
    for what, at in behind:
        seen = f"it says {now:%Y-%m-%d %H:%M:%S} UTC, but {what} is of {in_words(at)}"
        yield Finding("clock", FAULT, seen, "Set the clock of this machine: nothing can be landed until then")


def disk(settings: Settings) -> Iterator[Finding]:
    """Room where things are written: at least 1 GiB, and twice the largest month of the store."""
    try:
        month = largest_month(settings.store)
    except ExtractError:  # what is wrong with it the checks of the store say; there must be room all the same
        month = 0
    least = max(LEAST_FREE, MONTHS_FREE * month)
    places = {"records store": settings.store, "home": settings.home, "temporary files": Path(tempfile.gettempdir())}
    if settings.warehouse_url.startswith("sqlite:///"):
        places["warehouse"] = Path(settings.warehouse_url.removeprefix("sqlite:///")).parent
    for name, place in places.items():
        there = next(p for p in (place, *place.parents) if _seen(p))
        free = shutil.disk_usage(there).free
        seen = f"{name}: {free / 1e9:,.1f} GB free at {there}"
        if free < least:
            yield Finding("disk", WARNING, seen, f"Make room: at least {least / 1e9:,.1f} GB")
        else:
            yield Finding("disk", OK, seen)


def _seen(place: Path) -> bool:
    """Whether it is there and may be looked at."""
    try:
        return place.exists()
    except OSError:
        return False


def largest_month(path: Path) -> int:
    """Bytes of the largest hearing month of the store."""
    from extract.compaction import data_files

    sizes: dict[str, int] = {}
    for file in data_files(path):
        sizes[file.month] = sizes.get(file.month, 0) + file.size
    return max(sizes.values(), default=0)


def prefect(settings: Settings) -> Iterator[Finding]:
    """Where Prefect keeps its own things, and which server it speaks to; neither is tried."""
    from urllib.parse import urlsplit

    place, address = prefect_place(settings)
    if not address:
        yield Finding("Prefect", OK, f"home {place}; a server of its own for each run")
        return
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        yield Finding("Prefect", FAULT, "PREFECT_API_URL is no address", "Give http://HOST:PORT/api, or unset it")
        return
    yield Finding("Prefect", OK, f"home {place}; server at {parts.hostname}")
