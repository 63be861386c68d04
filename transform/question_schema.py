"""The JSON Schema of question files: what editors complete, explain and underline while one is written.

Made from the shape that the loader uses (`question_file`), with what JSON can say of the checks beyond it
(`question_values`, `question_meaning`): a file that the loader takes is never underlined. What a schema cannot see
is listed in docs/editor.md; a test holds schema, loader and that list together. Editors differ in the draft they
know, so only keywords are used that mean the same, or nothing, in draft 7; there is no `$id`, because a relative
one makes the common TOML language server give up the whole schema without a word.
"""

import json
from collections.abc import Iterable
from itertools import combinations
from typing import Any, get_args

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from transform.breakdowns import OUTCOME, PLACE_BREAKDOWNS, RESERVED, TIME_BREAKDOWNS
from transform.definition import UNITS
from transform.periods import SCHEDULED_PERIODS
from transform.question_file import QuestionFile
from transform.question_meaning import RESERVED_EVIDENCE
from transform.question_values import (
    CRON_FIELDS,
    CourtCode,
    Cron,
    Finding,
    ForceCode,
    Line,
    PeriodText,
    ScheduledPeriod,
    Slug,
    listed,
)
from transform.rules import RULES

Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_FILE = "question.schema.json"
"""Its name beside the questions; each of them names it in its first line, `#:schema ./question.schema.json`."""

_END = r"$(?!\n)"  # for some engines `$` alone is also before a last line break
_UNPRINTABLE = (  # control, format, private and space characters but the space itself, of the first 65,536
    r"\x00-\x1f\x7f-\xa0\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u1680\u180e\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u3000\ue000-\uf8ff\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe\uffff"
)
_LINE: Schema = {"type": "string", "pattern": "[^ ]", "not": {"$ref": "#/$defs/Unprintable"}}
"""A text on one line, not empty. What it cannot hold stands elsewhere: editors show the words that were broken."""
_NAME = rf"^[a-z][a-z0-9]*([-_][a-z0-9]+)*{_END}"
_OWN_NAME = rf"^[a-z][a-z0-9]*(_[a-z0-9]+)*{_END}"
_DAY = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_NEXT_YEAR = "|".join(f"{year:02}/{(year + 1) % 100:02}" for year in range(100))
_PERIODS = {
    "A month, like 2020-01": "[0-9]{4}-(?:0[1-9]|1[0-2])",
    "A quarter, like 2020Q1": "[0-9]{4}-?[Qq][1-4]",
    "A half of a year, like 2020H1": "[0-9]{4}-?[Hh][12]",
    "A year, like 2020": "[0-9]{4}",
    "A financial year, April to March, like 2019/20": f"[0-9]{{2}}(?:{_NEXT_YEAR})",
    "A day, or days like 2020-01-05..2020-02-01": rf"{_DAY}(?:\.\.{_DAY})?",
}
_CELL = rf"(?:\s+(?:unit=(?:{'|'.join(UNITS)})|(?!unit=)[^\s=]*=\S*))*"
"""What can stand after the period of a figure."""
_CRON_NUMBERS = {
    "minute": "[0-5]?[0-9]",
    "hour": "(?:1?[0-9]|2[0-3])",
    "day": "(?:[1-9]|[12][0-9]|3[01])",
    "month": "(?:[1-9]|1[0-2])",
    "weekday": "[0-7]",
}
_FORMATS = {  # for tools that take a format as a remark
    "date": rf"^{_DAY}{_END}",
    "date-time": rf"^{_DAY}[Tt ][0-9:]+(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{{2}}:[0-9]{{2}}){_END}",
}


def _text(pattern: str) -> Schema:
    return {"type": "string", "pattern": pattern}


def _periods(after: str = "") -> list[Schema]:
    return [{"title": title, "pattern": rf"^\s*{form}{after}\s*$"} for title, form in _PERIODS.items()]


def _cron(place: int, name: str) -> Schema:
    number = f"0*{_CRON_NUMBERS[name]}"
    part = rf"(?:\*|{number}(?:-{number})?)(?:/[1-9][0-9]*)?"
    around = len(CRON_FIELDS) - 1 - place
    return {"title": name, "pattern": rf"^\s*(?:\S+\s+){{{place}}}{part}(?:,{part})*(?:\s+\S+){{{around}}}\s*$"}


_PERIOD: Schema = {"type": "string", "anyOf": _periods()}
_VALUES: tuple[tuple[Any, Schema], ...] = (
    (Slug, _text(_NAME)),
    (Line, _LINE),
    (PeriodText, _PERIOD),
    (ScheduledPeriod, {"type": "string", "enum": list(SCHEDULED_PERIODS)}),
    (Cron, {"type": "string", "allOf": [_cron(n, name) for n, (name, _, _) in enumerate(CRON_FIELDS)]}),
    (CourtCode, _text(f"^[A-Z][A-Z0-9]{{4}}{_END}")),
    (ForceCode, _text(f"^[A-Z0-9]{{2}}{_END}")),
    (Finding, _text(f"^[A-Z]{{1,4}}{_END}")),
)
_CHECKED_BY: dict[Any, int] = {get_args(kind)[1].func: place for place, (kind, _) in enumerate(_VALUES)}
"""The place in `_VALUES` of what a function of the loader checks."""
_LISTS = {
    "Condition": ("offence", "result"),
    "Evidence": ("has", "without", "beside"),
    "Outcome": ("list",),
    "Breakdown": ("list",),
}
"""Where a code list is named."""


class _Generator(GenerateJsonSchema):
    """As the loader reads TOML: there is no null, one text can stand for a list, our functions check values."""

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> Schema:
        place = _CHECKED_BY.get(schema["function"]["function"])
        return super().function_after_schema(schema) if place is None else {"x-value": place}

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> Schema:
        array = super().function_before_schema(schema)
        one_or_more = schema["function"]["function"] is listed
        return {"anyOf": [array["items"], array]} if one_or_more else array

    def nullable_schema(self, schema: core_schema.NullableSchema) -> Schema:
        return self.generate_inner(schema["schema"])


def question_schema(lists: Iterable[str] = (), rules: Iterable[str] = RULES) -> Schema:
    """The schema of a question file, of a draft 2020-12.

    Args:
        lists: ids of code lists; where there are some, no other list can be named. The published schema names none:
            they are files of the folder, and a new one must not wait for it.
        rules: ids (`name@version`) of the named rules.
    """
    made = _plain(QuestionFile.model_json_schema(by_alias=True, mode="validation", schema_generator=_Generator))
    tables: dict[str, Schema] = made.pop("$defs")
    title = "A line break, or a character that cannot be seen"
    tables["Unprintable"] = {"title": title, "type": "string", "pattern": f"[{_UNPRINTABLE}]"}
    known = sorted(lists)
    for table, keys in _LISTS.items() if known else ():
        for key in keys:
            tables[table]["properties"][key] = _instead(tables[table]["properties"][key], enum=known)
    condition = tables["Condition"]["properties"]
    condition["rule"] = _instead(condition["rule"], enum=sorted(rules))
    _tighten(tables)
    tables = dict(sorted(tables.items()))
    whole = {**made, "title": "Question", **_whole_file(made)}
    return {"$schema": DRAFT, **_ordered({**whole, "$defs": tables})}


def question_schema_text() -> str:
    """The published file, `sql/questions/question.schema.json`: the same for the same code, ending with a newline."""
    return json.dumps(question_schema(), indent=2, ensure_ascii=False) + "\n"


def _plain(node: Any) -> Any:
    """What the model's generator made, in our names and with what our values are."""
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    if "x-value" in node:
        return _instead({k: v for k, v in node.items() if v is not None}, **_VALUES[node["x-value"]][1])
    found = {}
    for key, value in node.items():
        if key == "$ref":
            found[key] = value.removesuffix("Part")
        elif key == "$defs":
            found[key] = {name.removesuffix("Part"): _plain(one) for name, one in value.items()}
        elif key == "properties":  # its keys are names of the file, not words of a schema
            found[key] = {name: _plain(one) for name, one in value.items()}
        elif key == "default":
            found.update({} if value is None else {key: value})
        elif key == "title" and "properties" in node:
            found[key] = value.removesuffix("Part")
        else:
            found[key] = _plain(value)
    if node.get("format") in _FORMATS:
        found["pattern"] = _FORMATS[node["format"]]
    return found


def _instead(node: Schema, **said: Any) -> Schema:
    """A text with other conditions; what it is called and means stays."""
    return {k: v for k, v in node.items() if k in ("title", "description", "default")} | {"type": "string"} | said


def _has(*keys: str) -> Schema:
    return {"required": list(keys)}


def _either(*keys: str) -> Schema:
    return {"anyOf": [_has(key) for key in keys]}


def _tighten(tables: dict[str, Schema]) -> None:
    """What `question_meaning` and `published.definition_faults` ask of a table that the table alone can show."""

    def field(table: str, key: str) -> Schema:
        found: Schema = tables[table]["properties"][key]
        return found

    field("Count", "also")["uniqueItems"] = True
    tables["Count"]["allOf"] = [
        {"not": {**_has("unit", "also"), "properties": {"unit": {"const": u}, "also": {"contains": {"const": u}}}}}
        for u in UNITS
    ]
    tables["Step"]["oneOf"] = [_has("keep"), _has("drop")]
    tables["Condition"]["minProperties"] = tables["Window"]["minProperties"] = 1
    tables["Evidence"]["not"] = _has("without", "beside")
    field("Evidence", "name")["not"] = {"const": RESERVED_EVIDENCE}
    field("Outcome", "prefer")["uniqueItems"] = True
    field("Breakdown", "name").update(pattern=_OWN_NAME, **{"not": {"enum": list(RESERVED)}})
    known = [*TIME_BREAKDOWNS, *PLACE_BREAKDOWNS, OUTCOME]
    tables["Combination"] = {
        "title": "Combination",
        "description": "Different breakdowns, at most one of them by time.",
        "type": "array",
        # The names that every question may use are there to be completed; a question can have its own besides.
        "items": {"anyOf": [{"enum": known}, _text(_NAME)]},
        "minItems": 1,
        "uniqueItems": True,
        "allOf": [
            {"not": {"allOf": [{"contains": {"const": one}}, {"contains": {"const": other}}]}}
            for one, other in combinations(TIME_BREAKDOWNS, 2)
        ],
    }
    for key in ("default", "allowed"):
        field("Breakdowns", key)["items"] = {"$ref": "#/$defs/Combination"}
    field("Note", "when")["properties"] = {
        "period": {**_PERIOD, **_LINE, "description": "Figures whose days touch this period."},
        "unit": {"enum": list(UNITS), "description": "Figures of this unit."},
        **{name: {**_LINE, "description": "Figures of this category."} for name in known},
    }
    field("Example", "expect")["propertyNames"] = {"anyOf": _periods(_CELL)}
    tables["Given"].update(
        {"if": _has("offence"), "then": _either("result", "text"), "else": {"not": _either("result", "text")}}
    )
    tables["Published"].update(
        {"if": _has("years"), "then": {"not": _either("year", "value")}, "else": _has("year", "value")}
    )


def _whole_file(made: Schema) -> Schema:
    """What `question_meaning` asks between the tables of a file."""
    steps = made["properties"]["step"]
    keeps = {**_has("keep"), "properties": {"keep": _either("offence", "result")}}
    says_codes = {**steps, "prefixItems": [{"allOf": [steps["items"], keeps]}]}
    orders = {
        "properties": {
            "count": {
                "anyOf": [
                    {**_has("unit"), "properties": {"unit": {"const": "order"}}},
                    {**_has("also"), "properties": {"also": {"contains": {"const": "order"}}}},
                ]
            }
        }
    }
    keeps_results = {"contains": {**_has("keep"), "properties": {"keep": _has("result")}}}
    beside = {**_has("evidence"), "properties": {"evidence": {"contains": _either("without", "beside")}}}
    offences_alone = {"prefixItems": [{"properties": {"keep": {"not": _has("result")}}}]}
    return {
        "properties": {**made["properties"], "step": says_codes},
        "allOf": [
            {"if": _has("in_force"), "then": _has("act")},
            {"if": orders, "then": {"properties": {"step": keeps_results}}},
            {"if": beside, "then": {"properties": {"step": offences_alone}}},
        ],
    }


_ORDER = ("title", "description", "type", "properties", "required", "$defs")


def _ordered(node: Any, named: bool = False) -> Any:
    """Words of a schema in one order, whatever library made it; names of the file stay as they come."""
    if isinstance(node, list):
        return [_ordered(one) for one in node]
    if not isinstance(node, dict):
        return node
    first, last = _ORDER[:3], _ORDER[3:]
    middle = sorted(key for key in node if key not in _ORDER)
    keys = node if named else [key for key in (*first, *middle, *last) if key in node]
    return {key: _ordered(node[key], named=not named and key in ("properties", "$defs")) for key in keys}
