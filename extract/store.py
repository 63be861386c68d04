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

from extract import disk_faults, quarantine
from extract.appending import APPLICATION, table_at, unreadable
from extract.appending import records_folder as records_folder
from extract.contract import ExtractError
from extract.kept import kept_from

UNREADABLE = frozenset("*?[]%")
"""What DuckDB takes for a pattern, and Delta for a letter written otherwise, in the path of a file."""


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
    members of archives that are of no known kind, `before_kept` statements (and what of them could not be read) of
    hearings before the month from which the store keeps records: they are left out, and are no refusals.
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
    before_kept: int = 0


@dataclass(frozen=True, slots=True)
class StoreState:
    """What the store holds: numbers, the days it speaks of, and the newest landing.

    `refused` is everything that was ever set aside, `held` what of it has not been let go since. What was of hearings
    before the month `kept_from` (`YYYY-MM`) was removed for good (extract/retention.py); None: nothing was.
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
    kept_from: str | None = None


def prepare(path: Path, key_check: str) -> None:
    """Make the store's folder, or check that it was made with the same key.

    Result texts are compared by keyed digests: with another key no text would match any more and
    every figure would silently be too small, so another key is refused.

    Raises:
        ExtractError: the store was made with another key, or the folder cannot be written or has an unusable name.
    """
    if odd := sorted(set(str(path)) & UNREADABLE):
        raise ExtractError(
            f"files cannot be read by a path with {' '.join(odd)} in it",
            where=str(path),
            remedy="Choose another folder with COURTSTATS_STORE",
        )
    if _label(path):
        check_key(path, key_check)
        return
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)  # case references are in it
        with (path / f".{uuid.uuid4().hex}").open("x") as sink:
            json.dump({"format": 1, "id": uuid.uuid4().hex, "key_check": key_check}, sink)
        Path(sink.name).replace(path / "store.json")
    except OSError as fault:
        raise ExtractError(
            f"cannot be written ({fault.strerror})",
            where=str(path),
            remedy="Choose another folder with COURTSTATS_STORE",
        ) from None


def check_key(path: Path, key_check: str) -> None:
    """Refuse a store that was made with another key; a store that does not exist yet is fine."""
    label = _label(path)
    if label and label["key_check"] != key_check:
        raise ExtractError(
            "the records were landed with another key, so no result text would match",
            where=str(path),
            remedy="Set COURTSTATS_KEY, or put back the key file that was used when they were landed",
        )


def store_id(path: Path) -> str:
    """What tells this store from every other one; empty where there is none yet."""
    label = _label(path)
    return str(label["id"]) if label else ""


def _label(path: Path) -> dict[str, Any] | None:
    """What is written on a store; None where there is none yet. Raises ExtractError where it cannot be read or used."""
    try:
        said: dict[str, Any] = json.loads((path / "store.json").read_text())
        return said | {name: said[name] for name in ("id", "key_check")}
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise unreadable(path, fault.strerror or type(fault).__name__) from fault
    except (ValueError, KeyError, TypeError):
        remedy = "Restore it from a backup: courtstats restore"
        raise ExtractError("its store.json is damaged", where=str(path), remedy=remedy) from None


def newest_batch(path: Path) -> int:
    """Number of the newest landing, 0 where there is none."""
    table = table_at(records_folder(path))
    return (table.transaction_version(APPLICATION) or 0) if table else 0


def summaries(path: Path) -> list[Landing]:
    """Every landing in the store, oldest first."""
    newest = newest_batch(path)
    return [_read_summary(f) for f in sorted((path / "batches").glob("*.json")) if int(f.stem) <= newest]


def newest_landing(path: Path) -> Landing | None:
    """The newest landing; None where nothing was ever landed."""
    newest = newest_batch(path)
    return _read_summary(_summary_file(path, newest)) if newest else None


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
    named = (Path(uri).parts[-2:] for uri in table.file_uris(file_pruning_predicate=wanted or None))
    return tuple(sorted(str(records_folder(path).joinpath(*parts)) for parts in named))  # in a URI a space is %20


@disk_faults.looked_again
def state(path: Path) -> StoreState:
    """What the store holds, read from the table's log and the files' footers. Raises ExtractError for a lost file."""
    files = known_files(path)
    newest = newest_batch(path)
    received = newest_received_at(path, newest)
    refused, held = quarantine.on_record(path, newest)
    month = kept_from(path)
    kept = f"{month:%Y-%m}" if month else None
    if not files:
        return StoreState(newest, received, 0, 0, 0, None, None, refused, held, kept)
    with duckdb.connect() as con:
        query = "select count(*), min(hearing_date), max(hearing_date) from read_parquet($files)"
        rows, first, last = con.execute(query, {"files": list(files)}).fetchall()[0]
    size = sum(Path(f).stat().st_size for f in files)
    return StoreState(newest, received, rows, len(files), size, first, last, refused, held, kept)


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
