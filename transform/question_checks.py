"""What is wrong with a question file, every fault of it at once, each at its line with what to do."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from transform.codelists import CodeList
from transform.contract import TransformError
from transform.periods import parse_period
from transform.question_file import QuestionFile
from transform.toml_places import Path, places

TIME_BREAKDOWNS = ("month", "quarter", "year")
"""Breakdowns by the date that counts; every question has them."""
RESERVED_EVIDENCE = "other"

_SAID = {
    "string_type": ("must be text", "Put it into quotes"),
    "int_type": ("must be a number", "Write it without quotes"),
    "date_type": ("is not a date", "Write a day without quotes, like 2020-01-20"),
    "datetime_type": ("is not a date and time", "Write it without quotes, like 2020-05-21T09:30:00+01:00"),
    "timezone_aware": ("does not say in which time zone it is", "Add the offset, like +01:00"),
    "list_type": ("must be a list", "Put it into [ ]"),
    "model_type": ("must be a table", "Write it as { ... } or under a header in [ ]"),
    "dict_type": ("must be a table", "Write it as { ... } or under a header in [ ]"),
    "greater_than_equal": ("is too small", "Count from 1"),
    "too_short": ("is empty", "Add at least one"),
}
Found = tuple[Path, str, str]
"""Path into the file, what is wrong, remedy."""


def question_faults(
    text: str, shown: str, stem: str, lists: Mapping[str, CodeList]
) -> tuple[QuestionFile | None, list[TransformError]]:
    """The file's shape (`None` where it has none) and its faults in the order of their lines."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).partition(" (at ")
        numbers = [word.strip(",") for word in place.split() if word.strip(",").isdigit()]
        line = int(numbers[0]) if numbers else max(len(text.splitlines()), 1)
        remedy = "Mend this line; dates are written 2020-01-20 and must exist, texts stand in quotes"
        return None, [TransformError(f"the file is not TOML: {what}", where=f"{shown}:{line}", remedy=remedy)]
    shape: QuestionFile | None = None
    found: list[Found] = []
    try:
        shape = QuestionFile.model_validate(data)
    except ValidationError as error:
        found += [_shape_fault(dict(one)) for one in error.errors(include_url=False)]
    found += _meaning_faults(data, stem, lists)
    lines = places(text)
    at = sorted(((_line(lines, path), what, remedy) for path, what, remedy in found), key=lambda one: one[0])
    return shape, [TransformError(what, where=f"{shown}:{line}", remedy=remedy) for line, what, remedy in at]


def _line(lines: Mapping[Path, int], path: Path) -> int:
    """The line of a path, or of the nearest table around what is missing."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _shape_fault(error: dict[str, Any]) -> Found:
    path: Path = error["loc"]
    name = next((str(p) for p in reversed(path) if isinstance(p, str)), "")
    kind, context = error["type"], error.get("ctx", {})
    if kind == "question":
        return path, f"`{name}`: {context['what']}", context["remedy"]
    if kind == "missing":
        return path, f"`{name}` is missing", f"Add {name} = ..."
    if kind == "extra_forbidden":
        known = _known_keys(path[:-1])
        return path, f"unknown key `{name}`", _nearest(name, known, "keys")
    if kind == "literal_error":
        what = f"`{name}` cannot be {error['input']!r}"
        also = "; other units are not supported yet" if path == ("count", "unit") else ""
        return path, what, f"Use {context['expected']}{also}"
    what, remedy = _SAID.get(kind, (str(error["msg"]), "Correct it"))
    return path, f"`{name}` {what}", remedy


def _known_keys(path: Path) -> list[str]:
    """The keys that the table at a path may hold."""
    model: type[BaseModel] = QuestionFile
    for part in path:
        if isinstance(part, int):
            continue
        field = next((f for n, f in model.model_fields.items() if part in (n, f.alias)), None)
        candidates = [field.annotation, *get_args(field.annotation)] if field else []
        model = next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), model)
    return [f.alias or n for n, f in model.model_fields.items()]


def _nearest(name: str, known: list[str], what: str) -> str:
    near = get_close_matches(name, known, 1)
    return f"Did you mean `{near[0]}`?" if near else f"The {what} are: {', '.join(known) or 'none'}"


def _tables(data: Mapping[str, Any], key: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The tables of an array of tables, whatever else the file holds there."""
    value = data.get(key)
    for position, table in enumerate(value if isinstance(value, list) else []):
        if isinstance(table, dict):
            yield position, table


def _meaning_faults(data: dict[str, Any], stem: str, lists: Mapping[str, CodeList]) -> Iterator[Found]:
    if isinstance(data.get("id"), str) and data["id"] != stem:
        yield ("id",), f"`id` is {data['id']!r} but the file is {stem}.toml", "Make them the same"
    for key in ("step", "evidence", "breakdown"):
        names = Counter(t["name"] for _, t in _tables(data, key) if isinstance(t.get("name"), str))
        for position, table in _tables(data, key):
            if isinstance(name := table.get("name"), str) and names[name] > 1:
                yield (key, position, "name"), f"two of [[{key}]] are named {name!r}", "Give each its own name"
    yield from _list_faults(data, lists)
    yield from _breakdown_faults(data, lists)
    yield from _example_faults(data)
    if data.get("in_force") and not data.get("act"):
        yield ("in_force",), "`in_force` does not say of what", 'Add act = "the name of the Act"'


def _list_faults(data: dict[str, Any], lists: Mapping[str, CodeList]) -> Iterator[Found]:
    uses: list[tuple[Path, Any, str]] = []
    for position, step in _tables(data, "step"):
        keep = step.get("keep")
        if isinstance(keep, dict):
            if not keep:
                yield ("step", position, "keep"), "`keep` is empty", "Name a list: offence = ... or result = ..."
            uses += [(("step", position, "keep", kind), keep.get(kind), kind) for kind in ("offence", "result")]
    for position, evidence in _tables(data, "evidence"):
        uses += [(("evidence", position, k), evidence.get(k), "result") for k in ("has", "without", "beside")]
        if "without" in evidence and "beside" in evidence:
            yield ("evidence", position, "beside"), "`without` and `beside` exclude each other", "Keep one of the two"
        if ("without" in evidence or "beside" in evidence) and not _first_step_keeps_offences_alone(data):
            what = "`without` and `beside` need a first step that keeps offences alone"
            yield ("evidence", position), what, "Keep the offence in the first step and the result in a later one"
        if evidence.get("name") == RESERVED_EVIDENCE:
            yield ("evidence", position, "name"), "the name 'other' is taken by what no kind covers", "Choose another"
    uses += [(("breakdown", position, "list"), b.get("list"), "offence") for position, b in _tables(data, "breakdown")]
    for path, name, kind in uses:
        if not isinstance(name, str):
            continue
        if name not in lists:
            yield path, f"there is no code list {name!r} in codelists/", _nearest(name, list(lists), "lists")
        elif lists[name].entries and lists[name].kind != kind:
            yield path, f"the code list {name!r} holds no {kind} codes", f"Name a list of {kind} codes"


def _first_step_keeps_offences_alone(data: dict[str, Any]) -> bool:
    """Results beside each other are on one offence, so such a step keeps them together."""
    keep = next((step.get("keep") for _, step in _tables(data, "step")), None)
    return isinstance(keep, dict) and "offence" in keep and "result" not in keep


def _breakdown_faults(data: dict[str, Any], lists: Mapping[str, CodeList]) -> Iterator[Found]:
    kept = {s["keep"].get("offence") for _, s in _tables(data, "step") if isinstance(s.get("keep"), dict)}
    names = list(TIME_BREAKDOWNS)
    for position, breakdown in _tables(data, "breakdown"):
        name, code_list = breakdown.get("name"), breakdown.get("list")
        if isinstance(name, str):
            names.append(name)
            if name in TIME_BREAKDOWNS or "-" in name:
                yield ("breakdown", position, "name"), f"a breakdown cannot be named {name!r}", "Choose a name like a_b"
        if not isinstance(code_list, str) or code_list not in lists:
            continue
        if not all(lists[code_list].categories):
            yield ("breakdown", position, "list"), f"codes of {code_list!r} have no category", "Fill in the category"
        if code_list not in kept:
            yield (
                ("breakdown", position, "list"),
                f"no step keeps {code_list!r}",
                "Break down by a list that a step keeps",
            )
    declared = data.get("breakdowns")
    for key in ("default", "allowed") if isinstance(declared, dict) else ():
        combinations = declared.get(key) if isinstance(declared, dict) else None
        for position, combination in enumerate(combinations if isinstance(combinations, list) else []):
            path = ("breakdowns", key, position)
            parts = [p for p in combination if isinstance(p, str)] if isinstance(combination, list) else []
            for part in parts:
                if part not in names:
                    yield path, f"the breakdown {part!r} is not declared", _nearest(part, names, "breakdowns")
            if not parts or len(set(parts)) < len(parts) or sum(p in TIME_BREAKDOWNS for p in parts) > 1:
                yield path, "a combination needs different breakdowns, at most one by time", "Remove what is too much"


def _example_faults(data: dict[str, Any]) -> Iterator[Found]:
    for position, example in _tables(data, "example"):
        expect = example.get("expect")
        for key in expect if isinstance(expect, dict) else ():
            period, *cell = key.split() or [""]
            try:
                parse_period(period)
            except TransformError as error:
                yield ("example", position, "expect", key), error.what, error.remedy
            if any("=" not in part for part in cell):
                remedy = 'Write it like "2020Q1 month=2020-01"'
                yield ("example", position, "expect", key), f"{key!r} names no cell of a period", remedy
        for row, given in _tables(example, "given"):
            if ("offence" in given) != ("result" in given or "text" in given):
                what = "a row has an offence with a result, or neither (a statement with nothing left)"
                yield ("example", position, "given", row), what, "Add what is missing"
