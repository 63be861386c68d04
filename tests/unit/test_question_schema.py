"""The published schema and the loader take and refuse the same question files, but for what JSON cannot say."""

import json
import os
import re
import sys
import tomllib
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from transform.codelists import read_code_list
from transform.question_checks import question_faults
from transform.question_schema import SCHEMA_FILE, question_schema, question_schema_text
from transform.rules import RULES

ROOT = Path(__file__).resolve().parents[2]
SQL = ROOT / "sql"
LONG = os.environ.get("LONG_TESTS") == "1"
LISTS = {path.stem: read_code_list(path, path.name)[0] for path in sorted((SQL / "codelists").glob("*.csv"))}
SHIPPED = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted((SQL / "questions").glob("*.toml"))}
VALIDATOR = Draft202012Validator(question_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)

FULL = """
schema = "courtstats/question@1"
id = "full"
title = "Everything that a question can say"
asks = "How many?"
owner = "courts-mi"
in_force = 2020-01-20
act = "Stalking Protection Act 2019"
count = { unit = "case", also = ["defendant", "order"], date = "hearing_date", once = "first in period" }
step = [
  { name = "Applications", keep = { offence = "spo-applications" } },
  { name = "No test court", drop = { court = "B99ZZ", level = "CASE", source = ["spi"], system = ["B00LIBRA"] } },
  { name = "Results", keep = { result = "spa-outcomes", force = ["01", "10"], finding = "G", final_disposal = true } },
  { name = "Days", keep = { hearing = { from = 2020-01-20 }, conviction = { to = 2030-01-01 }, convicted = false } },
  { name = "Rule", keep = { rule = "heard-on-a-weekday@1" } },
]
outcome = { prefer = CATEGORIES, tie_break = "last hearing", label = "Outcome", list = "spa-outcomes" }
evidence = [
  { name = "order", label = "Order", has = "spo-order" },
  { name = "granted", label = "Granted", has = "granted", without = "spo-interim" },
  { name = "beside", label = "Beside", has = "granted", beside = "spo-interim" },
]
breakdown = [{ name = "application_type", label = "Type", list = "spo-applications" }]
breakdowns = { default = [["outcome"], ["month"]], allowed = [["month", "region"], ["application_type"]] }
schedule = { cron = "0 6 1-7,15 */3 *", period = "last complete half-year" }
release = { stream = "management-information" }
hold = [{ period = "2019/20", until = 2020-05-21T09:30:00+01:00, basis = "A rule" }]
note = [{ text = "Always" }, { text = "Sometimes", when = { period = "2020H1", unit = "order", region = "london" } }]
series_break = [{ at = 2020-02-15, text = "Broken" }]
provisional = { days = 30, text = "Not yet" }
accept = [{ finding = "some-finding", because = "It is right" }]

[published]
name = "Outcomes by offence"
source = "The ministry"
counts = "convictions"
basis = "All courts"
sheet = "Data"
year = "Year"
value = "Count"
select = [{ column = "Offence", any = ["8/31"], compare = "home office class" }, { column = "Sex", any = ["All"] }]

[[example]]
name = "One"
given = [
  { case = "A", hearing = 2020-02-03, offence = "ST19501", result = "3307", court = "B01DU", force = "01", stated = 2 },
  { case = "B", hearing = 2020-02-03, defendant = "2", level = "OFFENCE", source = "spi", system = "B00LIBRA" },
  { case = "C", hearing = 2020-02-04, offence = "ST19501", application = "1", text = "x", finding = "G" },
  { case = "D", hearing = 2020-02-04, offence = "ST19501", result = "SPO", convicted = 2020-02-01 },
]
expect = { "2020Q1" = 1, "2020Q1 month=2020-02 region=london" = 1, "2020-01" = "no data" }
""".replace("CATEGORIES", json.dumps(list(LISTS["spa-outcomes"].categories)))

UNSEEN = {
    "`id` is the name of the file.": r"^`id` is '.*' but the file is",
    "Lists are there, hold codes of the right kind, have the categories that are named, and are kept by a step.": (
        r"^there is no code list|^the list '.*' holds no|have no category$|is no category of (?!unit$)"
        r"|^`prefer` leaves out|^no step keeps"
    ),
    "Names that must differ do: of steps, of kinds of evidence, of breakdowns, of examples.": (
        r"^two of .* are named|is accepted twice$"
    ),
    "Breakdowns that are named are declared, and an example shows each once, in a combination that is.": (
        r"^the breakdown '.*' is not declared$|^the question is not broken down by|cannot be broken down by"
    ),
    "Days are in order and exist: a window that ends before it starts, `2020-02-30` in quotes, the year 0.": (
        r"^`\w+` starts on .* but ends on"
    ),
    "Ranges in a cron are in order: `5-1`.": "",
    "A published table is not selected by its numbers, and what is selected can be compared.": (
        r"^no rows are selected, or by their value$|cannot be selected$"
    ),
    "Dates stand without quotes, texts within: to a schema both are text.": "",
    "Whole numbers are written without a point: to a schema `1.0` is 1.": "",
    "Digits are 0 to 9, and characters beyond the first 65,536 can be seen.": "",
}
"""What a schema cannot see, as docs/editor.md says it, with the faults of the loader that it leaves out.

Faults of one kind that the schema sees for the most part have no form here: what it leaves out of them the property
below never writes, so that it needs no exception.
"""


def toml(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    return quoted(value) if isinstance(value, str) else repr(value)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def file(data: dict[str, Any]) -> str:
    return "".join(f"{quoted(key)} = {toml(value)}\n" for key, value in data.items())


def as_editors_see_it(value: Any) -> Any:
    """TOML as JSON: dates and times are texts."""
    if isinstance(value, dict):
        return {key: as_editors_see_it(one) for key, one in value.items()}
    if isinstance(value, list):
        return [as_editors_see_it(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def underlined(text: str) -> list[str]:
    """What the schema says against a file."""
    seen = as_editors_see_it(tomllib.loads(text))
    return [f"{error.json_path}: {error.message}"[:200] for error in VALIDATOR.iter_errors(seen)]


def refused(text: str, stem: str) -> list[str]:
    """What the loader says against it."""
    return [fault.what for fault in question_faults(text, "questions/x.toml", stem, LISTS)[1]]


def within_reach(faults: list[str]) -> list[str]:
    return [fault for fault in faults if not any(form and re.search(form, fault) for form in UNSEEN.values())]


def changed(*changes: tuple[str, str]) -> str:
    text = FULL
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def test_the_published_schema_is_the_one_that_the_code_makes() -> None:
    published = (SQL / "questions" / SCHEMA_FILE).read_text(encoding="utf-8")
    assert published == question_schema_text(), "run make docs"
    assert published.endswith("}\n")
    assert "\r" not in published


def test_the_schema_is_a_schema_of_its_draft_without_an_id() -> None:
    schema = question_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert "$id" not in json.dumps(schema)  # a relative one silences the common language server altogether


@pytest.mark.parametrize("name", SHIPPED)
def test_nothing_in_a_shipped_question_is_underlined(name: str) -> None:
    text = (SQL / "questions" / f"{name}.toml").read_text(encoding="utf-8")
    assert underlined(text) == []
    assert refused(text, name) == []


def test_a_question_with_every_key_is_taken_by_both_and_uses_every_key() -> None:
    assert underlined(FULL) == []
    assert refused(FULL, "full") == []
    used = {key for part in containers(tomllib.loads(FULL)) if isinstance(part, dict) for key in part}
    tables = question_schema()["$defs"].values()
    known = {key for table in tables for key in table.get("properties", {})} | set(question_schema()["properties"])
    assert known - used <= {"years", "short"}


def test_every_table_is_closed_and_every_reference_holds() -> None:
    schema = question_schema()
    tables = [schema, *(table for name, table in schema["$defs"].items() if table.get("type") == "object")]
    assert len(tables) > 15
    assert all(table["additionalProperties"] is False for table in tables)
    named = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema)))
    assert named == set(schema["$defs"])


def test_keys_are_explained_where_the_model_explains_them() -> None:
    schema = question_schema()
    assert schema["$defs"]["Count"]["properties"]["once"]["description"].startswith("One per unit in each period")
    assert schema["properties"]["owner"]["description"] == "Who answers for it: a team, not a person."
    assert schema["$defs"]["Given"]["properties"]["stated"]["default"] == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('title = "Ev', 'titel = "Ev'),
        ('unit = "case"', 'unit = "person"'),
        ('["defendant", "order"]', '["defendant", "defendant"]'),
        ('["defendant", "order"]', '["case"]'),
        ('once = "first in period"', 'once = "first"'),
        ('result = "3307"', "result = 3307"),
        ("stated = 2", "stated = true"),
        ("stated = 2", 'stated = "2"'),
        ("stated = 2", "stated = 0"),
        ("stated = 2", "stated = 1.5"),
        ("final_disposal = true", "final_disposal = 1"),
        ("final_disposal = true", 'final_disposal = "true"'),
        ('keep = { offence = "spo-applications" }', "keep = {}"),
        ('keep = { offence = "spo-applications" }', 'keep = { court = "B01DU" }'),
        ('keep = { offence = "spo-applications" }', 'keep = { offence = "spo-applications", result = "granted" }'),
        ('result = "spa-outcomes", ', ""),
        ('keep = { offence = "spo-applications" }', 'drop = { offence = "spo-applications" }'),
        ('keep = { rule = "heard-on-a-weekday@1" }', 'keep = { rule = "heard-on-a-weekday@9" }'),
        ('{ name = "Rule", keep', '{ name = "Rule", drop = { court = "B01DU" }, keep'),
        (', keep = { rule = "heard-on-a-weekday@1" }', ""),
        ("hearing = { from = 2020-01-20 }", "hearing = {}"),
        ('court = "B99ZZ"', 'court = "B99"'),
        ('court = "B99ZZ"', 'court = ["b99zz"]'),
        ('court = "B99ZZ"', 'court = "B99ZZ\\n"'),
        ('level = "CASE"', 'level = "CASES"'),
        ('level = "CASE"', 'level = ["CASE", "CASES"]'),
        ('finding = "G"', 'finding = "guilty"'),
        ('force = ["01", "10"]', "force = [1]"),
        ('act = "Stalking Protection Act 2019"', ""),
        ('act = "Stalking Protection Act 2019"', 'act = " "'),
        ('act = "Stalking Protection Act 2019"', 'act = "Two\\nlines"'),
        ('act = "Stalking Protection Act 2019"', 'act = "One line\\n"'),
        ('act = "Stalking Protection Act 2019"', 'act = "A\\u00a0hard space"'),
        ("in_force = 2020-01-20", "in_force = 2020-01-20T00:00:00Z"),
        ("in_force = 2020-01-20", 'in_force = "soon"'),
        ("until = 2020-05-21T09:30:00+01:00", "until = 2020-05-21T09:30:00"),
        ("until = 2020-05-21T09:30:00+01:00", "until = 2020-05-21"),
        ('period = "2019/20"', 'period = "2019/21"'),
        ('period = "2019/20"', 'period = "2019Q5"'),
        ('period = "2019/20"', 'period = "2019-13"'),
        ('period = "2020H1"', 'period = "spring"'),
        ('unit = "order", region', 'unit = "person", region'),
        ('cron = "0 6', 'cron = "60 6'),
        ('cron = "0 6', 'cron = "6'),
        ('cron = "0 6 1-7,15', 'cron = "0 6 0-7,15'),
        ("*/3 *", "*/0 *"),
        ("last complete half-year", "last half-year"),
        ('without = "spo-interim"', 'without = "spo-interim", beside = "spo-interim"'),
        ('{ name = "order", label', '{ name = "other", label'),
        ('{ name = "application_type", label', '{ name = "application-type", label'),
        ('{ name = "application_type", label', '{ name = "month", label'),
        ('["month", "region"]', "[]"),
        ('["month", "region"]', '["region", "region"]'),
        ('["month", "region"]', '["Month"]'),
        ('["month", "region"]', '["month", "region", "year"]'),
        ("days = 30", "days = 0"),
        ("days = 30", "days = 3661"),
        ('year = "Year"\n', ""),
        ('value = "Count"\n', 'value = "Count"\nyears = "columns"\n'),
        ('value = "Count"\n', 'value = "Count"\nyears = "rows"\n'),
        ('any = ["All"]', "any = []"),
        (', result = "3307"', ""),
        ('offence = "ST19501", application', "application"),
        ('"2020Q1" = 1', '"2020Q1" = -1'),
        ('"2020Q1" = 1', '"2020Q1" = true'),
        ('"2020Q1" = 1', '"2020Q1" = "none"'),
        ('"2020Q1" = 1', '"first quarter" = 1'),
        ('"2020Q1" = 1', '"2020Q1 unit=person" = 1'),
        ('"2020Q1" = 1', '"2020Q1 region" = 1'),
        ('{ "2020Q1" = 1, "2020Q1 month=2020-02 region=london" = 1, "2020-01" = "no data" }', "{}"),
        ("[[example]]", "[[examples]]"),
    ],
)
def test_what_the_loader_refuses_by_its_shape_is_underlined(old: str, new: str) -> None:
    text = changed((old, new))
    assert within_reach(refused(text, "full"))
    assert underlined(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('level = "CASE"', 'level = ["CASE", "OFFENCE"]'),
        ('level = "CASE"', "level = []"),
        ('system = ["B00LIBRA"]', 'system = "B00LIBRA"'),
        ('period = "2019/20"', 'period = " 2019-q4 "'),
        ('period = "2019/20"', 'period = "2020-01-05..2020-02-01"'),
        ('period = "2019/20"', 'period = "1999/00"'),
        ('cron = "0 6', 'cron = "007,8 6'),
        ("*/3 *", "2/3 7"),
        ("2020-05-21T09:30:00+01:00", "2020-05-21 09:30:00.5Z"),
        ('year = "Year"\nvalue = "Count"', 'years = "columns"'),
        ('"2020Q1" = 1', '"2020-Q1  unit=order" = 0'),
        ('act = "Stalking', 'act = "Ü 😀 ’ Stalking'),
        ("[[example]]", "# a comment\n[[example]]"),
    ],
)
def test_what_the_loader_takes_is_not_underlined(old: str, new: str) -> None:
    text = changed((old, new))
    assert refused(text, "full") == []
    assert underlined(text) == []


@pytest.mark.parametrize(
    ("sentence", "old", "new"),
    [
        (0, 'id = "full"', 'id = "fuller"'),
        (1, 'offence = "spo-applications"', 'offence = "spo-application"'),
        (1, 'offence = "spo-applications"', 'offence = "granted"'),
        (2, 'name = "Days"', 'name = "Results"'),
        (3, '["month", "region"]', '["month", "regoin"]'),
        (3, "month=2020-02 region=london", "month=2020-02 court=B01DU"),
        (3, "month=2020-02 region=london", "month=2020-02 month=2020-02"),
        (4, "{ from = 2020-01-20 }", "{ from = 2020-01-20, to = 2020-01-19 }"),
        (4, 'period = "2019/20"', 'period = "2020-02-30"'),
        (4, 'period = "2019/20"', 'period = "2020-02-03..2020-02-02"'),
        (4, 'period = "2019/20"', 'period = "0000"'),
        (5, 'cron = "0 6', 'cron = "5-1 6'),
        (6, '{ column = "Sex"', '{ column = "Count"'),
        (6, 'any = ["8/31"]', 'any = ["stalking"]'),
        (7, "in_force = 2020-01-20", 'in_force = "2020-01-20"'),
        (7, 'act = "Stalking Protection Act 2019"', "act = 2019-01-01"),
        (8, "stated = 2", "stated = 2.0"),
        (9, 'act = "Stalking', 'act = "\\U000e0001Stalking'),
    ],
)
def test_what_the_schema_cannot_see_is_only_what_the_page_says(sentence: int, old: str, new: str) -> None:
    text = changed((old, new))
    assert refused(text, "full")
    assert underlined(text) == []
    form = list(UNSEEN.values())[sentence]
    assert not form or within_reach(refused(text, "full")) == [] or sentence in (3, 4)


def test_the_page_for_editors_lists_what_the_schema_cannot_see() -> None:
    page = (ROOT / "docs" / "editor.md").read_text(encoding="utf-8")
    listed = re.search(r"<!-- unseen -->\n(.*)<!-- /unseen -->", page, re.DOTALL)
    assert listed
    assert [line.removeprefix("- ") for line in listed[1].splitlines()] == list(UNSEEN)
    assert f"#:schema ./{SCHEMA_FILE}\n" in page


def test_a_text_on_one_line_is_the_same_to_both_for_every_character() -> None:
    unprintable = re.compile(question_schema()["$defs"]["Unprintable"]["pattern"])
    assigned = [chr(n) for n in range(0x10000) if unicodedata.category(chr(n)) not in ("Cn", "Cs")]
    assert [c for c in assigned if bool(unprintable.search(c)) == c.isprintable()] == []
    beyond = [chr(n) for n in range(0x10000, sys.maxunicode + 1)]
    assert not any(unprintable.search(c) for c in beyond)


def test_lists_and_rules_of_a_folder_can_be_filled_in() -> None:
    made = question_schema(lists=["b", "a"], rules=["r@1"])
    condition, evidence = made["$defs"]["Condition"]["properties"], made["$defs"]["Evidence"]["properties"]
    assert condition["offence"]["enum"] == evidence["beside"]["enum"] == ["a", "b"]
    assert condition["offence"]["description"] == "The offence code is on this code list."
    assert condition["rule"]["enum"] == ["r@1"]
    plain = question_schema()["$defs"]["Condition"]["properties"]
    assert "enum" not in plain["offence"]
    assert plain["rule"]["enum"] == sorted(RULES)
    assert underlined_with(question_schema(lists=LISTS)) == []
    assert underlined_with(question_schema(lists=set(LISTS) - {"spo-order"})) != []


def underlined_with(schema: dict[str, Any]) -> list[Any]:
    return list(Draft202012Validator(schema).iter_errors(as_editors_see_it(tomllib.loads(FULL))))


def short(data: dict[str, Any]) -> dict[str, Any]:
    """A question with two of its examples, to be quick."""
    return {**data, "example": data["example"][:2]}


BASES = {"full": tomllib.loads(FULL), **{name: short(data) for name, data in SHIPPED.items()}}
DATES = ("in_force", "from", "to", "until", "at", "hearing", "convicted")
DAYS = [date(2020, 1, 20), datetime(2020, 5, 21, 8, 30, tzinfo=UTC), datetime(2020, 5, 21, 8, 30)]  # noqa: DTZ001
TEXTS = ["", " ", "a\nb", "abc\n", "Bad Slug", "a_b", "a-b", "other", "month", "outcome", "spo-applications", "granted"]
TEXTS += ["case", "order", "person", "hearing_date", "OFFENCE", "offence", "B01DU", "B01", "b01du", "01", "G", "G\n"]
TEXTS += [
    "0 6 * * 1",
    "60 6 * * 1",
    "0 6 * *",
    " 0 6\t* * 7 ",
    "0 6 * * mon",
    "2020Q1",
    "2020Q1\n",
    "2019/20",
    "2019/21",
]
TEXTS += ["2020-13", "last complete quarter", "last quarter", "heard-on-a-weekday@1", "heard-on-a-weekday@9", "no data"]
TEXTS += [
    "columns",
    "text",
    "home office class",
    "8/31",
    "\u00a0",
    "a\u00adb",
    "first hearing",
    "courtstats/question@2",
]
OTHERS: list[Any] = [3306, -1, 0, 1, 5000, True, False, 1.5, [], {}, [[]], [{}], {"a": "b"}, {"offence": "granted"}]
OTHERS += [["month"], ["x", "x"], [["month", "quarter"]], [["region", "region"]], ["order"], ["case"], ["01", "1"]]


def keys_of_tables() -> list[str]:
    schema = question_schema()
    tables = [schema, *schema["$defs"].values()]
    return sorted({key for table in tables for key in table.get("properties", {})} | {"2020Q2", "spring", "2020Q1 x=1"})


KEYS = keys_of_tables()
WRONG: list[Any] = ["a\nb", "Bad Slug", " ", 3306, True, [], {}]


def containers(value: Any) -> Iterator[Any]:
    """Every table and list of a file that holds something, or could."""
    if isinstance(value, dict | list):
        yield value
        for one in value.values() if isinstance(value, dict) else value:
            yield from containers(one)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every key and element of a file."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in parts:
        yield (*path, key)
        yield from places(one, (*path, key))


@pytest.mark.long
@pytest.mark.parametrize("table", BASES["full"])
def test_every_key_gone_misspelt_or_with_a_wrong_value_is_the_same_to_both(table: str) -> None:
    unlike = []
    for number, path in enumerate(places({table: BASES["full"][table]})):
        wrongs = ["gone", "misspelt", *WRONG]
        for wrong in wrongs if LONG else wrongs[number % 4 :: 4]:
            data = copied(BASES["full"])
            part = data
            for key in path[:-1]:
                part = part[key]
            old = part.pop(path[-1])
            if wrong == "misspelt" and isinstance(part, dict):
                part[f"{path[-1]}x"] = old
            elif wrong not in ("gone", "misspelt") and isinstance(part, dict):
                part[path[-1]] = copied(wrong)
            elif wrong not in ("gone", "misspelt"):
                part.insert(path[-1], copied(wrong))
            text = file(data)
            if bool(within_reach(faults := refused(text, "full"))) != bool(seen := underlined(text)):
                unlike.append((path, wrong, faults, seen))
    assert unlike == []


def copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: copied(one) for key, one in value.items()}
    return [copied(one) for one in value] if isinstance(value, list) else value


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A question with up to three of its keys and values removed, misspelt, added or replaced."""
    name = draw(st.sampled_from(["full", "full", *BASES]))
    data = copied(BASES[name])
    for _ in range(draw(st.integers(1, 3))):
        part = draw(st.sampled_from(list(containers(data))))
        key = draw(st.sampled_from(list(part) if isinstance(part, dict) else list(range(len(part))))) if part else None
        way = draw(st.sampled_from(["remove", "misspell", "add", "replace", "replace", "replace", "twice"]))
        if way == "add" or key is None:
            if isinstance(part, dict):
                added = draw(st.sampled_from(KEYS))
                part[added] = draw(values(added))
            else:
                part.append(draw(values("")))
        elif way == "remove":
            del part[key]
        elif way == "misspell" and isinstance(part, dict):
            part[key[:-1] + draw(st.sampled_from(["", "x", "-"]))] = part.pop(key)
        elif way == "twice" and isinstance(part, list):
            part.append(copied(part[key]))
        else:
            part[key] = draw(values(key if isinstance(part, dict) else ""))
    return name, data


def values(key: str) -> st.SearchStrategy[Any]:
    """Something to stand at a key: a date only where one belongs (elsewhere it is text to a schema)."""
    return st.sampled_from([*OTHERS, *TEXTS, *(DAYS * 4 if key in DATES else [])]).map(copied)


@pytest.mark.long
@settings(
    max_examples=5_000 if LONG else 120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(spoilt())
def test_the_schema_underlines_a_spoilt_question_exactly_if_the_loader_refuses_it(
    question: tuple[str, dict[str, Any]],
) -> None:
    name, data = question
    text = file(data)
    faults, seen = refused(text, name), underlined(text)
    if within_reach(faults):
        assert seen, f"not underlined: {within_reach(faults)}"
    else:
        assert not seen, f"underlined though it is right: {seen}"
