"""sources.toml: the named sources, loaded strictly; every fault of the file at once as `file:line:column`.

Names of sources are part of statement keys of tables, so a source that reads with a mapping has the mapping's name:
landed by name or by hand, the same rows are the same statements and count once.
"""

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from extract.contract import ExtractError
from pipelines.settings import Settings
from pipelines.source_checks import below, between_faults, named_file_faults
from pipelines.source_definition import KINDS, SOURCE_NAME, NamedSource, NamedSources
from pipelines.source_shape import SHAPES, AnySource, SourcesFile, every_key, keys_of
from transform.definition_files import read_text
from transform.shape_faults import Found, nearest, not_toml, place_of, shape_faults
from transform.toml_places import places


def named_sources(settings: Settings, *, files: bool = True) -> NamedSources:
    """The named sources of this installation, none where there is no file. Raises as `load_sources`."""
    return load_sources(settings.sources, files=files)


def precedence(settings: Settings) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(source, sources that give way to it) as sources.toml says; mappings and queries are not looked at.

    Raises:
        ExceptionGroup[ExtractError]: the file has faults. Counting without its precedence would count twice.
    """
    return named_sources(settings, files=False).precedence


def load_sources(path: Path, *, files: bool = True) -> NamedSources:
    """The sources of a file, none where it does not exist.

    Args:
        path: sources.toml.
        files: look at the mappings and queries that it names too.

    Raises:
        ExceptionGroup[ExtractError]: every fault of the file, and of the mappings that it names.
    """
    if not path.exists():
        return NamedSources(path, {})
    text, unread = read_text(path, str(path))
    if unread:
        raise _group(path, [ExtractError(unread.what, where=unread.where, remedy=unread.remedy)])
    try:
        data = tomllib.loads(text)
    except RecursionError:
        what = "it is nested too deeply"
        raise _group(path, [ExtractError(what, where=f"{path}:1:1", remedy="Close the brackets")]) from None
    except tomllib.TOMLDecodeError as error:
        fault = not_toml(text, str(path), str(error))
        raise _group(path, [ExtractError(fault.what, where=fault.where, remedy=fault.remedy)]) from None
    found, sources = _whole(data, path)
    elsewhere: list[ExtractError] = []
    if files:
        more, elsewhere = named_file_faults(_tables(data), path)
        found += more
    where = places(text)
    at = sorted(((place_of(where, way), what, remedy) for way, what, remedy in found), key=lambda one: one[0])
    faults = [
        ExtractError(what, where=f"{path}:{line}:{column}", remedy=remedy) for (line, column), what, remedy in at
    ] + elsewhere
    if faults:
        raise _group(path, faults)
    return NamedSources(path, sources)


def _group(path: Path, faults: list[ExtractError]) -> ExceptionGroup[ExtractError]:
    return ExceptionGroup(f"{path}: the sources cannot be used", faults)


def _whole(data: dict[str, Any], path: Path) -> tuple[list[Found], dict[str, NamedSource]]:
    """The faults of the file, and those sources that are sound each by itself."""
    found: list[Found] = []
    try:
        SourcesFile.model_validate(data)
    except ValidationError as error:
        found += shape_faults(error, SourcesFile)
    tables = _tables(data)
    sources: dict[str, NamedSource] = {}
    for name, table in tables.items():
        if not SOURCE_NAME.fullmatch(name):
            what = "this is not a name for a source"
            remedy = "Use up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit"
            found.append((("source", name), what, remedy))
        if not isinstance(table, dict):
            found.append((("source", name), f"`{name}` is not a table", f"Write it under a header [source.{name}]"))
            continue
        shape, faults = _shaped(name, table)
        found += faults
        if shape:
            sources[name] = _source(name, shape, path)
    found += between_faults(tables, path)
    return found, sources


def _tables(data: Mapping[str, Any]) -> dict[str, Any]:
    """The sources as parsed."""
    tables = data.get("source")
    return tables if isinstance(tables, dict) else {}


def _shaped(name: str, table: Mapping[str, Any]) -> tuple[AnySource | None, list[Found]]:
    """The shape of one source (None where it has faults) and its faults; the kind decides which keys it has."""
    found: list[Found] = []
    at = ("source", name)
    kind = table.get("kind")
    near = get_close_matches(kind, KINDS, 1) if isinstance(kind, str) else []
    if kind is None:
        found.append((at, "`kind` is missing", f"Add kind = {' or '.join(map(repr, KINDS))}"))
    elif kind not in KINDS:
        remedy = f"Did you mean {near[0]!r}?" if near else f"Use one of: {', '.join(KINDS)}"
        found.append(((*at, "kind"), f"`kind` cannot be {kind!r}", remedy))
        kind = near[0] if near else None
    if kind is None:  # without a kind only keys that no source has can be told
        unknown = [key for key in table if key not in every_key()]
        return None, found + [
            ((*at, key), f"unknown key `{key}`", nearest(key, every_key(), "keys")) for key in unknown
        ]
    own = keys_of(kind)
    for key in table:
        if key not in own and key in every_key():
            remedy = f"Its keys are: {', '.join(own)}"
            found.append(((*at, key), f"`{key}` does not belong to a source of kind {kind!r}", remedy))
    if kind == "database":
        found += [((*at, *way), what, remedy) for way, what, remedy in _read_what(table)]
    mine = {key: value for key, value in table.items() if key in own or key not in every_key()} | {"kind": kind}
    try:
        shape = SHAPES[kind].model_validate(mine)
    except ValidationError as error:
        faults = shape_faults(error, SHAPES[kind])
        return None, found + [((*at, *way), what, remedy) for way, what, remedy in faults]
    return (None if found else shape), found


def _read_what(table: Mapping[str, Any]) -> Iterator[Found]:
    if "table" in table and "query" in table:
        yield ("query",), "both `table` and `query` say what is read", "Keep one of them"
    elif "table" not in table and "query" not in table:
        yield (), "neither `table` nor `query` says what is read", "Add table = ... or query = ..."


def _source(name: str, shape: AnySource, path: Path) -> NamedSource:
    """The source that a shape describes, its paths made absolute."""
    as_written = ("schedule", "system", "covers", "table", "window", "changed_at", "only", "statement_timeout")
    url, mapping, query = (getattr(shape, key, None) for key in ("url", "mapping", "query"))
    return NamedSource(
        name=name,
        kind=shape.kind,
        file=path,
        over=tuple(dict.fromkeys(shape.over)),
        location=tuple(below(path, text) for text in getattr(shape, "location", ())),
        mapping=below(path, mapping) if mapping else None,
        query=below(path, query) if query else None,
        secret=url.secret if url else None,
        **{key: getattr(shape, key) for key in as_written if hasattr(shape, key)},
    )
