"""Question files are read strictly: every fault of every file at once, at its line, with what to do."""

import shutil
from pathlib import Path

import pytest

from transform.contract import TransformError
from transform.questions import load_definitions, load_question

SQL = Path(__file__).resolve().parents[2] / "sql"
NAME = "stalking-protection-orders"


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    for folder in ("questions", "codelists"):
        shutil.copytree(SQL / folder, tmp_path / folder)
    return tmp_path


def change(sql: Path, *changes: tuple[str, str], name: str = NAME) -> str:
    """Apply changes to the question file; the text before them must be there. Returns the new text."""
    path = sql / "questions" / f"{name}.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return text


def faults(sql: Path) -> list[str]:
    with pytest.raises(ExceptionGroup) as caught:
        load_definitions(sql)
    assert all(isinstance(fault, TransformError) for fault in caught.value.exceptions)
    return [str(fault) for fault in caught.value.exceptions]


def at(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title    =", "titel    =", "unknown key `titel`. Did you mean `title`?"),
        ('[count]\nunit = "case"', '[count]\nunit = "person"', "`unit` cannot be 'person'. Use 'case', 'defendant'"),
        ('[count]\nunit = "case"', '[count]\nunit = "defendent"', "Did you mean 'defendant'?"),
        ('result = "SPO" }', "result = 3306 }", 'Put it into quotes, "3306", so that zeros in front are kept'),
        (
            'keep = { result = "spo-granted" }',
            'keep = { rule = "heard-on-weekday@1" }',
            "Did you mean `heard-on-a-weekday@1`?",
        ),
        ('keep = { result = "spo-granted" }', 'drop = { court = "B01" }', "'B01' is not a court"),
        (
            'keep = { result = "spo-granted" }',
            'kep = { result = "spo-granted" }',
            "unknown key `kep`. Did you mean `keep`?",
        ),
        ('once = "first', 'ones = "first', "unknown key `ones`. Did you mean `once`?"),
        ('offence = "spo-applications" }', 'offense = "spo-applications" }', "Did you mean `offence`?"),
        ('offence = "spo-applications" }', 'offence = "spo-application" }', "Did you mean `spo-applications`?"),
        ('result = "spo-granted" }', 'result = "spo-applications" }', "holds no result codes"),
        ('name = "Result is SPO or Granted"', 'name = ""', "the text is empty"),
        ('beside = "spo-interim"', 'beside = "spo-intirem"', "Did you mean `spo-interim`?"),
        ('beside = "spo-interim"', 'besides = "spo-interim"', "Did you mean `beside`?"),
        (
            'default = [["month"], ["application_type"]]',
            'default = [["aplication_type"]]',
            "Did you mean `application_type`",
        ),
        ('default = [["month"], ["application_type"]]', 'default = [["month", "year"]]', "at most one by time"),
        ('cron   = "0 6 * * 1"', 'cron   = "0 6 * * 8"', "'8' is not a weekday of a schedule"),
        ('cron   = "0 6 * * 1"', 'cron   = "0 6 * *"', "has 4 fields, a schedule has 5"),
        ('period = "last complete quarter"', 'period = "last quarter"', "Use one of: last complete month"),
        ('id       = "stalking', 'id       = "stalkin', "Make them the same"),
        ('act      = "Stalking Protection Act 2019"', "", "`in_force` does not say of what"),
        ("in_force = 2020-01-20", 'in_force = "2020-01-20"', "`in_force` is not a date. Write a day without quotes"),
        ("in_force = 2020-01-20", "in_force = 2020-01-32", "the file is not TOML"),
        ('{ "2020Q1" = 1 }', '{ "2020Q5" = 1 }', "'2020Q5' is not a period"),
        ('{ "2020Q1" = 1 }', '{ "2020Q1" = "many" }', "an expected figure is not a number"),
        ('offence = "ST19501", result = "SPO" }', 'offence = "ST19501" }', "a row has an offence with a result"),
    ],
)
def test_a_fault_is_told_at_its_line_with_its_remedy(sql: Path, old: str, new: str, said: str) -> None:
    text = change(sql, (old, new))
    found = [fault for fault in faults(sql) if said in fault]
    assert len(found) == 1
    if "does not say of what" in said:
        new = "in_force"
    line = at(text, new) + new.split("unit")[0].count("\n")
    assert found[0].startswith(f"questions/{NAME}.toml:{line}:")


@pytest.mark.parametrize(
    ("old", "new", "column", "said"),
    [
        ("title    =", "titel    =", 1, "unknown key `titel`"),
        ('keep = { offence = "spo-applications" }', 'keep = { offense = "spo-applications" }', 10, "`offense`"),
        ('keep = { result = "spo-granted" }', 'keep = { result = "spo-grant" }', 10, "no code list 'spo-grant'"),
        (
            'default = [["month"], ["application_type"]]',
            'default = [["month"], ["type"]]',
            23,
            "'type' is not declared",
        ),
        ('{ "2020Q1" = 2 }', '{ "2020Q9" = 2 }', 12, "'2020Q9' is not a period"),
        ("in_force = 2020-01-20", "in_force = 2020-01-32", 16, "the file is not TOML"),
    ],
)
def test_a_fault_is_told_at_its_column(sql: Path, old: str, new: str, column: int, said: str) -> None:
    text = change(sql, (old, new))
    (found,) = [fault for fault in faults(sql) if said in fault]
    assert found.split(": ")[0] == f"questions/{NAME}.toml:{at(text, new)}:{column}"


def test_every_fault_of_every_file_comes_at_once(sql: Path) -> None:
    change(
        sql,
        ("title    =", "titel    ="),
        ('keep = { result = "spo-granted" }', 'keep = { result = "spo-grantd" }'),
        ('cron   = "0 6 * * 1"', 'cron   = "x"'),
        ("hearing = 2020-02-03", 'hearing = "2020-02-03"'),
    )
    broken = sql / "questions" / "broken.toml"
    broken.write_text("id = ", encoding="utf-8")
    (sql / "codelists" / "odd.csv").write_text("code\n", encoding="utf-8")
    found = faults(sql)
    for said in ("titel", "spo-grantd", "'x' has 1 fields", "`hearing` is not a date"):
        assert sum(said in fault for fault in found) == 1, (said, found)
    assert sum("questions/broken.toml:1:1: the file is not TOML" in fault for fault in found) == 1
    assert sum("codelists/odd.csv:1" in fault for fault in found) == 1


def test_a_misspelt_key_is_not_reported_as_missing_too(sql: Path) -> None:
    change(sql, ("title    =", "titel    ="))
    assert len(faults(sql)) == 1


def test_a_missing_unit_names_the_units(sql: Path) -> None:
    change(sql, ('unit = "case"\n', ""))
    assert any("Add unit = 'case' or 'defendant'" in fault for fault in faults(sql))


def test_two_steps_of_one_name_are_refused(sql: Path) -> None:
    change(
        sql,
        ('name = "Result is SPO or Granted"', 'name = "Application for a Stalking Protection Order, or to vary one"'),
    )
    assert sum("two of [[step]] are named" in fault for fault in faults(sql)) == 2


HOLD = '[[hold]]\nperiod = "2019"\nuntil = 2020-05-21T09:30:00+01:00\nbasis = "FOIA s.44(1)(a)"\n\n[[note]]'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("+01:00", "", "does not say in which time zone it is"),
        ('"2019"', '"2019-13"', "'2019-13' is not a period"),
        ("basis", "bases", "Did you mean `basis`?"),
    ],
)
def test_a_hold_says_which_period_until_when_and_why(sql: Path, old: str, new: str, said: str) -> None:
    change(sql, ("[[note]]", HOLD))
    assert load_definitions(sql).question(NAME).holds[0].period.label == "2019"
    change(sql, (HOLD, HOLD.replace(old, new, 1)))
    assert any(said in fault for fault in faults(sql))


def test_a_list_without_categories_cannot_be_a_breakdown(sql: Path) -> None:
    path = sql / "codelists" / "spo-applications.csv"
    path.write_text(path.read_text().replace(",vary,", ",,"))
    assert any("codes of 'spo-applications' have no category" in fault for fault in faults(sql))


def test_evidence_beside_needs_offences_kept_first(sql: Path) -> None:
    change(
        sql,
        ('keep = { offence = "spo-applications" }', 'keep = { offence = "spo-applications", result = "spo-granted" }'),
    )
    assert any("need a first step that keeps offences alone" in fault for fault in faults(sql))


def test_the_fingerprint_ignores_layout_and_comments_and_nothing_else(sql: Path) -> None:
    before = load_definitions(sql).question(NAME).fingerprint
    change(sql, ("[count]", "# a comment\n\n\n[count]"), ("owner    =", "owner="))
    assert load_definitions(sql).question(NAME).fingerprint == before
    change(sql, ('cron   = "0 6 * * 1"', 'cron   = "0 7 * * 1"'))
    changed = load_definitions(sql).question(NAME).fingerprint
    assert changed != before
    path = sql / "codelists" / "spo-granted.csv"
    path.write_text(path.read_text() + "GRTD,short,Granted,granted,,,a test\n")
    assert load_definitions(sql).question(NAME).fingerprint not in (before, changed)
    unused = sql / "codelists" / "unused.csv"
    now = load_definitions(sql).question(NAME).fingerprint
    shutil.copy(path, unused)
    assert load_definitions(sql).question(NAME).fingerprint == now


def test_an_unknown_question_gets_the_nearest_name(sql: Path) -> None:
    with pytest.raises(TransformError, match=f"Did you mean '{NAME}'"):
        load_definitions(sql).question("stalking-protection-order")


def test_a_line_end_cannot_bring_sql_into_the_statement(sql: Path) -> None:
    change(sql, ('name = "Result is SPO or Granted"', 'name = "x\\n) select 1 --"'))
    assert any("several lines" in fault for fault in faults(sql))


def test_a_byte_order_mark_as_spreadsheets_and_editors_write_it_changes_nothing(sql: Path) -> None:
    before = load_definitions(sql).question(NAME).fingerprint
    for path in (sql / "questions" / f"{NAME}.toml", sql / "codelists" / "spo-granted.csv"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_definitions(sql).question(NAME).fingerprint == before


def test_a_folder_without_questions_is_an_error_and_not_nothing_to_do(sql: Path) -> None:
    shutil.rmtree(sql / "questions")
    (sql / "questions").mkdir()
    with pytest.raises(TransformError, match="there is no question in it"):
        load_definitions(sql)
    (sql / "questions" / "orders.TOML").write_text("x = 1")
    with pytest.raises(TransformError, match=r"'orders\.TOML' with a small \.toml"):
        load_definitions(sql)


def test_a_file_that_cannot_be_read_is_a_fault_of_that_file(sql: Path) -> None:
    (sql / "questions" / "folder.toml").mkdir()
    assert any("questions/folder.toml:1:1: the file cannot be read" in fault for fault in faults(sql))


def test_a_fault_in_another_question_or_in_a_list_it_does_not_use_does_not_stop_a_question(sql: Path) -> None:
    (sql / "questions" / "draft.toml").write_text("id = ", encoding="utf-8")
    (sql / "codelists" / "draft.csv").write_text("code\n", encoding="utf-8")
    assert load_question(sql, NAME).id == NAME
    path = sql / "codelists" / "spo-granted.csv"
    path.write_text(path.read_text().replace("3307,cjs", "307,cjs"))
    change(sql, ('result = "spo-granted"', "result = 'spo-granted'"))
    with pytest.raises(ExceptionGroup) as caught:
        load_question(sql, NAME)
    assert ["'307' is no CJS result code" in str(fault) for fault in caught.value.exceptions] == [True]


def test_a_breakdown_named_twice_in_another_order_is_one(sql: Path) -> None:
    turned = 'default = [["month"], ["application_type"], ["application_type", "month"]]'
    change(sql, ('default = [["month"], ["application_type"]]', turned))
    allowed = load_question(sql, NAME).breakdowns.allowed
    assert len({frozenset(c) for c in allowed}) == len(allowed)


def test_courts_are_not_broken_down_by_time(sql: Path) -> None:
    """For which courts there is a figure is known for a whole period; a series answers each period by itself."""
    change(sql, ('default = [["month"], ["application_type"]]', 'default = [["month", "court"]]'))
    assert any("court cannot be broken down by month" in fault for fault in faults(sql))


def test_orders_need_categories_to_be_told_apart(sql: Path) -> None:
    change(sql, ('[count]\nunit = "case"', '[count]\nunit = "order"'))
    path = sql / "codelists" / "spo-granted.csv"
    path.write_text(path.read_text().replace(",order,", ",,"))
    assert any("codes of 'spo-granted' have none" in fault for fault in faults(sql))
