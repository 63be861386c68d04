"""What is held in quarantine, as a person works with it: choosing, counting, showing, letting go.

Reading it again is in pipelines/replaying.py. Nothing here or there ever shows what a file says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from extract import holding, store
from extract.contract import REASONS, ExtractError
from extract.holding import SetAside
from extract.reasons import REMEDIES
from pipelines import show
from pipelines.noting import noted
from pipelines.settings import Settings, key_check, the_key
from pipelines.times import in_words, parse_day

SHORT_HASH = 12
MOST_LINES = 40
UNKNOWN_DAY = "unknown"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the quarantine is meant; None: all. `day` is a hearing day, or `unknown`."""

    reason: str | None = None
    source: str | None = None
    day: str | None = None
    content: str | None = None

    def __post_init__(self) -> None:
        from extract.mapping import nearest

        if self.reason and self.reason not in REASONS:
            remedy = nearest(self.reason, REASONS) or f"Reasons are {', '.join(REASONS)}"
            raise ExtractError(f"there is no reason {self.reason!r}", where="--reason", remedy=remedy)
        if self.day and self.day != UNKNOWN_DAY:
            parse_day(self.day, "--day")

    @property
    def anything(self) -> bool:
        """Whether nothing is asked for in particular."""
        return not (self.reason or self.source or self.day or self.content)

    def of(self, record: Iterable[SetAside]) -> list[SetAside]:
        """Those of the record that are meant."""
        return [s for s in record if self._means(s)]

    def _means(self, entry: SetAside) -> bool:
        day = entry.hearing_date.isoformat() if entry.hearing_date else UNKNOWN_DAY
        return (
            self.reason in (None, entry.reason)
            and self.source in (None, entry.source_name)
            and self.day in (None, day)
            and (self.content is None or entry.content_hash.startswith(self.content.lower()))
        )


def record(settings: Settings, wanted: Wanted, *, everything: bool = False) -> list[SetAside]:
    """What is held and meant, in the order of landing; with `everything` what was let go as well."""
    found = holding.on_record(settings.store, store.newest_batch(settings.store), everything=everything)
    return wanted.of(s for s in found if everything or s.released_batch is None)


def summary(settings: Settings, wanted: Wanted, *, everything: bool, as_json: bool) -> None:
    """Print how much is held for each reason, source and hearing day, and what to do about each reason."""
    found = record(settings, wanted, everything=True)
    held = [s for s in found if s.released_batch is None]
    groups = _groups(found if everything else held)
    reasons = _by_reason(found if everything else held)
    if as_json:
        totals = {"held": len(held), "let_go": len(found) - len(held)}
        show.write(
            show.to_json({"schema": "courtstats/quarantine@1"} | totals | {"reasons": reasons, "groups": groups})
        )
        return
    if not groups:
        show.write("Nothing is held in quarantine." if wanted.anything else "Nothing of that is held in quarantine.")
        return
    heads = ["reason", "source", "hearing day", "held", *(["let go"] if everything else []), "first seen", "last seen"]
    lines = [
        [
            g["reason"],
            g["source"],
            g["hearing_day"].isoformat() if g["hearing_day"] else UNKNOWN_DAY,
            f"{g['held']:,}",
            *([f"{g['let_go']:,}"] if everything else []),
            g["first_received_at"].date().isoformat(),
            g["last_received_at"].date().isoformat(),
        ]
        for g in groups
    ]
    show.table(heads, lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        show.write(f"and {len(lines) - MOST_LINES:,} more lines: --json shows all of them\n")
    for reason in reasons:
        show.write(f"{reason['reason']}: {reason['held']:,} held. {reason['means']}. {reason['remedy']}.")
    if held:
        show.write(
            "\nEach by file and place: courtstats quarantine show. "
            "What a new version or a mended mapping reads, read again: courtstats quarantine replay"
        )


def _groups(entries: Iterable[SetAside]) -> list[dict[str, Any]]:
    """Numbers by reason, source and hearing day; times of receipt are the first and the last."""
    groups: dict[tuple[str, str, date | None], list[SetAside]] = {}
    for entry in entries:
        groups.setdefault((entry.reason, entry.source_name, entry.hearing_date), []).append(entry)
    return [
        {
            "reason": reason,
            "source": source,
            "hearing_day": day,
            "held": (held := sum(s.released_batch is None for s in of)),
            "let_go": len(of) - held,
            "first_received_at": min(s.received_at for s in of).astimezone(UTC),
            "last_received_at": max(s.received_at for s in of).astimezone(UTC),
        }
        for (reason, source, day), of in sorted(groups.items(), key=lambda g: (*g[0][:2], g[0][2] or date.min))
    ]


def _by_reason(entries: Sequence[SetAside]) -> list[dict[str, Any]]:
    """Numbers by reason, with its sentence and what to do about it."""
    found = {reason: [s for s in entries if s.reason == reason] for reason in sorted({s.reason for s in entries})}
    return [
        {
            "reason": reason,
            "means": REASONS[reason],
            "remedy": REMEDIES[reason],
            "held": (held := sum(s.released_batch is None for s in of)),
            "let_go": len(of) - held,
        }
        for reason, of in found.items()
    ]


def listing(settings: Settings, wanted: Wanted, *, everything: bool, limit: int, as_json: bool) -> None:
    """Print each refusal: file, place, reason, hash, hearing day, batch; and why it was let go."""
    found = record(settings, wanted, everything=everything)
    if as_json:
        show.write(
            show.to_json(
                {
                    "schema": "courtstats/quarantine-entries@1",
                    "entries": [_entry(s) for s in found[:limit]],
                    "not_shown": max(0, len(found) - limit),
                }
            )
        )
        return
    if not found:
        show.write("Nothing of that is held in quarantine.")
        return
    heads = ["file", "place", "reason", "content", "hearing day", "batch", *(["let go"] if everything else [])]
    lines = [
        [
            s.file,
            s.place,
            s.reason,
            s.content_hash[:SHORT_HASH],
            s.hearing_date.isoformat() if s.hearing_date else UNKNOWN_DAY,
            str(s.batch),
            *([f"batch {s.released_batch}: {s.why}" if s.released_batch else ""] if everything else []),
        ]
        for s in found[:limit]
    ]
    show.table(heads, lines)
    if len(found) > limit:
        show.write(f"and {len(found) - limit:,} more: --limit {len(found)} shows all of them")


def _entry(entry: SetAside) -> dict[str, Any]:
    """One refusal for JSON: no part of what its file says."""
    return {
        "batch": entry.batch,
        "number": entry.number,
        "reason": entry.reason,
        "file": entry.file,
        "place": entry.place,
        "content": entry.content_hash,
        "hearing_day": entry.hearing_date,
        "origin": entry.origin,
        "source": entry.source_name,
        "format": entry.source_format,
        "received_at": entry.received_at.astimezone(UTC),
        "whole": entry.whole,
        "let_go_by_batch": entry.released_batch,
        "why": entry.why,
        "because": entry.because or None,
    }


def release(settings: Settings, wanted: Wanted, because: str, *, dry_run: bool, as_json: bool) -> None:
    """Let go what is held and meant, for a reason that a person gives: a landing of no files for each source.

    Raises:
        ExtractError: nothing in particular is meant, no reason is given, or nothing of that is held.
    """
    if wanted.anything:
        remedy = "Name it with --reason, --source, --day or --content"
        raise ExtractError("everything would be let go", where="courtstats quarantine release", remedy=remedy)
    if not because.strip():
        raise ExtractError("no reason is given", where="--because", remedy="Say why, in words that name nobody")
    found = record(settings, wanted)
    if not found:
        remedy = "See what is: courtstats quarantine show"
        raise ExtractError("nothing of that is held", where="courtstats quarantine release", remedy=remedy)
    now = datetime.now(UTC)
    made = [] if dry_run else _let_go(settings, found, " ".join(because.split()), now)
    if as_json:
        facts = {"dry_run": dry_run, "let_go": len(found), "batches": made}
        show.write(show.to_json({"schema": "courtstats/quarantine-release@1"} | facts))
    else:
        said = "Would let go" if dry_run else "Let go"
        batches = f", as batch {', '.join(map(str, made))}" if made else ""
        show.write(f"{said} {len(found):,} of quarantine{batches}; figures know of it from {in_words(now)}.")


def _let_go(settings: Settings, entries: Sequence[SetAside], because: str, now: datetime) -> list[int]:
    from extract.holding import Reread
    from extract.landing import Source, land
    from extract.quarantine import Release

    store.check_key(settings.store, key_check(the_key(settings)))
    made = []
    for name, format in sorted({(s.source_name, s.source_format) for s in entries}):
        chosen = [s for s in entries if (s.source_name, s.source_format) == (name, format)]
        reread = Reread(by_hand=[Release(s.batch, s.number, "by-hand", because) for s in chosen])
        source = Source(name, format, 0, now, given=True, by_name=False)
        landing = land(settings.store, source, [], list, landed_at=now, reread=lambda reread=reread: reread)  # type: ignore[misc]
        if landing.batch:
            made.append(landing.batch)
            noted(settings, "quarantine released", f"batch {landing.batch}", source=name, let_go=len(chosen))
    return made
