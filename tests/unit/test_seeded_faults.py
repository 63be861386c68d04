"""Many faults at once in definitions and their lists: one run tells each at its line, with the right suggestion."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from transform.findings import INFO, Finding
from transform.lint_files import lint_folder
from transform.standing import standing

SQL = Path(__file__).resolve().parents[2] / "sql"
SPO = "questions/stalking-protection-orders.toml"
OTHER = "questions/other.toml"
DATED = "questions/dated.toml"
APPLICATIONS = "codelists/spo-applications.csv"
GRANTED = "codelists/spo-granted.csv"
INTERIM = "codelists/spo-interim.csv"
ORDER = "codelists/spo-order.csv"
STALKING = "codelists/seeded-stalking.csv"


class Seed(NamedTuple):
    """A fault: the text that is changed and what it becomes; the line and column of `at` in it; what has to be said."""

    file: str
    old: str
    new: str
    at: str
    says: str
    suggests: str
    id: str = "cannot-load"


FAULTS = {
    "misspelt key": Seed(SPO, "title    =", "titel    =", "titel", "unknown key `titel`", "Did you mean `title`?"),
    "misspelt list": Seed(
        SPO,
        '{ offence = "spo-applications"',
        '{ offence = "spo-aplications"',
        'offence = "spo-apl',
        "there is no code list 'spo-aplications'",
        "Did you mean `spo-applications`?",
    ),
    "unquoted code": Seed(
        SPO,
        'given  = [{ case = "A", hearing = 2020-02-03, offence = "ST19501", result = "3306" }]',
        'given  = [{ case = "A", hearing = 2020-02-03, offence = "ST19501", result = 3306 }]',
        "result = 3306",
        "`result` must be text",
        'Put it into quotes, "3306"',
    ),
    "duplicate step name": Seed(
        SPO,
        'name = "Result is SPO or Granted"',
        'name = "Application for a Stalking Protection Order, or to vary one"',
        'name = "Application for a Stalking Protection Order, or to vary one"\nkeep = { result',
        "two of [[step]] are named",
        "Give each its own name",
    ),
    "missing unit": Seed(SPO, '[count]\nunit = "case"\n', "[count]\n", "[count]", "`unit` is missing", "Add unit ="),
    "misspelt unit": Seed(
        OTHER,
        'unit = "case"',
        'unit = "defendent"',
        'unit = "defend',
        "`unit` cannot be 'defendent'",
        "Did you mean 'defendant'?",
    ),
    "unknown breakdown": Seed(
        SPO,
        'default = [["month"], ["application_type"]]',
        'default = [["month"], ["aplication_type"]]',
        '["aplication_type"]',
        "the breakdown 'aplication_type' is not declared",
        "Did you mean `application_type`?",
    ),
    "month twice": Seed(
        SPO,
        '["month", "application_type"],',
        '["month", "month"],',
        '["month", "month"]',
        "different breakdowns",
        "Remove what is too much",
    ),
    "bad cron": Seed(SPO, '"0 6 * * 1"', '"0 6 * * 8"', "cron", "'8' is not a weekday of a schedule", "numbers 0 to 7"),
    "date in words": Seed(
        SPO,
        "in_force = 2020-01-20",
        'in_force = "20 January 2020"',
        "in_force",
        "`in_force` is not a date",
        "Write a day without quotes, like 2020-01-20",
    ),
    "day that does not exist": Seed(
        DATED,
        "in_force = 2020-01-20",
        "in_force = 2020-02-30",
        "2020-02-30",
        "the file is not TOML",
        "A date is written 2020-01-20 and must exist",
    ),
    "period that does not exist": Seed(
        SPO,
        '"2020Q4" = "no data"',
        '"2020Q5" = "no data"',
        '"2020Q5"',
        "'2020Q5' is not a period",
        "2020Q1",
    ),
    "time without a zone": Seed(
        SPO,
        "[[note]]",
        '[[hold]]\nperiod = "2019"\nuntil = 2020-05-21T09:30:00\nbasis = "FOIA s.44"\n\n[[note]]',
        "until",
        "`until` does not say in which time zone it is",
        "Add the offset, like +01:00",
    ),
    "empty label": Seed(
        SPO,
        'label = "A Stalking Protection Order was recorded (3307 or SPO)"',
        'label = ""',
        'label = ""',
        "`label`: the text is empty",
        "Write it on one line",
    ),
    "wrong kind of list": Seed(
        SPO,
        'has   = "spo-order"',
        'has   = "spo-applications"',
        'has   = "spo-applications"',
        "the list 'spo-applications' holds no result codes",
        "Name a list of result codes",
    ),
    "unknown rule": Seed(
        SPO,
        "# On what each case rests",
        '[[step]]\nname = "No weekend"\nkeep = { rule = "heard-on-weekday@1" }\n\n# On what each case rests',
        "rule = ",
        "there is no rule 'heard-on-weekday@1'",
        "Did you mean `heard-on-a-weekday@1`?",
    ),
    "category left out": Seed(
        OTHER,
        "# On what each case rests",
        '[outcome]\nlist = "spo-granted"\nprefer = ["ordre"]\ntie_break = "first hearing"\n\n# On what each case rests',
        "prefer",
        "`prefer` leaves out 'order', 'granted'",
        "Put every category of the list in its place",
    ),
    "category misspelt": Seed(
        OTHER,
        'prefer = ["ordre"]',
        'prefer = ["ordre"]',
        '"ordre"',
        "'ordre' is no category",
        "Did you mean `order`?",
    ),
    "note about an unknown cell": Seed(
        OTHER,
        'files of the cases."',
        'files of the cases."\nwhen = { application_type = "varied" }',
        'application_type = "varied"',
        "'varied' is no category of application_type",
        "Did you mean `vary`?",
    ),
    "step both kept and dropped": Seed(
        OTHER,
        'keep = { result = "spo-granted" }',
        'keep = { result = "spo-granted" }\ndrop = { court = "B01D" }',
        '[[step]]\nname = "Result',
        "a step has either `keep` or `drop`",
        "Keep one of the two",
    ),
    "court cut short": Seed(
        OTHER,
        'court = "B01D"',
        'court = "B01D"',
        'court = "B01D"',
        "'B01D' is not a court",
        "first five characters",
    ),
    "letter O in a code": Seed(
        APPLICATIONS,
        "ST19501,",
        "ST195O1,",
        "ST195O1",
        "ST195O1 is not among the offence codes",
        "Did you mean ST19501",
        "unknown-code",
    ),
    "title of another code": Seed(
        APPLICATIONS,
        "Application to vary a Stalking Protection Order",
        "Application to renew a Stalking Protection Order",
        "ST19502",
        "but its title is 'Application to vary a Stalking Protection Order'",
        "Check the code",
        "title-differs",
    ),
    "entry twice": Seed(
        GRANTED,
        "granted.,text",
        "3307,cjs,Stalking Protection Order,order,,,again\ngranted.,text",
        "3307,cjs,Stalking Protection Order,order,,,again",
        "'3307' is in the list already, on line 2",
        "Remove one of the two",
    ),
    "space at the end": Seed(
        GRANTED,
        "GRANTED,short",
        "GRANTED ,short",
        "GRANTED ,",
        "the code starts or ends with a space",
        "Remove the space",
    ),
    "unknown way to match": Seed(
        INTERIM,
        "3306,cjs",
        "3306,csj",
        "csj",
        "'csj' is not a way to match",
        "Did you mean 'cjs'",
    ),
    "zero lost in front": Seed(
        ORDER,
        "SPO,short",
        "401,cjs,Something,order,,,a spreadsheet\nSPO,short",
        "401,cjs",
        "'401' is no CJS result code",
        "dropped leading zeros",
    ),
    "day as a spreadsheet writes it": Seed(
        ORDER,
        "3307,cjs,Stalking Protection Order,order,2020-01-20",
        "3307,cjs,Stalking Protection Order,order,20/01/2020",
        "20/01/2020",
        "valid_from '20/01/2020' is not a date",
        "Write it as 2020-01-20",
    ),
    "comma without quotes": Seed(
        ORDER,
        "SPO,short",
        "STPO,short,Order, stalking,order,,,x\nSPO,short",
        "STPO",
        "the line has 8 fields, not 7",
        "Quote texts that contain commas",
    ),
    "code without its predecessor": Seed(
        STALKING,
        "PH97007,offence,Stalking involving fear of violence,fear,2012-11-25,2017-04-02,x\n",
        "",
        "PH97010",
        "until 2017-04-03 PH97010 was PH97007",
        "Add PH97007",
        "predecessor-missing",
    ),
    "retired code without its successor": Seed(
        STALKING,
        "PH97011,offence,Stalking involving serious alarm / distress,alarm,2017-04-03,,x\n",
        "",
        "PH97008",
        "on 2017-04-03 PH97008 gave way to PH97011",
        "Add PH97011",
        "successor-missing",
    ),
}
STALKING_LIST = """\
code,match,label,category,valid_from,valid_to,source
PH97006,offence,Stalking without fear / alarm / distress,none,2012-11-25,,x
PH97007,offence,Stalking involving fear of violence,fear,2012-11-25,2017-04-02,x
PH97010,offence,Stalking involving fear of violence,fear,2017-04-03,,x
PH97008,offence,Stalking involving serious alarm / distress,alarm,2012-11-25,2017-04-02,x
PH97011,offence,Stalking involving serious alarm / distress,alarm,2017-04-03,,x
"""
FOLLOW = (
    "`title` is missing",
    "two of [[step]] are named",
    "no step keeps 'spo-applications'",
    "the question is not broken down by application_type",
)
"""What seeded faults may bring with them: what is misspelt is also missing, and of one name there are two."""


@pytest.fixture(scope="module")
def seeded(tmp_path_factory) -> tuple[dict[str, str], tuple[Finding, ...]]:
    """Every text after all faults were put in, and what one run over them finds."""
    sql = tmp_path_factory.mktemp("seeded")
    for name in ("questions", "codelists"):
        (sql / name).mkdir()
    texts = {name: (SQL / name).read_text(encoding="utf-8") for name in (SPO, APPLICATIONS, GRANTED, INTERIM, ORDER)}
    granted = "codelists/granted.csv"
    texts[granted] = (SQL / granted).read_text(encoding="utf-8")
    texts[OTHER] = texts[SPO].replace('id       = "stalking-protection-orders"', 'id       = "other"')
    # The oldest code lists of offences belong to a question that may speak about any day: it has no Act of its own.
    texts[OTHER] = texts[OTHER].replace("in_force = 2020-01-20\n", "").replace('act      = "Stalking', '# act = "')
    step = '[[step]]\nname = "Stalking"\nkeep = { offence = "seeded-stalking" }\n\n[[evidence]]'
    texts[OTHER] = texts[OTHER].replace("[[evidence]]", step, 1)
    texts[DATED] = texts[SPO].replace('id       = "stalking-protection-orders"', 'id       = "dated"')
    texts[STALKING] = STALKING_LIST
    for name, seed in FAULTS.items():
        assert seed.old in texts[seed.file], f"{name}: {seed.old!r} is not in {seed.file}"
        texts[seed.file] = texts[seed.file].replace(seed.old, seed.new, 1)
    for name, text in texts.items():
        (sql / name).write_text(text, encoding="utf-8")
    found = lint_folder(sql, None, standing()).findings
    shutil.rmtree(sql)
    return texts, found


def place(text: str, part: str) -> tuple[int, int]:
    start = text.index(part)
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)


def test_there_are_at_least_twenty_faults() -> None:
    assert len(FAULTS) >= 20


@pytest.mark.parametrize("name", FAULTS)
def test_a_seeded_fault_is_told_at_its_line_and_column_with_the_right_suggestion(name: str, seeded) -> None:
    texts, found = seeded
    seed = FAULTS[name]
    line, column = place(texts[seed.file], seed.at)
    told = [f for f in found if (f.file, f.line, f.id) == (seed.file, line, seed.id) and seed.says in f.what]
    assert len(told) == 1, [str(f) for f in found if f.file == seed.file and f.severity != INFO]
    assert seed.suggests in told[0].remedy
    assert told[0].column == (1 if seed.id in ("title-differs", "unknown-code") else column)


def test_nothing_is_told_that_was_not_seeded(seeded) -> None:
    texts, found = seeded
    expected = {(s.file, place(texts[s.file], s.at)[0], s.id) for s in FAULTS.values()}
    rest = [f for f in found if f.severity != INFO and (f.file, f.line, f.id) not in expected]
    assert [str(f) for f in rest if not f.what.startswith(FOLLOW)] == []
