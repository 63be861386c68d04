"""Faults of sources.toml that one key alone cannot show: between sources, and in the files that they name.

Works on the parsed file as it stands, whatever else is wrong with it, so that every fault is found at once.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from extract.contract import ExtractError
from extract.database_source import table_name
from extract.mapping import load_mapping
from pipelines.source_definition import BY_HAND, NamedSource
from transform.question_values import listed
from transform.shape_faults import Found, nearest

MOST_QUERY_BYTES = 1_000_000
USUAL_SCHEMAS = ("public", "main")
"""The schema of a table without one, in PostgreSQL and SQLite."""


def between_faults(tables: Mapping[str, Any], path: Path) -> Iterator[Found]:
    """Faults between the sources of a file (`path`), each source as parsed."""
    yield from _name_faults(tables)
    yield from _over_faults(tables)
    yield from _same_faults(_loosely(tables, path))


def named_file_faults(tables: Mapping[str, Any], path: Path) -> tuple[list[Found], list[ExtractError]]:
    """Faults of the mappings and queries: those told in sources.toml, and those told in a mapping itself."""
    found: list[Found] = []
    elsewhere: dict[str, ExtractError] = {}
    for source in _loosely(tables, path):
        here, there = _file_faults(source)
        found += here
        elsewhere |= {str(fault): fault for fault in there}  # two sources can name one mapping
    return found, list(elsewhere.values())


def below(path: Path, text: str) -> Path:
    """A path as written in the file `path`, made absolute."""
    return (path.parent / Path(text).expanduser()).absolute()


def _loosely(tables: Mapping[str, Any], path: Path) -> list[NamedSource]:
    """Where every source lies, as far as it says so, whatever else is wrong with it."""

    def text(value: Any) -> str | None:
        return value if isinstance(value, str) and value.strip() else None

    def file(value: Any) -> Path | None:
        return below(path, said) if (said := text(value)) else None

    found = []
    for name, table in tables.items():
        if isinstance(table, dict):
            kind, url, places = str(table.get("kind")), table.get("url"), listed(table.get("location"))
            secret = text(url.get("secret")) if isinstance(url, dict) else None
            locations = tuple(below(path, text(p) or "") for p in places) if isinstance(places, list) else ()
            mapping = file(table.get("mapping")) if kind in ("table", "database") else None
            query = file(table.get("query")) if kind == "database" else None
            found.append(
                NamedSource(name, kind, path, location=locations, mapping=mapping, query=query, secret=secret,
                            table=text(table.get("table")))
            )  # fmt: skip
    return found


def _name_faults(tables: Mapping[str, Any]) -> Iterator[Found]:
    """Names that differ by capitals alone: one file in the store would stand for both."""
    many = Counter(name.casefold() for name in tables)
    seen: dict[str, str] = {}
    for name in tables:
        first = seen.setdefault(name.casefold(), name)
        if many[name.casefold()] > 1 and first != name:
            yield ("source", name), f"{name!r} and {first!r} differ by capitals alone", "Give one another name"


def _over_faults(tables: Mapping[str, Any]) -> Iterator[Found]:
    """Sources set aside that are not known, and circles in which none would be left."""
    over: dict[str, list[str]] = {}
    for name, table in tables.items():
        said = table.get("over", []) if isinstance(table, dict) else []
        over[name] = [said] if isinstance(said, str) else [o for o in said if isinstance(o, str)] if said else []
    known = [*tables, *(name for name in BY_HAND if name not in tables)]
    for name, others in over.items():
        at = ("source", name, "over")
        for other in others:
            if other == name:
                yield at, "a source cannot go before itself", "Remove it from `over`"
            elif other not in known:
                yield at, f"there is no source {other!r}", nearest(other, [k for k in known if k != name], "sources")
    unsaid = _unsaid(tables)
    ways = {name: [o for o in (*over.get(name, ()), *unsaid.get(name, ())) if o != name] for name in known}
    told: set[tuple[str, str]] = set()
    for name in sorted(name for name in tables if over[name]):
        steps = list(pairwise([*circle, name])) if (circle := _circle(name, ways)) else []
        if steps and told.isdisjoint(steps):  # one wrong step can close many circles
            told.update(steps)
            yield _of_circle(steps, over)


def _unsaid(tables: Mapping[str, Any]) -> dict[str, list[str]]:
    """What needs no saying: Common Platform's own hearings go before the SPI messages that it sends.

    That is transform/precedence.OWN_FEED: such messages can be in any source of SPI.
    """
    kinds = {name: name for name in BY_HAND} | {
        name: str(table.get("kind")) if isinstance(table, dict) else "" for name, table in tables.items()
    }
    spi = [name for name, kind in kinds.items() if kind == "spi"]
    return {name: spi for name, kind in kinds.items() if kind == "common-platform"}


def _circle(start: str, over: Mapping[str, Sequence[str]]) -> list[str]:
    """The names on a shortest way from a source back to itself, or none."""
    before: dict[str, str] = {}
    ends = deque([start])
    while ends:
        end = ends.popleft()
        for other in over.get(end, ()):
            if other == start:
                way = [end]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1]
            if other not in before:
                before[other] = end
                ends.append(other)
    return []


def _of_circle(steps: Sequence[tuple[str, str]], over: Mapping[str, Sequence[str]]) -> Found:
    """The fault of a circle, at the first of its names that says something, and what to do."""
    at = next(number for number, (one, other) in enumerate(steps) if other in over.get(one, ()))
    names = [one for one, _other in (*steps[at:], *steps[: at + 1])]
    where, what = ("source", names[0], "over"), f"{' over '.join(names)}: the precedence goes round in a circle"
    if all(other in over.get(one, ()) for one, other in steps):
        return where, what, "Remove one `over` of it"
    why = "Common Platform's own hearings go before SPI messages that it sends, which needs no saying"
    return where, f"{what}, because {why}", f"Remove {names[1]!r} from this `over`, or another one of the circle"


def _same_faults(sources: Iterable[NamedSource]) -> Iterator[Found]:
    """Two sources that read the same thing: its rows would count once for each. Links and spelling do not matter."""
    folders: list[tuple[NamedSource, Path]] = []
    read: dict[tuple[Any, ...], str] = {}
    for source in sources:
        for position, path in enumerate(source.location):
            at = ("source", source.name, "location", position)
            place = _real(path)
            for other, taken in folders:
                if other.kind == source.kind and (place.is_relative_to(taken) or taken.is_relative_to(place)):
                    whose = "this source" if other is source else f"the source {other.name!r}"
                    yield at, f"{path} is read by {whose} already", "Let each file belong to one source, once"
                    break
            folders.append((source, place))
        what = (source.secret, source.table and _table(source.table), source.query and _real(source.query))
        if all((source.secret, source.table or source.query)):
            if what in read:
                said = f"the same is read by the source {read[what]!r} already"
                yield ("source", source.name), said, "Keep one of the two, with a window for both"
            read.setdefault(what, source.name)


def _real(path: Path) -> Path:
    """The path without links and dots."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # links that go round in a circle: nothing can be read there
        return path


def _table(name: str) -> tuple[str | None, str]:
    """A table's name as databases compare it, without the schema that is meant where none is named."""
    schema, table = table_name(name)
    folded = schema.strip().casefold() if schema else None
    return None if folded in USUAL_SCHEMAS else folded, table.strip().casefold()


def _file_faults(source: NamedSource) -> tuple[list[Found], list[ExtractError]]:
    """Faults of the mapping and the query: those told in sources.toml, and those told in the mapping."""
    found: list[Found] = []
    at = ("source", source.name)
    if source.query:
        try:
            size = source.query.stat().st_size
            empty = not source.query.read_text(encoding="utf-8-sig").strip() if size <= MOST_QUERY_BYTES else None
        except OSError as fault:
            found.append(((*at, "query"), f"the query cannot be read: {fault.strerror}", "Check the path"))
        except UnicodeDecodeError:
            found.append(((*at, "query"), "the query is not UTF-8", "Save it as UTF-8"))
        else:
            if empty is not False:
                what = "the query is empty" if empty else "the query is too large to be one"
                found.append(((*at, "query"), what, "Write one SELECT into the file"))
    if source.mapping is None:
        return found, []
    if not source.mapping.is_file():
        what = f"there is no mapping {source.mapping}"
        return [*found, ((*at, "mapping"), what, "Write one (docs/mapping.md), or correct the path")], []
    try:
        mapping = load_mapping(source.mapping)
    except ExceptionGroup as group:
        return found, [fault for fault in group.exceptions if isinstance(fault, ExtractError)]
    if mapping.source != source.name:
        what = f"the mapping {source.mapping.name} is of the source {mapping.source!r}"
        remedy = "Give both one name: under two names the same rows would count twice"
        found.append(((*at, "mapping"), what, remedy))
    return found, []
