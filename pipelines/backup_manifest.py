"""What a backup says of itself: `manifest.json`, with the hash of every file in it. It holds no key and no secret.

Layout: `warehouse.db` (SQLite, whatever the warehouse was), `store/`, `definitions/`, `sources/`.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from extract.contract import StageError
from extract.copying import CopiedFile, hash_of

FORMAT = 1
NAME = "manifest.json"
WAREHOUSE = "warehouse.db"
STORE, DEFINITIONS, SOURCES = "store", "definitions", "sources"
SOURCES_FILE = "sources.toml"
"""Its name in a backup, whatever COURTSTATS_SOURCES calls it."""


class BackupError(StageError):
    """A backup that is not whole, or does not hold what it should."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was backed up, by which version, when.

    made_at: aware.
    courtstats: version of the program.
    schema: of the warehouse; None where there was none.
    head: number and digest of the last entry of the audit log in it (`N:DIGEST`); empty for none.
    runs, rows: how many runs, and rows of all tables, there are.
    store: id of the records store; None where nothing was ever landed.
    key_check: by which the store knows its key, which is not in the backup.
    landings: number of the newest landing.
    left_out: what sources.toml names and is not in the backup, as it lies elsewhere.
    files: everything but the manifest itself.
    """

    made_at: datetime
    courtstats: str
    schema: str | None
    head: str
    runs: int
    rows: int
    store: str | None
    key_check: str | None
    landings: int
    left_out: tuple[str, ...]
    files: tuple[CopiedFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def below(self, folder: str) -> list[CopiedFile]:
        """The files of one folder of the backup, their paths relative to it."""
        start = f"{folder}/"
        return [CopiedFile(f.path[len(start) :], f.size, f.sha256) for f in self.files if f.path.startswith(start)]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into a backup. Raises OSError."""
    said = asdict(manifest) | {"made_at": manifest.made_at.isoformat()}
    whole = {"format": FORMAT} | said | {"digest": _digest(said)}
    with (folder / NAME).open("x", encoding="utf-8") as sink:
        sink.write(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
        sink.flush()
        os.fsync(sink.fileno())


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup. Raises `BackupError` where there is none, or none that this version can use."""
    where = str(folder / NAME)
    damaged = BackupError("it is damaged", where=where, remedy="Use another backup")
    try:
        said: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        format, digest = said.pop("format"), said.pop("digest")
    except FileNotFoundError:
        remedy = "Name the folder that courtstats backup made"
        raise BackupError("there is no whole backup in this folder", where=str(folder), remedy=remedy) from None
    except OSError as fault:
        raise BackupError(f"it cannot be read ({fault.strerror})", where=where) from None
    except (ValueError, KeyError, AttributeError):
        raise damaged from None
    if isinstance(format, int) and format > FORMAT:
        what = f"it was made by a newer courtstats ({said.get('courtstats')})"
        raise BackupError(what, where=where, remedy="Install that version")
    if digest != _digest(said) or set(said) != {field.name for field in fields(Manifest)}:
        raise damaged
    files = tuple(CopiedFile(**file) for file in said["files"])
    if any(PurePosixPath(f.path).is_absolute() or ".." in PurePosixPath(f.path).parts for f in files):
        raise damaged
    made_at = datetime.fromisoformat(said["made_at"]).astimezone(UTC)
    return Manifest(**said | {"made_at": made_at, "left_out": tuple(said["left_out"]), "files": files})


def damages(
    folder: Path, manifest: Manifest, advance: Callable[[int], None] = lambda _bytes: None
) -> list[BackupError]:
    """Every file that is missing or not as it was backed up, in the order of the manifest."""
    found = []
    for file in manifest.files:
        where = folder / file.path
        try:
            what = "" if hash_of(where, advance) == file.sha256 else "it is not as it was backed up"
        except FileNotFoundError:
            what = "it is missing"
        except OSError as fault:
            what = f"it cannot be read ({fault.strerror})"
        if what:
            found.append(BackupError(what, where=str(where), remedy="Nothing was restored; use another backup"))
    return found


def _digest(said: dict[str, Any]) -> str:
    """SHA-256 (hex) of the manifest itself, so that damage to it shows."""
    return sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
