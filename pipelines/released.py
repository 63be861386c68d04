"""What each landing let out of quarantine, as far as that tells which statements came out: a cause of revisions.

A person who lets something go lets no statement in, and of a row without a day nothing says which statement of its
extract holds it now: neither is told, so what they bring is late or amended like anything else.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from transform.revising import ReleasedFrom

if TYPE_CHECKING:
    from extract.holding import SetAside


def released(store: Path, newest_batch: int, after: int = 0) -> list[ReleasedFrom]:
    """What the landings after number `after` up to `newest_batch` let out of quarantine."""
    from extract.holding import on_record

    return released_from(s for s in on_record(store, newest_batch) if (s.released_batch or 0) > after)


def released_from(record: Iterable["SetAside"]) -> list[ReleasedFrom]:
    """What was let out, of what is on record; in order, each once."""
    found = {_one(s, s.released_batch): None for s in record if s.released_batch is not None and s.why != "by-hand"}
    return [one for one in found if one]


def _one(entry: "SetAside", batch: int) -> ReleasedFrom | None:
    day = entry.hearing_date
    if entry.source_format != "table":
        return ReleasedFrom(batch, entry.file, day, day)
    if day:
        return ReleasedFrom(batch, None, day, day)
    if entry.place.startswith("row "):
        return None
    if entry.bounded:
        return ReleasedFrom(batch, None, entry.first_day, entry.last_day)
    return ReleasedFrom(batch, entry.file)
