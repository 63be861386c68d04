"""The records store: an append-only Delta table of hearing results, and what it holds.

The newest batch is the application transaction of the table's last landing (extract/landing.py); a
summary or quarantine file with a higher number was left by a landing that did not finish, and is not read.
"""

import json
import os
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from extract import quarantine
from extract.appending import APPLICATION, table_at
from extract.contract import ExtractError


@dataclass(frozen=True, slots=True)
class Landing:
    """What one landing did. `batch` is None where nothing new was found, or for a dry run.

    `repeated` counts statements that said nothing new, `presumed` those of them that were taken for the
    same file again by name alone though something else has counted since, `late` those older than one already held,
    `undecided` the keys of which this landing holds several different statements with one time:
    which of them counts was decided by their content hash. `received_at` is when this landing's content
    reached us, `received_to` the latest time of receipt in the store once it is there. `asked` is how it was
    asked for, as far as landing the same again needs it (`mapping`, `covers`, `system`, `source`, and the `files` of
    an extract). `released` counts what was in quarantine and is not held any more (extract/holding.py), `left` the
    members of archives that are of no known kind.
    """

    batch: int | None
    landed_at: datetime
    received_at: datetime
    received_to: datetime | None
    source_name: str
    source_format: str
    files: int
    statements: int
    rows: int
    repeated: int
    late: int
    undecided: int
    refused: dict[str, int] = field(default_factory=dict)
    refused_again: int = 0
    presumed: int = 0
    asked: dict[str, str] = field(default_factory=dict)
    released: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class StoreState:
    """What the store holds: numbers, the days it speaks of, and the newest landing.

    `refused` is everything that was ever set aside, `held` what of it has not been let go since.
    """

    newest_batch: int
    newest_received_at: datetime | None
    rows: int
    files: int
    size: int
    first_hearing: date | None
    last_hearing: date | None
    refused: int
    held: int


def prepare(path: Path, key_check: str) -> None:
    """Make the store's folder, or check that it was made with the same key.

    Result texts are compared by keyed digests: with another key no text would match any more and
    every figure would silently be too small, so another key is refused.

    Raises:
        ExtractError: the store was made with another key, or the folder cannot be written.
    """
    label = path / "store.json"
    if label.exists():
        check_key(path, key_check)
        return
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)  # case references are in it
        with (path / f".{uuid.uuid4().hex}").open("x") as sink:
            json.dump({"format": 1, "id": uuid.uuid4().hex, "key_check": key_check}, sink)
        Path(sink.name).replace(label)
    except OSError as fault:
        raise ExtractError(
            f"cannot be written ({fault.strerror})",
            where=str(path),
            remedy="Choose another folder with COURTSTATS_STORE",
        ) from None


def check_key(path: Path, key_check: str) -> None:
    """Refuse a store that was made with another key; a store that does not exist yet is fine."""
    label = path / "store.json"
    if label.exists() and json.loads(label.read_text())["key_check"] != key_check:
        raise ExtractError(
            "the records were landed with another key, so no result text would match",
            where=str(path),
            remedy="Set COURTSTATS_KEY, or put back the key file that was used when they were landed",
        )


def store_id(path: Path) -> str:
    """What tells this store from every other one; empty where there is none yet."""
    label = path / "store.json"
    return str(json.loads(label.read_text())["id"]) if label.exists() else ""


def newest_batch(path: Path) -> int:
    """Number of the newest landing, 0 where there is none."""
    table = table_at(records_folder(path))
    return (table.transaction_version(APPLICATION) or 0) if table else 0


def summaries(path: Path) -> list[Landing]:
    """Every landing in the store, oldest first."""
    newest = newest_batch(path)
    return [_read_summary(f) for f in sorted((path / "batches").glob("*.json")) if int(f.stem) <= newest]


def newest_received_at(path: Path, batch: int) -> datetime | None:
    """The latest time of receipt up to a landing: what "as known" means unless a time is given."""
    return _read_summary(_summary_file(path, batch)).received_to if batch else None


def known_files(
    path: Path, first: date | None = None, last: date | None = None, batch: int | None = None
) -> tuple[str, ...]:
    """Parquet files that may hold hearings of the days from `first` to `last` (both included), or of one landing."""
    table = table_at(records_folder(path))
    if table is None:
        return ()
    wanted: list[tuple[str, str, Any]] = [
        ("hearing_month", op, f"{d:%Y-%m}") for op, d in ((">=", first), ("<=", last)) if d
    ]
    if batch is not None:
        wanted.append(("landed_batch", "=", batch))
    return tuple(sorted(table.file_uris(file_pruning_predicate=wanted or None)))


def state(path: Path) -> StoreState:
    """What the store holds, read from the table's log and the files' footers."""
    files = known_files(path)
    newest = newest_batch(path)
    received = newest_received_at(path, newest)
    refused, held = quarantine.on_record(path, newest)
    if not files:
        return StoreState(newest, received, 0, 0, 0, None, None, refused, held)
    with duckdb.connect() as con:
        query = "select count(*), min(hearing_date), max(hearing_date) from read_parquet($files)"
        rows, first, last = con.execute(query, {"files": list(files)}).fetchall()[0]
    size = sum(Path(f).stat().st_size for f in files)
    return StoreState(newest, received, rows, len(files), size, first, last, refused, held)


def records_folder(path: Path) -> Path:
    """Where the Delta table of a store lies."""
    return path / "records"


def _summary_file(path: Path, batch: int) -> Path:
    return path / "batches" / f"{batch:09d}.json"


def write_summary(path: Path, landing: Landing) -> None:
    """Write the summary of a landing that is about to be committed."""
    target = _summary_file(path, landing.batch or 0)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".tmp")
    with unfinished.open("w") as sink:
        json.dump(asdict(landing), sink, default=lambda t: t.isoformat(), indent=1)
        sink.flush()
        os.fsync(sink.fileno())
    unfinished.replace(target)


def _read_summary(file: Path) -> Landing:
    facts = json.loads(file.read_text())
    for name in ("landed_at", "received_at", "received_to"):
        facts[name] = facts[name] and datetime.fromisoformat(facts[name]).astimezone(UTC)
    return Landing(**facts)
