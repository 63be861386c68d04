"""What the `sources` commands print: for people, or JSON for machines. Never a URL, never a value of a source."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from extract import store
from extract.contract import REASONS
from pipelines import show
from pipelines.settings import Settings
from pipelines.source_checking import Checked, Codes
from pipelines.source_definition import KINDS, NamedSource, NamedSources
from pipelines.source_state import read_state
from pipelines.times import in_words

SOURCES_SCHEMA = "courtstats/sources-list@1"
CHECK_SCHEMA = "courtstats/source-check@1"
SHOWN_COLUMNS = 20


def listed(settings: Settings, found: NamedSources, *, as_json: bool) -> None:
    """Each source: what it is, where it lies, when it is landed, what gives way to it, what was landed last."""
    landed = {one.source_name: one for one in store.summaries(settings.store)}  # the last of each name
    facts = [_facts(settings, source, landed) for source in found.sources.values()]
    if as_json:
        show.write(show.to_json({"schema": SOURCES_SCHEMA, "file": str(found.file), "sources": facts}))
        return
    if not facts:
        show.write(f"No source is named: {found.file} " + ("names none." if found.file.exists() else "is not there."))
    for source, fact in zip(found.sources.values(), facts, strict=True):
        show.write(f"{source.name}: {KINDS[source.kind]}")
        for place in source.where:
            show.write(f"    {place}")
        if source.schedule:
            show.write(f"    landed by schedule: {source.schedule} (London time)")
        if source.over:
            show.write(f"    goes before: {', '.join(source.over)}")
        last = landed.get(source.name)
        if last is None:
            show.write("    nothing landed yet")
        else:
            numbers = f"{last.statements:,} statements, {last.rows:,} rows"
            show.write(f"    last landed: batch {last.batch}, {in_words(last.landed_at)}, {numbers}")
        if fact["files_seen"]:
            show.write(f"    files landed: {fact['files_seen']:,}")


def _facts(settings: Settings, source: NamedSource, landed: dict[str, store.Landing]) -> dict[str, Any]:
    last, state = landed.get(source.name), read_state(settings.store, source.name)
    batch = {
        "batch": last.batch,
        "landed_at": last.landed_at,
        "received_at": last.received_at,
        "statements": last.statements,
        "rows": last.rows,
        "refused": last.refused,
    } if last else None  # fmt: skip
    return {
        "name": source.name,
        "kind": source.kind,
        "where": list(source.where),
        "schedule": source.schedule,
        "over": list(source.over),
        "system": source.system,
        "last_landing": batch,
        "files_seen": len(state.files) if state else 0,
    }


def checked(found: Checked, *, as_json: bool) -> None:
    """What a look at a source found."""
    if as_json:
        show.write(show.to_json(_check_facts(found)))
        return
    source = found.source
    show.write(f"{source.name}: {KINDS[source.kind]}")
    for place in source.where:
        show.write(f"    {place}")
    if found.files is not None:
        show.write(f"    files: {found.files:,}" + (f", and {found.left:,} of another kind" if found.left else ""))
    if found.window:
        show.write(f"    window: {show.days(*found.window)}")
    if found.columns:
        lost = len({fault.what for fault in found.missing})
        show.write(f"Columns: {len(found.columns)} mapped, {lost} not there, {len(found.unmapped)} not mapped")
        for what in dict.fromkeys(str(fault) for fault in found.missing):
            show.write(f"    {what}")
        if found.unmapped:
            show.write(f"    not mapped, so never read: {_some(found.unmapped)}")
    show.write(f"Sample: {found.read:,} {found.unit} read, {found.usable:,} usable")
    for reason, many in found.refused.items():
        show.write(f"    {many:,} set aside: {REASONS[reason]} [{reason}]")
    if found.days:
        show.write(f"Hearing days: {len(found.days):,}, {show.days(found.days[0], found.days[-1])}")
    if found.usable:
        show.write(f"Offence codes: {_said(found.offences)}")
        show.write(f"Results: {_said(found.results)}")
    for note in found.notes:
        show.write(f"{note}.")
    show.write("It can be landed." if found.can_be_used else "It cannot be landed as it is.")


def _said(codes: Codes) -> str:
    different = f" ({codes.different_unknown:,} different)" if codes.unknown else ""
    return f"{codes.known:,} known to the standing data, {codes.unknown:,} not{different}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN_COLUMNS:,} more" if len(names) > SHOWN_COLUMNS else ""
    return ", ".join(map(repr, names[:SHOWN_COLUMNS])) + more


def _check_facts(found: Checked) -> dict[str, Any]:
    source = found.source
    return {
        "schema": CHECK_SCHEMA,
        "name": source.name,
        "kind": source.kind,
        "where": list(source.where),
        "can_be_used": found.can_be_used,
        "files": found.files,
        "left": found.left,
        "window": list(found.window) if found.window else None,
        "unit": found.unit,
        "read": found.read,
        "usable": found.usable,
        "columns": dict(found.columns),
        "missing": list(dict.fromkeys(str(fault) for fault in found.missing)),
        "unmapped": list(found.unmapped),
        "refused": found.refused,
        "days": {"number": len(found.days), "first": found.days[0], "last": found.days[-1]} if found.days else None,
        "offence_codes": asdict(found.offences),
        "results": asdict(found.results),
        "notes": found.notes,
    }
