"""What a named source has landed already, so that it need not be read again: `sources/NAME.json` in the records store.

It is written after the landing is in the store, and it only saves reading: without it more is read, what is there
already is left out by the landing, and the records are the same.
"""

import json
import os
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from extract.contract import ExtractError

FORMAT = 1


@dataclass(frozen=True, slots=True)
class SourceState:
    """What a source has landed.

    batch: newest batch of the store when this was written.
    identity: digest of everything that decides what is read and how; another one makes this state worthless.
    files: marks of files that were landed (`file_mark`).
    days: mark of each hearing day that was landed from a database, as of before it was read.
    codes: offence codes that were asked of the database (`ST19501`, `PH97003*` with all its forms); None: all.
    whole_at: when every day of the window was last read, whether changed or not.
    """

    batch: int
    identity: str
    files: frozenset[str] = frozenset()
    days: Mapping[date, str] = field(default_factory=dict)
    codes: frozenset[str] | None = None
    whole_at: datetime | None = None


def file_mark(path: Path) -> str:
    """What a file is known by: its path, size and time of change. Raises OSError where it cannot be looked at."""
    found = path.stat()
    said = f"{path.absolute()}\0{found.st_size}\0{found.st_mtime_ns}"
    return sha256(said.encode(errors="surrogateescape")).hexdigest()[:32]  # a name need not be UTF-8


def identity_of(parts: Iterable[object], key: bytes | None) -> str:
    """A keyed digest of what a source is: there may be a password among it. Empty (equal to none) without a key."""
    import hmac

    said = json.dumps([str(part) for part in parts]).encode()
    return hmac.digest(key, b"source:" + said, "sha256").hex() if key else ""


def state_file(store: Path, name: str) -> Path:
    """Where the state of a source is."""
    return store / "sources" / f"{name}.json"


def read_state(store: Path, name: str) -> SourceState | None:
    """The state of a source; None where there is none, or none that can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        said = json.loads(state_file(store, name).read_text(encoding="utf-8"))
        if said["format"] != FORMAT:
            return None
        return SourceState(
            batch=int(said["batch"]),
            identity=str(said["identity"]),
            files=frozenset(said["files"]),
            days={date.fromisoformat(day): str(mark) for day, mark in said["days"].items()},
            codes=None if said["codes"] is None else frozenset(said["codes"]),
            whole_at=datetime.fromisoformat(said["whole_at"]).astimezone(UTC) if said["whole_at"] else None,
        )
    return None


def write_state(store: Path, name: str, state: SourceState) -> None:
    """Write the state of a source, as a whole or not at all. Raises ExtractError where it cannot be written."""
    said: dict[str, Any] = {
        "format": FORMAT,
        "batch": state.batch,
        "identity": state.identity,
        "files": sorted(state.files),
        "days": {day.isoformat(): mark for day, mark in sorted(state.days.items())},
        "codes": None if state.codes is None else sorted(state.codes),
        "whole_at": state.whole_at and state.whole_at.isoformat(),
    }
    target = state_file(store, name)
    unfinished = target.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        target.parent.mkdir(exist_ok=True)
        with unfinished.open("w", encoding="utf-8") as sink:
            json.dump(said, sink)
            sink.flush()
            os.fsync(sink.fileno())
        unfinished.replace(target)
    except OSError as fault:
        with suppress(OSError):
            unfinished.unlink()
        raise ExtractError(
            f"what was landed could not be noted ({fault.strerror}); the records are landed",
            where=str(target),
            remedy="Free some space or mend the folder's permissions; the next landing reads everything again",
        ) from None


def forget_days(store: Path, kept_from: date) -> None:
    """Drop what is remembered of hearing days that the store keeps no records of any more. Raises as `write_state`."""
    for file in (store / "sources").glob("*.json"):
        state = read_state(store, file.stem)
        if state and any(day < kept_from for day in state.days):
            kept = {day: mark for day, mark in state.days.items() if day >= kept_from}
            write_state(store, file.stem, replace(state, days=kept))
