"""An inspection: a look at everything that was landed, as at a time. It lands nothing and counts nothing."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from expectations.contract import Outcome
from expectations.rules_watched import INSPECTED, WatchedRule
from expectations.usual_receipts import Receipt, watch_receipts
from expectations.usual_volumes import age_of, months_needed, series_of, tested_months, watch_volumes
from expectations.volumes import Volume, read_volumes
from expectations.watching import Watched, check_watched, not_looked_at
from extract import store
from extract.store import Landing
from pipelines.recording import check_row, opened
from pipelines.settings import Settings
from transform.standing import OTHER, forces

_OF_RECEIPTS = ("watched.source-late", "watched.quarantine-growing")


def inspect(settings: Settings, as_at: datetime, also: Sequence[Outcome] = ()) -> list[Outcome]:
    """What is unusual in the whole records store, as known at a time (with its zone).

    Args:
        settings: say where the store is.
        as_at: what was received later is not looked at; its day (UTC) says which month was the last whole one.
        also: outcomes of the caller's own to put after these: what is known of due runs.

    Raises:
        ExtractError: the store cannot be read. ExceptionGroup: of GateError, where thresholds.csv cannot be used.
    """
    day = as_at.astimezone(UTC).date()
    receipts = receipts_of(_landings(settings.store, as_at))
    rows = watch_receipts(receipts, day)
    late = {r.segment.partition("=")[2] for r in rows if r.rule == _OF_RECEIPTS[0] and _above(r)}
    rules: list[type[WatchedRule]] = list(INSPECTED)
    unread: list[type[WatchedRule]] = []
    try:
        rows += watch_volumes(
            volumes_at(settings.store, as_at, [age_of(m, day) for m in tested_months(day)]), day, late
        )
    except _database_error():
        rules = [rule for rule in INSPECTED if rule.id in _OF_RECEIPTS]
        unread = [rule for rule in INSPECTED if rule not in rules]
    return [*check_watched(rows, rules, day), *(not_looked_at(rule) for rule in unread), *also]


def record_inspection_now(settings: Settings, as_at: datetime, also: Sequence[Outcome] = ()) -> int:
    """Inspect, keep what was found in the warehouse, and return the inspection's number. Raises as `inspect`."""
    from load.quality import record_inspection

    found = inspect(settings, as_at, also)
    newest = store.newest_batch(settings.store)
    with opened(settings) as warehouse:
        return record_inspection(warehouse, as_at, newest, [check_row(outcome) for outcome in found])


def usually_complete(settings: Settings, as_at: datetime) -> dict[str, float]:
    """By source: the share of a month's results that is usually there as long after its end as it is now after last's.

    The median of the months before; a source of which too few months are known is left out, and all of them
    are where the records cannot be read (an inspection says so). Reads the records of two years.
    """
    day = as_at.astimezone(UTC).date()
    month = tested_months(day)[0]
    age = age_of(month, day)
    try:
        told = series_of(volumes_at(settings.store, as_at, [age])[0], month, day)
    except _database_error():
        return {}
    return {one.name: sorted(one.shares)[len(one.shares) // 2] for one in told if one.what == "source" and one.shares}


def volumes_at(path: Path, as_at: datetime, ages: Sequence[int]) -> list[list[Volume]]:
    """Volumes of the months that an inspection looks at, for each age; forces by the code that stands for them."""
    first, last = months_needed(as_at.astimezone(UTC).date())
    files = store.known_files(path, first, last)
    newest = store.newest_batch(path)
    read = read_volumes(files, newest_batch=newest, as_at=as_at, first=first, last=last, ages=ages)
    return [_by_force(volumes) for volumes in read]


def receipts_of(landings: Sequence[Landing]) -> dict[str, list[Receipt]]:
    """What came from each source and when, oldest first."""
    found: dict[str, list[Receipt]] = {}
    for landing in sorted(landings, key=lambda one: (one.received_at, one.batch or 0)):
        receipt = Receipt(landing.received_at.astimezone(UTC).date(), sum(landing.refused.values()), landing.statements)
        found.setdefault(landing.source_name, []).append(receipt)
    return found


def _landings(path: Path, as_at: datetime) -> list[Landing]:
    return [landing for landing in store.summaries(path) if landing.batch and landing.received_at <= as_at]


def _by_force(volumes: Sequence[Volume]) -> list[Volume]:
    """Two codes of one force (01 and 02 are the Metropolitan Police) are one; what is no police force is left out."""
    known = forces()
    found = [volume for volume in volumes if volume.what != "police_force"]
    merged: dict[tuple[str, date], Volume] = {}
    for one in volumes:
        if one.what != "police_force" or one.name not in known or known[one.name].force == OTHER:
            continue
        name = known[one.name].force
        other = merged.get((name, one.month), Volume(one.what, name, one.month, 0, 0, one.first_day))
        merged[name, one.month] = Volume(
            one.what,
            name,
            one.month,
            one.in_time + other.in_time,
            one.total + other.total,
            min(one.first_day, other.first_day),
        )
    return [*found, *merged.values()]


def _above(row: Watched) -> bool:
    return row.high is not None and row.observed > row.high


def _database_error() -> type[Exception]:
    import duckdb

    return duckdb.Error
