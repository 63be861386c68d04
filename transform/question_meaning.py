"""Faults of a question that one field alone cannot show: against the code lists, and between fields.

Works on the parsed file as it stands, whatever else is wrong with it, so that every fault is found at once.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from transform.breakdowns import OTHER, OUTCOME, PLACE_BREAKDOWNS, RESERVED, SEEN_BREAKDOWNS, TIME_BREAKDOWNS, UNKNOWN
from transform.codelists import CodeList
from transform.contract import TransformError
from transform.definition import UNITS
from transform.periods import YEARS, parse_period
from transform.rules import RULES
from transform.shape_faults import Found, nearest
from transform.toml_places import Path

RESERVED_EVIDENCE = "other"
Lists = Mapping[str, CodeList]


def tables(data: Mapping[str, Any], key: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The tables of an array of tables, whatever else the file holds there."""
    value = data.get(key)
    for position, table in enumerate(value if isinstance(value, list) else []):
        if isinstance(table, dict):
            yield position, table


def meaning_faults(data: dict[str, Any], stem: str, lists: Lists) -> Iterator[Found]:
    """Every fault of a question as path, what is wrong, remedy."""
    if isinstance(data.get("id"), str) and data["id"] != stem:
        yield ("id",), f"`id` is {data['id']!r} but the file is {stem}.toml", "Make them the same"
    for key in ("step", "evidence", "breakdown", "example"):
        names = Counter(t["name"] for _, t in tables(data, key) if isinstance(t.get("name"), str))
        for position, table in tables(data, key):
            if isinstance(name := table.get("name"), str) and names[name] > 1:
                yield (key, position, "name"), f"two of [[{key}]] are named {name!r}", "Give each its own name"
    accepted = Counter(t["finding"] for _, t in tables(data, "accept") if isinstance(t.get("finding"), str))
    for position, accept in tables(data, "accept"):
        if accepted.get(str(accept.get("finding")), 0) > 1:
            yield ("accept", position, "finding"), f"{accept['finding']!r} is accepted twice", "Say it once"
    if data.get("in_force") and not data.get("act"):
        yield ("in_force",), "`in_force` does not say of what", 'Add act = "the name of the Act"'
    yield from _unit_faults(data, lists)
    yield from _step_faults(data)
    yield from _evidence_faults(data)
    yield from _list_faults(data, lists)
    yield from _outcome_faults(data, lists)
    yield from _breakdown_faults(data, lists)
    yield from _note_faults(data, lists)
    yield from _example_faults(data, lists)


def conditions(data: Mapping[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The conditions of every step, kept or dropped, with their paths."""
    for position, step in tables(data, "step"):
        for way in ("keep", "drop"):
            if isinstance(step.get(way), dict):
                yield ("step", position, way), step[way]


def _unit_faults(data: dict[str, Any], lists: Lists) -> Iterator[Found]:
    count = data.get("count")
    if not isinstance(count, dict):
        return
    also = count.get("also")
    units = [count.get("unit"), *(also if isinstance(also, list) else [])]
    for position, unit in enumerate(units[1:]):
        if unit in units[: position + 1]:
            yield ("count", "also", position), f"the unit {unit!r} is named already", "Name other units, or none"
    if "order" in units and not any("result" in c for path, c in conditions(data) if path[-1] == "keep"):
        what = "orders are told apart by the category of their result, but no step keeps results"
        yield ("count",), what, 'Add a step with keep = { result = "..." }'
    kept = [str(c["result"]) for path, c in conditions(data) if path[-1] == "keep" and isinstance(c.get("result"), str)]
    if "order" in units and kept and kept[-1] in lists and not all(lists[kept[-1]].categories):
        what = f"orders are told apart by the category of their result, but codes of {kept[-1]!r} have none"
        yield ("count",), what, "Fill in the category; results of one category on one application are one order"


def _step_faults(data: dict[str, Any]) -> Iterator[Found]:
    for position, step in tables(data, "step"):
        if ("keep" in step) == ("drop" in step):
            remedy = "Keep one of the two" if "keep" in step else "Add keep = { ... }"
            yield ("step", position), "a step has either `keep` or `drop`", remedy
    for path, condition in conditions(data):
        if not condition:
            yield path, f"`{path[-1]}` is empty", "Name a list: offence = ... or result = ..."
        rule = condition.get("rule")
        if isinstance(rule, str) and rule not in RULES:
            yield (*path, "rule"), f"there is no rule {rule!r}", nearest(rule, list(RULES), "rules")
        for name in ("hearing", "conviction"):
            window = condition.get(name)
            first, last = (window.get("from"), window.get("to")) if isinstance(window, dict) else (None, None)
            if isinstance(window, dict) and not window:
                yield (*path, name), f"`{name}` has no days", "Write { from = 2012-11-25 } or { to = 2019-12-31 }"
            try:
                turned = bool(first and last and first > last)
            except TypeError:
                turned = False  # not days; told elsewhere
            if turned:
                yield (*path, name), f"`{name}` starts on {first} but ends on {last}", "Put the earlier day first"
    steps = data.get("step")
    first_step = steps[0] if isinstance(steps, list) and steps and isinstance(steps[0], dict) else {}
    keep = first_step.get("keep")
    if ("drop" in first_step and "keep" not in first_step) or (
        isinstance(keep, dict) and keep and not {"offence", "result"} & keep.keys() and "offense" not in keep
    ):
        yield ("step", 0), "the first step does not say which codes are looked for", "Keep an offence or result list"


def _evidence_faults(data: dict[str, Any]) -> Iterator[Found]:
    for position, evidence in tables(data, "evidence"):
        if "without" in evidence and "beside" in evidence:
            yield ("evidence", position, "beside"), "`without` and `beside` exclude each other", "Keep one of the two"
        if ("without" in evidence or "beside" in evidence) and not _first_step_keeps_offences_alone(data):
            what = "`without` and `beside` need a first step that keeps offences alone"
            yield ("evidence", position), what, "Keep the offence in the first step and the result in a later one"
        if evidence.get("name") == RESERVED_EVIDENCE:
            yield ("evidence", position, "name"), "the name 'other' is taken by what no kind covers", "Choose another"


def _first_step_keeps_offences_alone(data: dict[str, Any]) -> bool:
    keep = next((step.get("keep") for _, step in tables(data, "step")), None)
    return not isinstance(keep, dict) or keep.keys() <= {"offence", "offense"}  # a slip in the name is told elsewhere


def _list_faults(data: dict[str, Any], lists: Lists) -> Iterator[Found]:
    uses: list[tuple[Path, Any, str]] = []
    for path, condition in conditions(data):
        uses += [((*path, kind), condition.get(kind), kind) for kind in ("offence", "result")]
    for position, evidence in tables(data, "evidence"):
        uses += [(("evidence", position, k), evidence.get(k), "result") for k in ("has", "without", "beside")]
    outcome = data.get("outcome")
    if isinstance(outcome, dict):
        uses.append((("outcome", "list"), outcome.get("list"), "result"))
    uses += [(("breakdown", position, "list"), b.get("list"), "offence") for position, b in tables(data, "breakdown")]
    for path, name, kind in uses:
        if not isinstance(name, str):
            continue
        if name not in lists:
            yield path, f"there is no code list {name!r} in codelists/", nearest(name, list(lists), "lists")
        elif lists[name].entries and lists[name].kind != kind:
            yield path, f"the list {name!r} holds no {kind} codes", f"Name a list of {kind} codes"


def _outcome_faults(data: dict[str, Any], lists: Lists) -> Iterator[Found]:
    outcome = data.get("outcome")
    name = outcome.get("list") if isinstance(outcome, dict) else None
    if not isinstance(outcome, dict) or not isinstance(name, str) or name not in lists:
        return
    if not all(lists[name].categories):
        yield ("outcome", "list"), f"codes of {name!r} have no category", "Fill in the category"
    if not any(c.get("result") == name for path, c in conditions(data) if path[-1] == "keep"):
        what = f"no step keeps the results of {name!r}, so a unit could have no outcome"
        yield ("outcome", "list"), what, f'Add a step with keep = {{ result = "{name}" }}'
    prefer = outcome.get("prefer")
    named = [p for p in prefer if isinstance(p, str)] if isinstance(prefer, list) else []
    categories = list(lists[name].categories)
    for position, category in enumerate(named):
        if category in named[:position]:
            yield ("outcome", "prefer", position), f"{category!r} is named twice", "Name each category once"
        elif category not in categories:
            what = f"{category!r} is no category of {name!r}"
            yield ("outcome", "prefer", position), what, nearest(category, categories, "categories")
    if named and (missing := [c for c in categories if c and c not in named]):
        what = f"`prefer` leaves out {', '.join(map(repr, missing))}"
        yield ("outcome", "prefer"), what, "Put every category of the list in its place"


def _breakdown_faults(data: dict[str, Any], lists: Lists) -> Iterator[Found]:
    kept = [c.get("offence") for path, c in conditions(data) if path[-1] == "keep"]  # a list: not all need be text
    for position, breakdown in tables(data, "breakdown"):
        name, code_list = breakdown.get("name"), breakdown.get("list")
        if isinstance(name, str) and (name in RESERVED or "-" in name):
            yield ("breakdown", position, "name"), f"a breakdown cannot be named {name!r}", "Choose a name like a_b"
        if not isinstance(code_list, str) or code_list not in lists:
            continue
        if not all(lists[code_list].categories):
            yield ("breakdown", position, "list"), f"codes of {code_list!r} have no category", "Fill in the category"
        if code_list not in kept and all(name in lists for name in kept if isinstance(name, str)):
            yield (
                ("breakdown", position, "list"),
                f"no step keeps {code_list!r}",
                "Break down by a list that a step keeps",
            )
    names = _breakdown_names(data)
    declared = data.get("breakdowns")
    for key in ("default", "allowed") if isinstance(declared, dict) else ():
        combinations = declared.get(key) if isinstance(declared, dict) else None
        for position, combination in enumerate(combinations if isinstance(combinations, list) else []):
            path = ("breakdowns", key, position)
            parts = [p for p in combination if isinstance(p, str)] if isinstance(combination, list) else []
            for part in parts:
                if part not in names:
                    yield path, f"the breakdown {part!r} is not declared", nearest(part, names, "breakdowns")
            if not parts or len(set(parts)) < len(parts) or sum(p in TIME_BREAKDOWNS for p in parts) > 1:
                yield path, "a combination needs different breakdowns, at most one by time", "Remove what is too much"
            times = [p for p in parts if p in TIME_BREAKDOWNS]
            if times and (seen := [p for p in parts if p in SEEN_BREAKDOWNS]):
                # What was landed is known for each period, not for each of its months.
                what = f"{seen[0]} cannot be broken down by {times[0]}: which were heard of is known for whole periods"
                yield path, what, f"Leave {times[0]} out, and ask for a series: --every {times[0].replace('_', '-')}"


def _breakdown_names(data: Mapping[str, Any]) -> list[str]:
    own = [b["name"] for _, b in tables(data, "breakdown") if isinstance(b.get("name"), str)]
    return [*TIME_BREAKDOWNS, *PLACE_BREAKDOWNS, *([OUTCOME] if "outcome" in data else []), *own]


def _categories(data: Mapping[str, Any], name: str, lists: Lists) -> list[str]:
    """The categories of a breakdown that are known beforehand; none where the records or the days decide."""
    if name in ("police_force", "region"):
        from transform.standing import force_categories

        return [*force_categories(name), OTHER, UNKNOWN]
    table = next((b for _, b in tables(data, "breakdown") if b.get("name") == name), None)
    if name == OUTCOME and isinstance(data.get("outcome"), dict):
        table = data["outcome"]
    code_list = lists.get(str(table.get("list"))) if table else None
    return list(code_list.categories) if code_list else []


def _cell_faults(data: Mapping[str, Any], cell: Mapping[str, str], path: Path, lists: Lists) -> Iterator[Found]:
    names = [*_breakdown_names(data), "unit"]
    for name, category in cell.items():
        known = list(UNITS) if name == "unit" else _categories(data, name, lists)
        if name not in names:
            yield path, f"the breakdown {name!r} is not declared", nearest(name, names, "breakdowns")
        elif known and category not in known:
            yield path, f"{category!r} is no category of {name}", nearest(category, known, "categories")
        elif name in TIME_BREAKDOWNS:
            yield from _period_faults(category, path)


def _note_faults(data: dict[str, Any], lists: Lists) -> Iterator[Found]:
    for position, note in tables(data, "note"):
        when = note.get("when")
        for key, value in when.items() if isinstance(when, dict) else ():
            path: Path = ("note", position, "when", key)
            if not isinstance(value, str):
                continue
            if key == "period":
                yield from _period_faults(value, path)
            else:
                yield from _cell_faults(data, {key: value}, path, lists)


def _period_faults(text: str, path: Path) -> Iterator[Found]:
    try:
        parse_period(text)
    except TransformError as error:
        yield path, error.what, error.remedy


def _example_faults(data: dict[str, Any], lists: Lists) -> Iterator[Found]:
    declared = data.get("breakdowns")
    groups = [declared.get(key) for key in ("default", "allowed")] if isinstance(declared, dict) else []
    named = [c for g in groups if isinstance(g, list) for c in g if isinstance(c, list)]
    allowed = [{part for part in c if isinstance(part, str)} for c in named]
    for position, example in tables(data, "example"):
        expect = example.get("expect")
        for key in expect if isinstance(expect, dict) else ():
            path: Path = ("example", position, "expect", key)
            period, *parts = key.split() or [""]
            yield from _period_faults(period, path)
            cell = dict(part.partition("=")[::2] for part in parts)
            if not all("=" in part for part in parts) or len(cell) < len(parts):
                yield path, f"{key!r} names no cell of a period", 'Write it like "2020Q1 month=2020-01"'
                continue
            faults = list(_cell_faults(data, cell, path, lists))
            yield from faults
            names = cell.keys() - {"unit"}
            declared_names = set(_breakdown_names(data))
            if names and not faults and names not in allowed and set().union(*allowed) <= declared_names:
                known = "; ".join(",".join(sorted(c)) for c in allowed) or "none"
                what = f"the question is not broken down by {','.join(sorted(names))}"
                yield path, what, f"The breakdowns are: {known}"
        for row, given in tables(example, "given"):
            hearing = given.get("hearing")
            if isinstance(hearing, date) and hearing.year not in YEARS:
                what = f"no court heard a case on {hearing}"
                yield ("example", position, "given", row, "hearing"), what, "Correct the year"
            if ("offence" in given) != ("result" in given or "text" in given):
                what = "a row has an offence with a result, or neither (a statement with nothing left)"
                yield ("example", position, "given", row), what, "Add what is missing"
