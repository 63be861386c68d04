"""What `courtstats explain` says of a question, its reference page, and the attrition of its last run."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from load.contract import AttritionRow, EvidenceRow, FigureRow, QuestionVersion, RunRow
from load.reading import last_run as newest_run
from load.warehouse import load_run, open_warehouse, record_stopped_run
from pipelines.explaining import explain_question, last_run
from pipelines.settings import Settings, load_settings
from transform.breakdowns import PLACE_BREAKDOWNS, TIME_BREAKDOWNS
from transform.codelists import CodeList
from transform.contract import AttritionStep
from transform.counting import count_sql
from transform.definition import Breakdowns, Hold, Note, Outcome, Question, Schedule
from transform.explain import (
    HELD_RUN,
    NO_RUN,
    UNKNOWN_RUN,
    LastRun,
    breakdown_words,
    cron_words,
    explain,
    question_page,
    questions_index,
    sections,
)
from transform.periods import parse_period
from transform.questions import Definitions, load_definitions

ROOT = Path(__file__).resolve().parents[2]
DEFINITIONS = load_definitions(ROOT / "sql")
SPO = DEFINITIONS.question("stalking-protection-orders")
NOW = datetime(2020, 6, 1, tzinfo=UTC)
SEEN = datetime(2020, 5, 20, 9, 30, tzinfo=UTC)
ATTRITION = (AttritionRow("Results known for the period", 98761, 4321), AttritionRow("Result is SPO", 31, 27))


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return load_settings({"COURTSTATS_HOME": str(tmp_path / "home")})


@pytest.fixture
def with_warehouse(home: Settings) -> Settings:
    home.home.mkdir()
    open_warehouse(home.warehouse_url).dispose()
    return home


def a_run(**changes: object) -> RunRow:
    run = RunRow(
        run_key="1",
        question=SPO.id,
        definition_hash=SPO.fingerprint,
        unit="case",
        period="2020Q1",
        period_from=date(2020, 1, 1),
        period_to=date(2020, 3, 31),
        breakdowns=(),
        as_known_at=SEEN,
        newest_batch=1,
        code_version="0",
        thresholds_hash="0",
        started_at=SEEN,
        finished_at=SEEN,
        value=27,
        status="counted",
        weak_units=0,
        incomplete_statements=0,
    )
    return replace(run, **changes)


def version_of(run: RunRow) -> QuestionVersion:
    return QuestionVersion(run.definition_hash, run.question, "T", "text", {})


def load(settings: Settings, run: RunRow, attrition: tuple[AttritionRow, ...] = ATTRITION) -> None:
    figures = [FigureRow(run.period, "{}", run.value, run.status or "")]
    with open_warehouse(settings.warehouse_url) as warehouse:
        evidence = [EvidenceRow("order", "An order", run.value)] if run.value else []
        load_run(warehouse, version_of(run), run, figures, attrition, evidence, [], [], lambda _: [])


def said(settings: Settings, capsys: pytest.CaptureFixture[str], **form: bool) -> str:
    explain_question(settings, SPO.id, **form)
    return capsys.readouterr().out


@pytest.mark.parametrize("question", DEFINITIONS.questions.values(), ids=lambda question: question.id)
def test_every_question_is_explained_whole_and_the_same_each_time(question: Question) -> None:
    found = json.loads(json.dumps(explain(question)))
    assert found["schema"] == "courtstats/explain@1"
    assert found["sql"] == count_sql(question)
    assert [s["name"] for s in found["steps"]] == [s.name for s in question.steps]
    assert all(s["words"].startswith(("Keep ", "Take out ")) for s in found["steps"])
    assert found["codes"].keys() == question.lists.keys()
    assert [u["unit"] for u in found["units"]] == list(question.units)
    assert found["attrition"] is None
    page = question_page(question)
    assert page == question_page(question)
    assert found["paragraph"] in page.replace("\\", "")
    assert page.count(f"```sql\n{count_sql(question).strip()}\n```\n") == 1
    assert all(e.name in page.replace("\\", "") for e in question.examples)
    assert "The last run" not in page


@pytest.mark.parametrize("question", DEFINITIONS.questions.values(), ids=lambda question: question.id)
def test_the_links_of_a_page_lead_somewhere(question: Question) -> None:
    links = re.findall(r"(?<!\\)\]\(([^)]+)\)", question_page(question))
    assert len(links) == 2 + len(question.lists)
    assert [link for link in links if not (ROOT / "docs" / "questions" / link).resolve().is_file()] == []


def test_the_index_links_the_page_of_every_question() -> None:
    index = questions_index(DEFINITIONS)
    assert re.findall(r"\]\(([^)]+)\)", index) == [f"{name}.md" for name in DEFINITIONS.questions]
    assert "| cases |" in index


def test_codes_have_official_titles_and_home_office_classes_beside_their_own_where_these_differ() -> None:
    own = SPO.lists["spo-applications"].entries[0]
    codes = CodeList("codes", (replace(own, label="My title"), replace(own, code="PH97010", label="x"),
                               replace(own, code="ZZ99999", label="Mine alone")))  # fmt: skip
    question = replace(SPO, steps=(replace(SPO.steps[0], offence="codes"),), lists={**SPO.lists, "codes": codes})
    first, second, third = explain(question)["codes"]["codes"]
    assert (first["official"], first["label"]) == ("Application for a Stalking Protection Order", "My title")
    assert (second["official"], second["home_office_class"]) == ("Stalking involving fear of violence", "8/65")
    assert (third["official"], third["home_office_class"]) == (None, None)
    (table,) = [s for s in sections(question) if s.title == "Codes of codes"]
    assert "title in the list" in table.heads
    assert "Home Office class" in table.heads
    assert table.rows[2][1:3] == ("not in the standing data", "Mine alone")
    (plain,) = [s for s in sections(SPO) if s.title == "Codes of spo-applications"]
    assert "title in the list" not in plain.heads, "the titles are the same"
    assert plain.rows[0][-1] == "from 20 January 2020"


def test_what_stands_in_a_page_cannot_break_its_tables_or_become_markup() -> None:
    nasty = "a|b *c* <i>d</i> `e` [f](g)"
    breaking = replace(SPO.lists["granted"].entries[0], label=nasty)
    question = replace(
        SPO,
        title=nasty,
        notes=(Note(nasty), Note("1. no list"), Note("# no heading")),
        examples=(replace(SPO.examples[0], name=nasty),),
        lists={**SPO.lists, "granted": CodeList("granted", (breaking,))},
    )
    page = question_page(question)
    shown = page[: page.index("```sql")]
    assert r"a\|b \*c\* \<i>d\</i> \`e\` \[f\](g)" in shown
    assert nasty not in shown
    assert r"- 1\. no list" in shown
    assert r"- \# no heading" in shown
    tables = re.findall(r"(?:^\|.*\|\n)+", shown, re.M)
    assert len(tables) > 5
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
    row = re.search(r"^\| \[.*$", questions_index(Definitions({question.id: question}, {})), re.M)
    assert row
    assert len(re.findall(r"(?<!\\)\|", row[0])) == 5


def test_notes_say_with_which_figures_they_go_and_a_rule_that_is_used_is_told() -> None:
    rule = replace(SPO.steps[1], result=None, rule="heard-on-a-weekday@1")
    question = replace(SPO, notes=(Note("Odd", parse_period("2020-02"), (), "case"),), steps=(SPO.steps[0], rule))
    found = explain(question)
    assert found["notes"][0]["when"] == {"period": "2020-02", "unit": "case"}
    assert [r["id"] for r in found["rules"]] == ["heard-on-a-weekday@1"]
    page = question_page(question)
    assert "- Odd (only with figures that include a day of February 2020 and are counted in cases)" in page
    assert "heard-on-a-weekday@1: Keeps results of hearings from Monday to Friday" in page


def test_every_breakdown_says_which_lines_it_has() -> None:
    outcome = Outcome("spo-granted", "Result of the case", ("order", "granted"), last=True)
    question = replace(SPO, outcome=outcome)
    texts = {n: breakdown_words(question, n) for n in (*TIME_BREAKDOWNS, *PLACE_BREAKDOWNS, "outcome")}
    assert len(set(texts.values())) == len(texts)
    assert all("zeros included" in text for text in texts.values())
    assert "April to March" in texts["financial_year"]
    assert "none for others" in texts["court"]
    assert "“unknown”" in texts["police_force"]
    assert "one line each for “order” and “granted”" in texts["outcome"]
    assert "“new” and “vary”" in breakdown_words(question, "application_type")
    one = replace(question, breakdowns=Breakdowns((), (("month",),), (("month",), ("month", "outcome"))))
    (section,) = [s for s in sections(one) if s.title == "Breakdowns"]
    assert section.rows == (("month", "always"), ("month and outcome", "when asked for"))
    assert "then the last hearing date" in explain(question)["tie_break"]


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 6 * * 1", "Mondays at 06:00 London time"),
        ("30 17 * * *", "Every day at 17:30 London time"),
        ("5 6 * * 1-5", "Mondays to Fridays at 06:05 London time"),
        ("0 6 * * 0,3", "Sundays and Wednesdays at 06:00 London time"),
        ("0 6 * * 7", "Sundays at 06:00 London time"),
        ("0 6 1,15 * *", "Monthly, on day 1 and 15, at 06:00 London time"),
        ("*/5 6 * * 1", "At the times “*/5 6 * * 1” (minute, hour, day, month, weekday), London time"),
        ("0 6 1 * 1", "At the times “0 6 1 * 1” (minute, hour, day, month, weekday), London time"),
        ("0 6 * 1 1", "At the times “0 6 * 1 1” (minute, hour, day, month, weekday), London time"),
        ("0 6 * * */2", "At the times “0 6 * * */2” (minute, hour, day, month, weekday), London time"),
    ],
)
def test_a_schedule_is_said_in_words_where_it_is_a_common_one(cron: str, expected: str) -> None:
    assert cron_words(cron) == expected
    question = replace(SPO, schedule=Schedule(cron, "last complete month"))
    assert explain(question)["schedule"]["words"] == f"{expected}, for the last complete month"


def test_explaining_makes_no_warehouse_and_says_that_nothing_was_run(home: Settings, capsys) -> None:
    assert last_run(home, SPO, NOW).state == NO_RUN
    assert "Not run yet: courtstats run stalking-protection-orders" in said(home, capsys)
    assert json.loads(said(home, capsys, as_json=True))["attrition"]["state"] == NO_RUN
    assert not home.home.exists()


def test_explaining_loads_nothing_heavy_and_no_database_library_where_there_is_no_warehouse(home: Settings) -> None:
    code = (
        "import sys; from pipelines.explaining import explain_question; from pipelines.settings import load_settings\n"
        f"explain_question(load_settings({{'COURTSTATS_HOME': {str(home.home)!r}}}), {SPO.id!r})\n"
        "heavy = {'pandas', 'prefect', 'deltalake', 'sqlalchemy', 'duckdb', 'great_expectations'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_last_run_is_shown_with_period_time_and_number(with_warehouse: Settings, capsys) -> None:
    load(with_warehouse, a_run())
    last = last_run(with_warehouse, SPO, NOW)
    assert last.steps == (
        AttritionStep("Results known for the period", 98761, 4321),
        AttritionStep("Result is SPO", 31, 27),
    )
    assert last.said == (
        "Run 1, for 1 January to 31 March 2020, counted in cases, as known at 20 May 2020 10:30:00 BST."
    )
    text = said(with_warehouse, capsys)
    assert re.search(r"Results known for the period +98,761 +4,321", text)
    assert "| Results known for the period | 98,761 | 4,321 |" in said(with_warehouse, capsys, as_markdown=True)
    found = json.loads(said(with_warehouse, capsys, as_json=True))["attrition"]
    assert (found["run"], found["period"], found["same_definition"]) == (1, "2020Q1", True)
    assert found["steps"][1] == {"step": "Result is SPO", "rows": 31, "units": 27}


def test_the_last_run_is_the_newest_completed_one_of_the_question(with_warehouse: Settings) -> None:
    february = {"period": "2020-02", "period_from": date(2020, 2, 1), "period_to": date(2020, 2, 29)}
    load(with_warehouse, a_run())
    load(with_warehouse, a_run(run_key="2", **february))
    load(with_warehouse, a_run(run_key="3", question="another", definition_hash="x"))
    load(with_warehouse, a_run(run_key="4", unit="defendant"))
    load(with_warehouse, a_run(run_key="5", as_known_at=datetime(2020, 4, 1, tzinfo=UTC)))  # as known earlier
    with open_warehouse(with_warehouse.warehouse_url) as warehouse:
        record_stopped_run(warehouse, version_of(a_run()), a_run(), "a check", [])
        stored = newest_run(warehouse, SPO.id, SPO.unit)
        assert stored is not None
        assert (stored.run_id, stored.run.period, stored.state) == (2, "2020-02", "completed")
        assert newest_run(warehouse, "never-asked", "case") is None


def test_a_hold_set_after_the_run_hides_every_number_of_it(with_warehouse: Settings) -> None:
    load(with_warehouse, a_run())
    hold = Hold(parse_period("2020-03"), datetime(2020, 7, 1, tzinfo=UTC), "FOIA s.22")
    held = replace(SPO, holds=(hold,))
    last = last_run(with_warehouse, held, NOW)
    assert (last.state, last.steps) == (HELD_RUN, ())
    for text in (json.dumps(explain(held, last)), question_page(held, last)):
        assert "held" in text
        assert "FOIA s.22" in text
        assert not re.search(r"98,?761|4,?321", text)
    assert last_run(with_warehouse, held, datetime(2020, 7, 2, tzinfo=UTC)).steps, "the hold has ended"


def test_a_run_without_a_figure_shows_no_steps_and_says_why(with_warehouse: Settings) -> None:
    load(with_warehouse, a_run(value=None, status="no data", weak_units=None, incomplete_statements=None), ())
    last = last_run(with_warehouse, SPO, NOW)
    assert (last.state, last.steps) == ("no data", ())
    assert "No statement was ever landed" in last.said


def test_a_run_by_an_earlier_version_of_the_definition_says_so(with_warehouse: Settings) -> None:
    load(with_warehouse, a_run(definition_hash="an earlier one"))
    last = last_run(with_warehouse, SPO, NOW)
    assert last.same_definition is False
    assert "another version of this question" in last.said


def test_a_warehouse_that_cannot_be_read_does_not_hide_the_rule(home: Settings, capsys) -> None:
    home.home.mkdir()
    (home.home / "warehouse.db").write_text("this is no database, whatever its name says" * 50)
    assert last_run(home, SPO, NOW).state == UNKNOWN_RUN
    text = said(home, capsys)
    assert "the warehouse cannot be read" in text
    assert "It counts cases, not people" in text
    assert json.loads(said(home, capsys, as_json=True))["attrition"]["state"] == UNKNOWN_RUN


def test_the_text_has_the_rule_the_codes_the_notes_and_ends_with_the_statement(home: Settings, capsys) -> None:
    text = said(home, capsys)
    flat = " ".join(text.split())
    assert text.startswith(f"{SPO.title}\n====")
    assert all(step.name in flat for step in SPO.steps)
    assert all(note.text in flat for note in SPO.notes)
    assert re.search(r"ST19501 +Application for a Stalking Protection", text)
    assert text.rstrip().endswith(count_sql(SPO).rstrip())
    before = text[: text.index("\nThe statement\n")]
    assert max(len(line) for line in before.splitlines()) <= 110


def test_the_markdown_is_the_page_with_the_last_run(home: Settings, capsys) -> None:
    last = LastRun(NO_RUN, "Not run yet: courtstats run stalking-protection-orders --period PERIOD.")
    assert said(home, capsys, as_markdown=True) == question_page(SPO, last)
