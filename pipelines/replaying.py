"""Reading quarantine again: what is held, from where it still lies, as it was landed at first.

Each landing is repeated as it was asked for (source, format, mapping, covered days, court system) and with
its own time of receipt. SPI messages are dated by receipt, so what is read late never comes before an
amendment that was received meanwhile. Whatever had landed already is a repeat, so nothing lands twice.
What has changed since it was set aside was received later: it is named, and left to an ordinary landing.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from extract import holding, store
from extract.contract import ExtractError
from extract.deliveries import SourceFile
from extract.holding import SetAside
from extract.rereading import Content, unchanged
from extract.store import Landing
from pipelines import landings, show
from pipelines.extract_files import as_landed
from pipelines.settings import Settings
from pipelines.sources import Files, LandRequest
from pipelines.times import in_words

MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class Portion:
    """What is read again as one landing: the request, and what is held of it."""

    request: LandRequest
    entries: tuple[SetAside, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What can be read again, which files are gone or have changed since, and what cannot be read again, and why."""

    portions: tuple[Portion, ...]
    gone: tuple[str, ...]
    changed: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it: the landings, what was let go, what is held still, and faults that stopped a landing."""

    plan: Plan
    landings: tuple[Landing, ...]
    let_go: int
    still_held: int
    faults: tuple[str, ...]


def plan(settings: Settings, entries: Sequence[SetAside]) -> Plan:
    """How to read again what is held: a portion for each landing that set it aside."""
    batches = {landing.batch: landing for landing in store.summaries(settings.store)}
    groups: dict[tuple[object, ...], list[SetAside]] = {}
    for entry in entries:
        asked = batches[entry.batch].asked
        same = tuple(sorted((name, value) for name, value in asked.items()))
        groups.setdefault((entry.source_name, entry.source_format, entry.received_at, same), []).append(entry)
    portions: list[Portion] = []
    gone: list[str] = []
    changed: list[str] = []
    left: list[str] = []
    for of in groups.values():
        landing = batches[of[0].batch]
        if landing.source_format == "table":
            files, content = _extract(landing, of, gone, changed, left), None
        else:
            found = unchanged(of, landing.source_format)
            files, content = found.files, found.content
            gone += found.gone
            changed += found.changed
        if files:
            portions.append(Portion(_request(landing, files, content), tuple(of)))
    return Plan(tuple(portions), *(tuple(dict.fromkeys(names)) for names in (gone, changed, left)))


def _extract(
    landing: Landing, entries: Sequence[SetAside], gone: list[str], changed: list[str], left: list[str]
) -> tuple[SourceFile, ...]:
    """All files of the extract, or none: a part of it, or a newer one, would say something else about its days."""
    name = landing.source_name
    if "files" not in landing.asked:
        if any(entry.origin for entry in entries):
            left.append(
                f"{name}, batch {landing.batch}: which files its extract had is not known; land all of it again"
            )
        else:
            left.append(f"{name} is a database, which says it again: courtstats land --source {name}")
        return ()
    extract = as_landed(landing.asked["files"])
    gone += map(str, extract.gone)
    changed += map(str, extract.changed)
    if extract.gone or extract.changed:
        left.append(f"{name}, batch {landing.batch}: its extract is not there as it was; land the corrected one")
        return ()
    return extract.files


def _request(landing: Landing, files: tuple[SourceFile, ...], content: Content | None) -> LandRequest:
    asked = landing.asked
    first, _dots, last = asked.get("covers", "").partition("..")
    return LandRequest(
        Files(landing.source_format, files, 0),
        Path(asked["mapping"]) if "mapping" in asked else None,
        landing.received_at,
        (date.fromisoformat(first), date.fromisoformat(last)) if last else None,
        source_name=asked.get("source"),
        system=asked.get("system"),
        only=content,
    )


def dry_run(settings: Settings, planned: Plan, entries: Sequence[SetAside]) -> Replayed:
    """What reading it again would do; nothing is written."""
    made, faults = [], []
    for portion in planned.portions:
        try:
            made.append(landings.land(settings, portion.request, dry_run=True, waiting=lambda: None))
        except (ExtractError, ExceptionGroup) as fault:
            faults += said(fault)
    let_go = sum(landing.released for landing in made)
    return Replayed(planned, tuple(made), let_go, max(0, len(entries) - let_go), tuple(faults))


def outcome(
    settings: Settings, planned: Plan, entries: Sequence[SetAside], made: Sequence[Landing], faults: Sequence[str]
) -> Replayed:
    """What reading it again did, for what was held before."""
    now = {(s.batch, s.number): s for s in holding.on_record(settings.store, store.newest_batch(settings.store))}
    held = [e for e in entries if now[e.batch, e.number].released_batch is None]
    return Replayed(planned, tuple(made), sum(landing.released for landing in made), len(held), tuple(faults))


def said(fault: BaseException) -> list[str]:
    """The faults in an error that people can mend, one text each. Any other error is raised again."""
    faults = list(fault.exceptions) if isinstance(fault, BaseExceptionGroup) else [fault]
    if isinstance(fault, BaseExceptionGroup):
        return [text for one in faults for text in said(one)]
    if not isinstance(fault, ExtractError):
        raise fault
    return [str(fault)]


def printed(replayed: Replayed, *, dry_run: bool, as_json: bool) -> None:
    """Print what was read again, what is held still, and which files are gone or have changed."""
    if as_json:
        facts = {
            "schema": "courtstats/quarantine-replay@1",
            "dry_run": dry_run,
            "let_go": replayed.let_go,
            "still_held": replayed.still_held,
            "landings": [asdict(landing) for landing in replayed.landings],
            "gone": replayed.plan.gone,
            "changed": replayed.plan.changed,
            "left": replayed.plan.left,
            "faults": replayed.faults,
        }
        show.write(show.to_json(facts))
        return
    for landing in replayed.landings:
        show.write(f"{landings.landing_line(landing, dry_run)}, as received {in_words(landing.received_at)}.")
    _some(replayed.plan.gone, "is gone, so it cannot be read again")
    _some(replayed.plan.changed, "has changed since it was set aside: land it as it is now (courtstats land)")
    _some(replayed.plan.left, "")
    _some(replayed.faults, "")
    verb = "Would let go" if dry_run else "Let go"
    show.write(f"{verb} {replayed.let_go:,} of quarantine; {replayed.still_held:,} of what was meant held still.")


def _some(lines: Sequence[str], what: str) -> None:
    for line in lines[:MOST_LINES]:
        show.write(f"  {line} {what}".rstrip())
    if len(lines) > MOST_LINES:
        show.write(f"  and {len(lines) - MOST_LINES:,} more: --json shows all of them")
