"""The text of a new question and of its code lists, from offence codes: complete, with examples that hold.

What cannot be known from the codes (when the law came into force, who answers for the figure) is asked for or
left as a comment to fill in; nothing is made up.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from transform.codelists import HEADER, SLUG, CodeEntry, CodeList
from transform.contract import TransformError
from transform.scaffold_codes import (
    INTERIM,
    OFFENCE,
    changed,
    offences_of,
    results_of,
    suggested,
    with_short_codes,
)
from transform.scaffold_examples import Parts
from transform.scaffold_text import Wanted, question_text
from transform.standing import Standing

LONGEST_ID = 60


@dataclass(frozen=True, slots=True)
class Draft:
    """A new question: its files by their path below the folder of definitions, and what its writer should know."""

    id: str
    files: Mapping[str, str]
    said: tuple[str, ...]


def draft(wanted: Wanted, standing: Standing, lists: Mapping[str, CodeList], version: str) -> Draft:
    """The files of a new question.

    Args:
        wanted: what it shall be.
        standing: the official codes and titles.
        lists: the code lists at hand, for short codes that the standing data lack.
        version: of the standing data, as the lists name their source.

    Raises:
        ExceptionGroup[TransformError]: every fault of what is wanted.
    """
    faults: list[Exception] = list(_own_faults(wanted))
    offences: list[CodeEntry] = []
    named: list[CodeEntry] = []
    try:
        offences = offences_of(wanted.offences, standing, base=wanted.base)
    except ExceptionGroup as group:
        faults += group.exceptions
    try:
        named = results_of(wanted.results, standing, lists)
    except ExceptionGroup as group:
        faults += group.exceptions
    if offences and not wanted.results:
        named = suggested(offences, standing)
        if not named:
            what = "no result has a title that stands in the titles of these offences"
            faults.append(TransformError(what, where="--result", remedy="Name the results: --result CODE"))
    if faults:
        raise ExceptionGroup("a new question", faults)
    entries = [_sourced(e, version) for e in with_short_codes(named, standing)]
    final = [e for e in entries if e.category != INTERIM]
    interim = [e for e in entries if e.category == INTERIM] if final else []
    types = len({e.category for e in offences}) > 1
    kept = Parts(
        [_sourced(e, version) for e in _undated(offences, wanted.in_force)],
        final or entries,
        interim,
        wanted.unit,
        _breakdown(offences) if types else None,
        wanted.in_force,
    )
    files: dict[str, str] = {}
    names = {}
    for part, listed in (("offences", kept.offences), ("results", kept.results), ("interim", interim)):
        same = next((name for name, one in lists.items() if _said_by(one.entries) == _said_by(listed)), None)
        names[part] = same or f"{wanted.id}-{part}"
        if listed and not same:
            files[f"codelists/{names[part]}.csv"] = _csv(listed)
    files[f"questions/{wanted.id}.toml"] = question_text(wanted, kept, names, standing)
    return Draft(wanted.id, files, tuple(_said(wanted, kept, names, standing)))


def _said_by(entries: Sequence[CodeEntry]) -> frozenset[tuple[str, str, str]]:
    """What a list says: one that says the same already is used, not written a second time."""
    return frozenset((e.match, e.code, e.category) for e in entries)


def _undated(offences: Sequence[CodeEntry], in_force: date | None) -> list[CodeEntry]:
    """Without `in_force` a first day of all codes would be taken for it; it is only that of the codes."""
    if in_force is None and all(e.valid_from for e in offences):
        return [replace(e, valid_from=None) for e in offences]
    return list(offences)


def _own_faults(wanted: Wanted) -> Iterator[TransformError]:
    if not SLUG.fullmatch(wanted.id) or len(wanted.id) > LONGEST_ID:
        remedy = f"Use small letters, digits and hyphens, at most {LONGEST_ID}, like knife-crime-prevention-orders"
        yield TransformError(f"{wanted.id!r} is not an id for a question", remedy=remedy)
    if (wanted.in_force is None) != (wanted.act is None):
        what = "the day from which the law is in force and its name go together"
        yield TransformError(what, where="--in-force, --act", remedy="Give both, or neither")
    for option in ("title", "owner", "act"):
        text = getattr(wanted, option)
        if text is not None and (not text.strip() or not text.isprintable()):
            yield TransformError("is empty or goes over several lines", where=f"--{option}", remedy="Write one line")
    if not wanted.offences:
        yield TransformError("no offence code is given", where="--offence", remedy="Name at least one")


def _sourced(entry: CodeEntry, version: str) -> CodeEntry:
    own = entry.source in ("offence codes", "result codes", "short codes")
    return replace(entry, source=f"standing data {version}: {entry.source}") if own else entry


def _breakdown(offences: Sequence[CodeEntry]) -> str:
    return "offence_type" if all(e.category == OFFENCE for e in offences) else "application_type"


def _csv(entries: Sequence[CodeEntry]) -> str:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(HEADER)
    for e in entries:
        lines.writerow([e.code, e.match, e.label, e.category, e.valid_from or "", e.valid_to or "", e.source])
    return text.getvalue()


def _said(wanted: Wanted, parts: Parts, names: Mapping[str, str], standing: Standing) -> Iterator[str]:
    if not wanted.results:
        codes = ", ".join(f"{e.code} ({e.label})" for e in parts.results)
        yield f"Results suggested by their titles: {codes}. Name others with --result."
    if parts.interim:
        codes = ", ".join(e.code for e in parts.interim)
        yield f"Interim results are kept apart, they do not count: {codes}."
    if not wanted.in_force:
        yield "Not said since when the law is in force: fill in `in_force` and `act`, or give --in-force and --act."
    for part, name in names.items():
        if name != f"{wanted.id}-{part}":
            yield f"The list {name} says the same as {wanted.id}-{part} would, so it is used."
    yield from changed(parts.offences, standing)
