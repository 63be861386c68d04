"""Every kind of finding is told where it is, and nothing is told about a definition that is right."""

import inspect
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from transform import code_checks
from transform.codelists import HEADER, CodeList, parse_code_list
from transform.examples import run_examples
from transform.findings import ERROR, INFO, SEVERITIES, WARNING, Context, Finding
from transform.lint import CATALOGUE, lint
from transform.lint_bench import Bench
from transform.lint_files import lint_folder
from transform.question_file import QuestionFile
from transform.questions import load_question, read_question
from transform.rules import RULES
from transform.standing import standing

SQL = Path(__file__).resolve().parents[2] / "sql"
HEAD = ",".join(HEADER) + "\n"
LISTS = {
    "applications": "ST19501,offence,Application for a Stalking Protection Order,new,2020-01-20,,Act\n"
    "ST19502,offence,Application to vary a Stalking Protection Order,vary,2020-01-20,,Act\n",
    "results": "3307,cjs,Stalking Protection Order,order,,,CJS\nG,short,Granted,granted,,,Common Platform\n",
    "order": "3307,cjs,Stalking Protection Order,order,,,CJS\n",
    "outcomes": "3307,cjs,Stalking Protection Order,granted,,,CJS\nG,short,Granted,granted,,,Common Platform\n"
    "2051,cjs,Withdrawn,withdrawn,,,CJS\n3242,cjs,Application dismissed,refused,,,CJS\n",
}
BASE = """\
schema = "courtstats/question@1"
id = "orders"
title = "Orders granted"
asks = "In how many cases was an order granted?"
owner = "courts-mi"
in_force = 2020-01-20
act = "The Act"

[count]
unit = "case"
date = "hearing_date"
once = "first in period"

[[step]]
name = "Application"
keep = { offence = "applications" }

[[step]]
name = "Granted"
keep = { result = "results" }

[[evidence]]
name = "order"
label = "The order was recorded"
has = "order"

[[breakdown]]
name = "application_type"
label = "Type"
list = "applications"

[breakdowns]
default = [["month"], ["application_type"]]
allowed = [["year"]]

[schedule]
cron = "0 6 * * 1"
period = "last complete quarter"

[release]
stream = "mi"

[[note]]
text = "From a live system."

[[example]]
name = "two defendants"
given = [
  { case = "A", defendant = "1", hearing = 2020-02-03, offence = "ST19501", result = "G" },
  { case = "A", defendant = "2", hearing = 2020-02-03, offence = "ST19501", result = "G" },
]
expect = { "2020Q1" = 1 }

[[example]]
name = "the first hearing"
given = [
  { case = "A", hearing = 2020-02-03, offence = "ST19502", result = "3307" },
  { case = "A", hearing = 2020-03-03, offence = "ST19502", result = "3307" },
]
expect = { "2020Q1 month=2020-02" = 1 }

[[example]]
name = "the lower code"
given = [
  { case = "A", hearing = 2020-02-03, offence = "ST19502", result = "3307" },
  { case = "A", hearing = 2020-02-03, offence = "ST19501", result = "3307" },
]
expect = { "2020Q1 application_type=new" = 1 }

[[example]]
name = "a refusal, another offence"
given = [
  { case = "A", hearing = 2020-02-03, offence = "ST19501", result = "RFSD" },
  { case = "B", hearing = 2020-02-03, offence = "PH97010", result = "3307" },
]
expect = { "2020Q1" = 0 }
"""
OUTCOME = """
[outcome]
list = "outcomes"
prefer = ["granted", "withdrawn", "refused"]
tie_break = "last hearing"
"""
WITH_OUTCOME = (
    ('result = "results"', 'result = "outcomes"'),
    ("[[evidence]]", f"{OUTCOME}\n[[evidence]]"),
    ('[["year"]]', '[["year"], ["outcome"]]'),
)
EVIDENCE = '[[evidence]]\nname = "order"\nlabel = "The order was recorded"\nhas = "order"\n'
HOLD = '\n[[hold]]\nperiod = "2019"\nuntil = 2020-05-21T09:30:00+01:00\nbasis = "FOIA"\n'
INTERIM = "3306,cjs,Interim Stalking Protection Order,order,,,CJS\n"


@pytest.fixture(scope="module")
def known():
    return standing()


def changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def lists_of(**more: str) -> dict[str, CodeList]:
    found = {}
    for name, lines in (LISTS | {n.replace("_", "-"): t for n, t in more.items()}).items():
        found[name], faults = parse_code_list(HEAD + lines, name, f"codelists/{name}.csv")
        assert not faults
    return found


def linted(known, *changes: tuple[str, str], examples: bool = False, thorough: bool = False, **lists: str):
    """The findings about the base question with changes, and its text."""
    text = changed(BASE, *changes)
    found = lists_of(**lists)
    question = read_question(text, "orders", found)
    return lint(question, Context(known, found, thorough=thorough), [], examples=examples), text


def of(found: list[Finding], name: str) -> list[Finding]:
    return [f for f in found if f.id == name and f.accepted is None]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_a_definition_that_is_right_has_no_finding(known) -> None:
    found, _ = linted(known, examples=True, thorough=True)
    assert found == []


@pytest.mark.parametrize(
    ("name", "severity", "changes", "lists", "marker", "says"),
    [
        (
            "result-without-offence",
            ERROR,
            [
                ('keep = { offence = "applications" }', 'keep = { level = "OFFENCE", result = "results" }'),
                ('[[breakdown]]\nname = "application_type"\nlabel = "Type"\nlist = "applications"\n', ""),
                (', ["application_type"]', ""),
                (' application_type=new"', '"'),
            ],
            {},
            "keep = { level",
            "'G' would count",
        ),
        ("interim-as-final", WARNING, [], {"results": LISTS["results"] + INTERIM}, "results.csv:4", "3306 (Interim"),
        (
            "lists-overlap",
            WARNING,
            [("[[evidence]]", '[[step]]\nname = "x"\ndrop = { result = "order" }\n\n[[evidence]]')],
            {},
            "order.csv:2",
            "3307 is dropped here, and 'results' keeps 3307 (line 2)",
        ),
        (
            "lists-overlap",
            WARNING,
            [("[[breakdown]]", EVIDENCE.replace('"order"\nl', '"again"\nl') + "[[breakdown]]")],
            {},
            'has = "order"\n[[breakdown]]',
            "is evidence 'order' already",
        ),
        (
            "lists-overlap",
            WARNING,
            list(WITH_OUTCOME),
            {"outcomes": LISTS["outcomes"] + "granted,text,Granted,refused,,,x\n"},
            "outcomes.csv:6",
            "granted is 'refused' here, but G on line 3 is 'granted'",
        ),
        (
            "list-matches-nothing",
            WARNING,
            [],
            {"order": "9876,cjs,Order,order,,,x\n"},
            "order.csv:2",
            "no code of 'order'",
        ),
        ("list-matches-nothing", INFO, [], {"order": "ZZZZ,short,Nothing known,order,,,x\n"}, "order.csv:2", "no code"),
        (
            "mark-missing",
            WARNING,
            [],
            {"results": LISTS["results"] + "3308,cjs,Old order,order,,2021-03-31,x\n"},
            "results.csv:4",
            "3308 was in use until 2021-03-31",
        ),
        (
            "text-match-unnormalised",
            INFO,
            [],
            {"results": LISTS["results"] + "G - Granted,text,Granted,granted,,,x\n"},
            "results.csv:4",
            "is compared as 'g - granted'",
        ),
        (
            "duplicate-list",
            WARNING,
            [],
            {"same": LISTS["order"]},
            "same.csv:2",
            "'same' holds the same codes as 'order'",
        ),
        (
            "period-before-act",
            WARNING,
            [("\n[[note]]", f"{HOLD}\n[[note]]")],
            {},
            'period = "2019"',
            "the hold is about",
        ),
        (
            "period-before-act",
            WARNING,
            [('live system."', 'live system."\nwhen = { period = "2019Q4" }')],
            {},
            'period = "2019Q4"',
            "the note is about 2019-12-31, before The Act was in force (2020-01-20)",
        ),
        (
            "period-before-act",
            WARNING,
            [("[[note]]", '[[series_break]]\nat = 2019-05-01\ntext = "x"\n\n[[note]]')],
            {},
            "at = 2019",
            "the break is about",
        ),
        (
            "period-before-act",
            WARNING,
            [('"applications" }', '"applications", hearing = { from = 2019-01-01 } }')],
            {},
            "hearing = { from",
            "step 'Application' is about 2019-01-01",
        ),
        (
            "period-before-act",
            WARNING,
            [('expect = { "2020Q1" = 1 }', 'expect = { "2020Q1" = 1, "2019-11" = 1 }')],
            {},
            '"2019-11" = 1',
            "the figure of '2019-11'",
        ),
        (
            "in-force-missing",
            WARNING,
            [('in_force = 2020-01-20\nact = "The Act"\n', "")],
            {},
            'id = "orders"',
            "2020-01-20",
        ),
        ("small-group", WARNING, [('[["month"],', '[["month"], ["court"],')], {}, '["court"]', "by court"),
        (
            "small-group",
            WARNING,
            [('[["month"],', '[["month"], ["month", "police_force"],')],
            {},
            '["month", "p',
            "by month",
        ),
        (
            "small-group",
            INFO,
            [('[["year"]]', '[["year"], ["year", "region", "application_type"]]')],
            {},
            '["year", "re',
            "by",
        ),
        (
            "small-group",
            INFO,
            [('[["month"],', '[["month"], ["court"],'), ('[release]\nstream = "mi"\n', "")],
            {},
            '["court"]',
            "by",
        ),
        (
            "breakdown-unused",
            WARNING,
            [(', ["application_type"]', ""), (' application_type=new"', '"')],
            {},
            "[[breakdown]]",
            "no combination of [breakdowns] names 'application_type'",
        ),
        ("breakdown-unused", WARNING, list(WITH_OUTCOME[:2]), {}, "[outcome]", "units have outcomes"),
        (
            "note-never-shown",
            WARNING,
            [('live system."', 'live system."\nwhen = { region = "london" }')],
            {},
            "when = {",
            "not broken down by region",
        ),
        (
            "note-never-shown",
            WARNING,
            [('live system."', 'live system."\nwhen = { unit = "order" }')],
            {},
            'unit = "order" }',
            "not counted in orders",
        ),
        ("no-notes", WARNING, [('[[note]]\ntext = "From a live system."\n', "")], {}, 'id = "orders"', "no note goes"),
        (
            "no-notes",
            WARNING,
            [('live system."', 'live system."\nwhen = { month = "2020-02" }')],
            {},
            "[[note]]",
            "every",
        ),
        (
            "no-schedule",
            INFO,
            [('[schedule]\ncron = "0 6 * * 1"\nperiod = "last complete quarter"\n', "")],
            {},
            'id = "orders"',
            "by hand only",
        ),
        ("evidence-missing", INFO, [(EVIDENCE, "")], {}, '[[step]]\nname = "Granted"', "'G' counts beside"),
        (
            "asks-other-unit",
            WARNING,
            [("In how many cases was", "How many young offenders were")],
            {},
            "asks",
            "offenders",
        ),
        ("owner-is-a-person", WARNING, [('"courts-mi"', '"a@example.org"')], {}, "owner", "an address"),
    ],
)
def test_each_finding_is_told_once_with_its_place(known, name, severity, changes, lists, marker, says) -> None:
    found, text = linted(known, *changes, **lists)
    (one,) = of(found, name)
    where = f"{one.file}:{one.line}"
    assert where == (f"codelists/{marker}" if ".csv:" in marker else f"questions/orders.toml:{line_of(text, marker)}")
    assert one.severity == severity
    assert says in one.what
    assert one.remedy


@pytest.mark.parametrize(
    ("name", "changes", "lists"),
    [
        (
            "interim-as-final",
            [("[[breakdown]]", EVIDENCE.replace('"order"', '"interim"') + "\n[[breakdown]]")],
            {"results": LISTS["results"] + INTERIM, "interim": INTERIM},
        ),
        (
            "interim-as-final",
            [*WITH_OUTCOME, ('"refused"]', '"refused", "interim"]')],
            {"outcomes": LISTS["outcomes"] + INTERIM.replace(",order,", ",interim,")},
        ),
        (
            "interim-as-final",
            [("[[evidence]]", '[[step]]\nname = "x"\ndrop = { result = "interim" }\n\n[[evidence]]')],
            {"results": LISTS["results"] + INTERIM, "interim": INTERIM},
        ),
        (
            "lists-overlap",
            [("[[evidence]]", '[[step]]\nname = "x"\ndrop = { result = "order", finding = "N" }\n\n[[evidence]]')],
            {},
        ),
        ("lists-overlap", [("[[breakdown]]", EVIDENCE.replace('"order"', '"results"') + "\n[[breakdown]]")], {}),
        (
            "mark-missing",
            [("[[note]]", '[[series_break]]\nat = 2021-04-01\ntext = "x"\n\n[[note]]')],
            {"results": LISTS["results"] + "3308,cjs,Old order,order,,2021-03-31,x\n"},
        ),
        ("period-before-act", [("\n[[note]]", HOLD.replace('"2019"', '"2020Q1"') + "\n[[note]]")], {}),
        ("small-group", [('[["year"]]', '[["year", "police_force"]]')], {}),
        (
            "note-never-shown",
            [('live system."', 'live system."\nwhen = { application_type = "vary", period = "2020" }')],
            {},
        ),
        (
            "asks-other-unit",
            [("In how many cases was", "How many offenders were"), ('"case"\n', '"case"\nalso = ["defendant"]\n')],
            {},
        ),
    ],
)
def test_what_is_meant_is_not_found(known, name, changes, lists) -> None:
    if name == "interim-as-final" and "interim" in lists:
        changes = [(o, n.replace('has = "order"', 'has = "interim"')) for o, n in changes]
    if name == "lists-overlap" and "[[breakdown]]" in changes[0][0]:
        changes = [(o, n.replace('has = "order"', 'has = "results"')) for o, n in changes]
    found, _ = linted(known, *changes, **lists)
    assert of(found, name) == []


def test_a_rule_with_a_newer_version_is_found_and_the_newest_is_not(known) -> None:
    one = RULES["heard-on-a-weekday@1"]
    rules = RULES | {"heard-on-a-weekday@2": replace(one, version=2)}
    text = changed(BASE, ('{ result = "results" }', '{ result = "results", rule = "heard-on-a-weekday@1" }'))
    question = read_question(text, "orders", lists_of())
    (found,) = of(lint(question, Context(known, {}, rules), [], examples=False), "rule-old-version")
    assert (found.line, found.column) == (line_of(text, "rule = "), 30)
    assert "heard-on-a-weekday@2" in found.remedy
    assert of(lint(question, Context(known, {}), [], examples=False), "rule-old-version") == []


NOT_NOTICED = [
    (
        "step-without-example",
        [('result = "RFSD"', 'result = "3307", stated = 1 },\n  { case = "A", stated = 2, hearing = 2020-02-03')],
        "keep = { result",
        "the step 'Granted'",
    ),
    (
        "step-without-example",
        [
            ('"PH97010"', '"ST19502"'),
            ('"3307" },\n]\nexpect = { "2020Q1" = 0', '"RFSD" },\n]\nexpect = { "2020Q1" = 0'),
        ],
        "keep = { offence",
        "the step 'Application'",
    ),
    (
        "step-without-example",
        [
            ('{ result = "results" }', '{ result = "results", force = "01" }'),
            *[(' result = "3307" }', ' result = "3307",  force = "01" }')] * 5,
            *[(' result = "G" }', ' result = "G",  force = "01" }')] * 2,
        ],
        'force = "01" }',
        "`force` of the step 'Granted'",
    ),
    (
        "step-without-example",
        [("[[evidence]]", '[[step]]\nname = "Test court"\ndrop = { court = "B99ZZ" }\n\n[[evidence]]')],
        "drop =",
        "the step 'Test court'",
    ),
    ("tie-break-without-example", [("2020-03-03", "2020-02-03")], "once =", "the first of several hearings"),
    (
        "tie-break-without-example",
        [
            (
                'ST19502", result = "3307" },\n  { case = "A", hearing = 2020-02-03, offence = "ST19501',
                'ST19501", result = "3307" },\n  { case = "A", hearing = 2020-02-03, offence = "ST19501',
            )
        ],
        "[[breakdown]]",
        "which application_type",
    ),
    ("unit-without-example", [('defendant = "2"', 'defendant = "1"')], "unit =", "in cases than in defendants"),
    (
        "unit-without-example",
        [('unit = "case"', 'unit = "case"\nalso = ["application"]')],
        "also",
        "applications than in",
    ),
    ("code-without-example", [('result = "G"', 'result = "3307"')] * 2, "results.csv:3", "'G'"),
]


@pytest.mark.parametrize(("name", "changes", "marker", "says"), NOT_NOTICED)
def test_what_no_example_would_notice_is_found(known, name, changes, marker, says) -> None:
    found, text = linted(known, *changes, examples=True)
    assert of(found, "example-fails") == []
    (one,) = [f for f in of(found, name) if says in f.what]
    where = f"codelists/{marker}" if ".csv:" in marker else f"questions/orders.toml:{line_of(text, marker)}"
    assert f"{one.file}:{one.line}" == where


PREFERENCE = """
[[example]]
name = "both"
given = [
  { case = "A", hearing = 2020-02-03, offence = "ST19501", result = "2051" },
  { case = "A", hearing = 2020-03-03, offence = "ST19501", result = "%s" },
]
expect = { "2020Q1 outcome=%s" = 1 }
"""


def test_neighbours_of_the_preference_need_an_example_each_and_the_tie_break_one(known) -> None:
    changes = (*WITH_OUTCOME, ('"2020Q1 month=2020-02" = 1', '"2020Q1 month=2020-03" = 1'))
    found, text = linted(known, *changes, examples=True)
    assert [(f.line, f.column) for f in of(found, "preference-without-example")] == [
        (line_of(text, "prefer"), 22),
        (line_of(text, "prefer"), 35),
    ]
    assert of(found, "tie-break-without-example") == []
    shown = (BASE[-20:], BASE[-20:] + PREFERENCE % ("G", "granted"))
    found, _ = linted(known, *changes, shown, examples=True)
    assert [f.what for f in of(found, "preference-without-example")] == [
        "no example shows that 'withdrawn' comes before 'refused'"
    ]
    found, text = linted(known, *WITH_OUTCOME, ("2020-03-03", "2020-02-03"), examples=True)
    (one,) = [f for f in of(found, "tie-break-without-example") if "last of several" in f.what]
    assert one.line == line_of(text, "tie_break")


def test_an_example_that_fails_is_an_error_and_the_only_one_about_examples(known) -> None:
    found, text = linted(
        known, ('month=2020-02" = 1', 'month=2020-03" = 1'), ('"2020Q1" = 0', '"2020Q1" = 7'), examples=True
    )
    assert [(f.id, f.severity, f.line) for f in found] == [
        ("example-fails", ERROR, line_of(text, '"2020Q1 month=2020-03" = 1')),
        ("example-fails", ERROR, line_of(text, '"2020Q1" = 7')),
    ]
    assert "expects 1 for '2020Q1 month=2020-03' and gets 0" in found[0].what


def test_an_example_without_statements_in_a_cell_has_no_data_there_although_others_have(known) -> None:
    found, text = linted(
        known,
        ('expect = { "2020Q1" = 0 }', 'expect = { "2020Q1" = 0, "2020Q1 month=2020-03" = 0, "2020Q3" = "no data" }'),
        examples=True,
    )
    (one,) = of(found, "example-fails")
    assert "gets no data" in one.what
    assert one.line == line_of(text, '"2020Q3" = "no data"')


@pytest.mark.parametrize("name", ["stalking-protection-applications", "restraining-orders-for-stalking"])
def test_examples_counted_together_give_what_each_gives_alone(name: str) -> None:
    question = load_question(SQL, name)
    wrong = [
        replace(e, expect={key: f + 1 if isinstance(f, int) else 1 for key, f in e.expect.items()})
        for e in question.examples
    ]
    found = Bench(replace(question, examples=tuple(wrong))).disagreements(question)
    alone = run_examples(question, bytes(32))
    together = {(n, key): got for n, key, _, got in found}
    assert together == {(n, key): got for n, outcome in enumerate(alone) for key, got in outcome.got.items()}


def test_examples_that_all_expect_zero_show_nothing(known) -> None:
    start = BASE.index("[[example]]")
    only = BASE[BASE.rindex("[[example]]") :]
    found, _ = linted(known, (BASE[start:], only), examples=True)
    assert len(of(found, "nothing-counted")) == 1


def test_only_a_thorough_run_leaves_out_codes_that_rows_have(known) -> None:
    beside = ('result = "G"', 'result = "3307"')  # the other defendant of the case still has it
    quick, _ = linted(known, beside, examples=True)
    thorough, _ = linted(known, beside, examples=True, thorough=True)
    assert of(quick, "code-without-example") == []
    assert [f.what for f in of(thorough, "code-without-example")] == ["no example would notice if 'G' were left out"]


ACCEPT = '\n[[accept]]\nfinding = "%s"\nbecause = "It is right."\n'


def test_an_accepted_finding_is_set_apart_with_its_reason(known) -> None:
    found, _ = linted(
        known, ('"courts-mi"', '"a@example.org"'), ("\n[[note]]", ACCEPT % "owner-is-a-person" + "\n[[note]]")
    )
    assert [(f.id, f.accepted) for f in found] == [("owner-is-a-person", "It is right.")]


@pytest.mark.parametrize(
    ("accepted", "name", "says"),
    [
        ("no-notes", "accept-not-needed", "'no-notes' is accepted, but was not found"),
        ("no-note", "accept-unknown", "Did you mean `no-notes`?"),
        ("example-fails", "accept-unknown", "'example-fails' cannot be accepted"),
        ("cannot-load", "accept-unknown", "cannot be accepted"),
    ],
)
def test_what_is_accepted_has_to_be_there_and_to_be_acceptable(known, accepted, name, says) -> None:
    found, text = linted(known, ("\n[[note]]", ACCEPT % accepted + "\n[[note]]"), examples=True)
    (one,) = found
    assert (one.id, one.line) == (name, line_of(text, "finding ="))
    assert says in str(one)


def test_a_quick_run_does_not_say_that_codes_accepted_without_examples_are_not_there(known) -> None:
    found, _ = linted(known, ("\n[[note]]", ACCEPT % "code-without-example" + "\n[[note]]"), examples=True)
    assert found == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("questions", "codelists"):
        (tmp_path / name).mkdir()
    (tmp_path / "questions" / "orders.toml").write_text(BASE, encoding="utf-8")
    for name in ("applications", "results", "order"):
        (tmp_path / "codelists" / f"{name}.csv").write_text(HEAD + LISTS[name], encoding="utf-8")
    return tmp_path


def test_a_finding_about_a_shared_list_is_told_once_and_counts_unless_every_question_accepts_it(folder, known) -> None:
    applications = folder / "codelists" / "applications.csv"
    applications.write_text(applications.read_text().replace("to vary a", "to change a"))
    other = changed(BASE, ('id = "orders"', 'id = "other"'), ("\n[[note]]", ACCEPT % "title-differs" + "\n[[note]]"))
    (folder / "questions" / "other.toml").write_text(other)
    found = [f for f in lint_folder(folder, None, known).findings if f.id == "title-differs"]
    assert [(str(f)[:30], f.accepted) for f in found] == [("codelists/applications.csv:3:1", None)]
    found = [f for f in lint_folder(folder, "other", known).findings if f.id == "title-differs"]
    assert [f.accepted for f in found] == ["It is right."]


def test_lists_are_checked_although_the_question_that_names_them_cannot_be_loaded(folder, known) -> None:
    applications = folder / "codelists" / "applications.csv"
    applications.write_text(applications.read_text().replace("ST19501", "ST195O1"))
    path = folder / "questions" / "orders.toml"
    path.write_text(changed(BASE, ('offence = "applications"', 'offence = "aplications"'), ("title", "titel")))
    found = [f for f in lint_folder(folder, "orders", known).findings if f.severity == ERROR]
    assert [(f.id, f.file, f.line) for f in found] == [
        ("unknown-code", "codelists/applications.csv", 2),
        ("cannot-load", "questions/orders.toml", 3),
        ("cannot-load", "questions/orders.toml", line_of(BASE, '"applications" }')),
    ]


def test_a_list_is_told_unused_only_where_all_questions_are_looked_at(folder, known) -> None:
    (folder / "codelists" / "draft.csv").write_text(HEAD + "3307,cjs,Another title,x,,,x\n")
    found = lint_folder(folder, None, known).findings
    assert [(f.id, f.severity) for f in found if f.file == "codelists/draft.csv"] == [
        ("unused-list", INFO),
        ("title-differs", WARNING),
    ]
    assert [f for f in lint_folder(folder, "orders", known).findings if "draft" in f.file] == []


def test_a_list_that_only_takes_results_out_loses_nothing(folder, known) -> None:
    path = folder / "questions" / "orders.toml"
    step = '[[step]]\nname = "x"\ndrop = { offence = "out" }\n\n[[evidence]]'
    path.write_text(changed(BASE, ("[[evidence]]", step), ("in_force = 2020", "in_force = 2015")))
    title = "Stalking involving serious alarm / distress"
    (folder / "codelists" / "out.csv").write_text(HEAD + f"PH97011,offence,{title},x,,,x\n")
    assert "predecessor-missing" not in {f.id for f in lint_folder(folder, None, known).findings}
    path.write_text(changed(path.read_text(), ("drop = {", "keep = {")))
    assert "predecessor-missing" in {f.id for f in lint_folder(folder, None, known).findings}


def test_findings_about_codes_are_among_the_others(folder, known) -> None:
    applications = folder / "codelists" / "applications.csv"
    title = "Stalking involving fear of violence"
    applications.write_text(applications.read_text() + f"PH97007,offence,{title},x,2012-11-25,2017-04-02,x\n")
    found = lint_folder(folder, "orders", known).findings
    assert {("code-ended", 4), ("successor-missing", 4), ("looks-wanted", 1)} <= {(f.id, f.line) for f in found}


def test_every_kind_of_finding_is_tried_here_or_with_the_seeded_faults() -> None:
    here = Path(__file__).read_text() + (Path(__file__).parent / "test_seeded_faults.py").read_text()
    assert [name for name in CATALOGUE if f'"{name}"' not in here] == []


def test_every_finding_about_codes_is_in_the_catalogue() -> None:
    told = set(re.findall(r'(?:_finding|CodeFinding)\(\s*"([a-z-]+)"', inspect.getsource(code_checks)))
    assert told
    assert told <= CATALOGUE.keys()


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_examples_of_the_catalogue_are_parts_of_definitions_or_lists(name: str) -> None:
    kind = CATALOGUE[name]
    assert kind.severity in SEVERITIES
    assert not any(text.endswith(".") for text in (kind.title, kind.remedy))
    for text in (kind.bad, kind.good):
        if text.startswith("code,"):
            assert parse_code_list(text, "list", "list.csv")[1] == []
            continue
        try:
            QuestionFile.model_validate(tomllib.loads(text))
        except ValidationError as error:
            wrong = [e for e in error.errors() if e["type"] != "missing" or len(e["loc"]) > 1]
            assert wrong == [] or name == "cannot-load"
