"""Why a figure differs, in a sentence: how many by which cause, and which landing brought it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from load.contract import GONE
from pipelines import show
from pipelines.times import london_day
from transform.contract import NO_DATA
from transform.periods import day_in_words

if TYPE_CHECKING:
    from load.revisions import Part, Revision, SincePublished

WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NOUNS: dict[str, tuple[str, str]] = {
    "quarantine released": ("released from quarantine", "released from quarantine"),
    "source change": ("by a source change", "by a source change"),
    "duplicate resolved": ("duplicate resolved", "duplicates resolved"),
    "removed result": ("removed result", "removed results"),
    "amended result": ("amended result", "amended results"),
    "late result": ("late result", "late results"),
    "code-list change": ("by a code-list change", "by a code-list change"),
    "definition change": ("by a definition change", "by a definition change"),
    "program change": ("by a program change", "by a program change"),
    "not recounted": ("not recounted", "not recounted"),
}
"""Each cause (`transform.contract.CAUSES`) after one and after several."""
SHOWN_LANDINGS = 3
"""So many landings of one cause are named each; of more the first and the last."""
UNEXPLAINED = "without a recorded cause"
"""A figure that was held in between has none, and vintages of before causes were recorded."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Parts of one cause that all raised, or all lowered, a figure."""

    cause: str
    says: str
    units: int
    parts: tuple["Part", ...]


def revision_sentence(name: str, revision: "Revision") -> str:
    """`2020Q1: 27 to 28 on 4 May 2020: one late result, landed on 3 May 2020 (police batch 7)`."""
    before = _figure(revision.before, revision.before_status)
    after = _figure(revision.after, revision.after_status)
    day = day_in_words(london_day(revision.known_from))
    return f"{name}: {before} to {after} on {day}: {because(revision.parts)}"


def published_sentence(name: str, since: "SincePublished") -> str:
    """`2020Q1: published as 27 in FOI 200422009 on 22 April 2020, now 28: one late result, ...`."""
    was = _figure(since.published.value, since.published.status)
    day = day_in_words(london_day(since.published.published_at))
    head = f"{name}: published as {was} in {since.published.label} on {day}, now {_figure(since.now, since.now_status)}"
    if since.parts or since.unexplained:
        return f"{head}: {because(since.parts, since.unexplained)}"
    return f"{head}: {without_parts(since.published.status, since.now_status or GONE)}"


def without_parts(before: str, after: str) -> str:
    """Why a figure is another one although it counts as many, by its status before and after."""
    return _TO_NONE.get(after) or _FROM_NONE[before]


_FROM_NONE = {NO_DATA: "statements were landed for its days", GONE: "there is such a cell again"}
_TO_NONE = {NO_DATA: "no statement speaks of its days", GONE: "there is no such cell any more"}


def because(parts: Iterable["Part"], unexplained: int = 0) -> str:
    """The parts in words, by cause. With several kinds each says by how much, so that one can add them up.

    There is a part, or something that is unexplained.
    """
    groups = _groups(parts)
    clauses = [(_number(g.units, g.cause), g.units, _rest(g)) for g in groups]
    if unexplained:
        clauses.append((f"{_word(abs(unexplained))} {UNEXPLAINED}", unexplained, ""))
    if len(clauses) == 1:
        return clauses[0][0] + clauses[0][2]
    said = [f"{head} ({units:+,}){rest}" for head, units, rest in clauses]
    return "; ".join(said)


def _groups(parts: Iterable["Part"]) -> list[_Group]:
    found: dict[tuple[str, str, bool], list[Part]] = {}
    for part in parts:
        found.setdefault((part.cause, part.says, part.units > 0), []).append(part)
    return [_Group(cause, says, sum(part.units for part in of), tuple(of)) for (cause, says, _), of in found.items()]


def _number(units: int, cause: str) -> str:
    one, several = NOUNS[cause]
    return f"{_word(abs(units))} {one if abs(units) == 1 else several}"


def _word(number: int) -> str:
    return WORDS[number] if number < len(WORDS) else f"{number:,}"


def _rest(group: _Group) -> str:
    """What goes after the number: the change of a definition as it was said, and the landings."""
    said = f' ("{group.says}")' if group.says else ""
    landed = _landings([part for part in group.parts if part.batch is not None])
    return said + (f", {landed}" if landed else "")


def _landings(parts: Sequence["Part"]) -> str:
    every = {part.batch: part for part in sorted(parts, key=lambda part: part.batch or 0)}
    shown = list(every.values())
    if not shown:
        return ""
    if len(shown) > SHOWN_LANDINGS:
        return f"in {len(shown)} landings, from the one {_landing(shown[0])} to the one {_landing(shown[-1])}"
    words = [_landing(part) for part in shown]
    return "landed " + " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _landing(part: "Part") -> str:
    """`on 3 May 2020 (police batch 7)`; the day and the source are not known of a landing that was not recorded."""
    batch = f"{part.source_name} batch {part.batch}" if part.source_name else f"batch {part.batch}"
    return f"on {day_in_words(london_day(part.landed_at))} ({batch})" if part.landed_at else f"as {batch}"


def _figure(value: int | None, status: str | None) -> str:
    """A value, or why there is none; where there was no such cell there was none to count."""
    return show.number(value, status) if status else "none"
