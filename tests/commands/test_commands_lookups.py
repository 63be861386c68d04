"""What can be looked up: questions and their rules, figures in the warehouse, the units behind one, what is held."""

import json
import re
from pathlib import Path

import pytest

from pipelines.settings import DEFINITIONS
from transform.questions import load_definitions

pytestmark = pytest.mark.xdist_group("commands")
QUESTION = "stalking-protection-orders"
QUARTER = ("--period", "2020Q1")


@pytest.fixture(scope="module")
def asked(command, tmp_path_factory: pytest.TempPathFactory):
    """A command by a user who has landed nothing: definitions need no records."""
    user = tmp_path_factory.mktemp("user")

    def run(*words: str) -> str:
        done = command(*words, home=user / "home")
        assert (done.code, done.err) == (0, "")
        assert list(user.iterdir()) == []
        return done.out

    return run


def test_questions_are_listed_with_what_they_ask(asked) -> None:
    question = load_definitions(DEFINITIONS).question(QUESTION)
    assert f"{question.id}\n    {question.asks}\n" in asked("questions")
    listed = json.loads(asked("questions", "--json"))
    assert listed["schema"] == "courtstats/questions@1"
    (found,) = [q for q in listed["questions"] if q["id"] == QUESTION]
    assert (found["asks"], found["unit"], found["fingerprint"]) == (question.asks, "case", question.fingerprint)


def test_explain_gives_the_rule_the_codes_with_titles_the_notes_and_the_sql(asked) -> None:
    said = asked("explain", QUESTION)
    flat = " ".join(said.split())  # lines are wrapped
    assert re.search(r"ST19501 +Application for a Stalking Protection", said)
    assert re.search(r"3307 +Stalking", said)
    assert "both included" in said
    question = load_definitions(DEFINITIONS).question(QUESTION)
    assert all(step.name in flat for step in question.steps)
    assert all(note.text in flat for note in question.notes)
    assert said.index("The statement\n") < said.index("select part, period_no")


def test_explain_json_has_a_title_for_every_code_and_the_sql_that_is_run(asked) -> None:
    said = json.loads(asked("explain", QUESTION, "--json"))
    codes = {c["code"]: c["label"] for one in said["codes"].values() for c in one}
    assert codes["ST19502"] == "Application to vary a Stalking Protection Order"
    assert all(codes.values())
    assert said["sql"].rstrip().endswith("order by period_no, part, place, cell")
    assert said["breakdowns"]["allowed"][-1] == ["month", "application_type"]


def test_figures_are_those_that_were_counted_with_run_and_time(command, landed, loaded) -> None:
    done = command("figures", QUESTION, "--json", home=landed.home, COURTSTATS_WAREHOUSE_URL=loaded)
    held = json.loads(done.out)
    assert held["schema"] == "courtstats/figures@1"
    counted = json.loads(command("count", QUESTION, *QUARTER, "--json", home=landed.home).out)

    def cells(figures: list[dict]) -> dict[str, int]:
        return {json.dumps(f["cell"], sort_keys=True): f["value"] for f in figures if f["period"] == "2020Q1"}

    assert cells(held["figures"]) == cells(counted["figures"])
    assert {f["period"] for f in held["figures"]} == {"2020Q1", "2020-02"}
    assert {f["as_known_at"] for f in held["figures"]} == {counted["as_known_at"]}


def test_figures_of_one_period_under_any_of_its_names(command, landed, loaded) -> None:
    february = json.loads(command("count", QUESTION, "--period", "2020-02", "--json", home=landed.home).out)["value"]
    assert february > 0
    for name in ("2020-02", "2020-02-01..2020-02-29"):
        done = command("figures", QUESTION, "--period", name, home=landed.home, COURTSTATS_WAREHOUSE_URL=loaded)
        assert re.search(rf"^ 2020-02 +{february} +cases +run 2 +6 July 2020", done.out, re.M)
        assert "2020Q1" not in done.out


def test_no_figure_is_said_to_be_none(command, landed, loaded) -> None:
    done = command("figures", QUESTION, "--period", "2019Q1", home=landed.home, COURTSTATS_WAREHOUSE_URL=loaded)
    assert done.code == 0
    assert "holds no figure" in done.out
    assert "2019Q1" in done.out


def test_units_are_as_many_as_the_figure_and_name_no_case(command, landed) -> None:
    done = command("units", QUESTION, *QUARTER, "--json", home=landed.home)
    said = json.loads(done.out)
    assert said["schema"] == "courtstats/units@1"
    assert len(said["units"]) == len({u["unit"] for u in said["units"]}) == 27
    assert all(u.keys() == {"unit", "hearing_date", "evidence", "case_key"} for u in said["units"])
    assert not re.search(r"\b\d\d[A-Z]{2}\d{7}\b", done.out), "a case reference"
    assert "27 cases." in command("units", QUESTION, *QUARTER, home=landed.home).out


def test_who_looks_at_references_is_written_down_for_the_owner_alone(command, landed) -> None:
    log = landed.home / "access.log"
    command("units", QUESTION, *QUARTER, home=landed.home)
    assert not log.exists(), "without references there is nothing to log"
    done = command("units", QUESTION, *QUARTER, "--references", "--json", home=landed.home)
    shown = [u["case_urn"] for u in json.loads(done.out)["units"]]
    assert any(re.fullmatch(r"\d\d[A-Z]{2}\d{7}", urn or "") for urn in shown)
    table = command("units", QUESTION, "--period", "2020-01", "--references", home=landed.home)
    assert "reference" in table.out
    logged = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["question"], line["period"], line["units"]) for line in logged] == [
        (QUESTION, "2020Q1", 27),
        (QUESTION, "2020-01", 5),
    ]
    assert all(line["who"] and line["at"] for line in logged)
    assert not any(urn in log.read_text() for urn in shown if urn)
    assert log.stat().st_mode & 0o077 == 0


def test_status_says_what_is_held(command, landed, loaded) -> None:
    done = command("status", "--json", home=landed.home, COURTSTATS_WAREHOUSE_URL=loaded)
    said = json.loads(done.out)
    assert said["schema"] == "courtstats/status@1"
    assert said["records"]["rows"] == sum(landing.rows for landing in landed.landings)
    assert said["records"]["newest_batch"] == said["warehouse"]["rows"]["landed_batch"] == len(landed.landings)
    assert said["records"]["refused"] == sum(sum(landing.refused.values()) for landing in landed.landings)
    assert [(r["question"], r["state"]) for r in said["last_runs"]] == [(QUESTION, "completed")]
    text = command("status", home=landed.home, COURTSTATS_WAREHOUSE_URL=loaded).out
    assert f"{said['records']['rows']:,} rows" in text
    assert f"{said['records']['refused']} set aside" in text
    assert str(landed.home / "records") in text


def test_status_shows_no_figure(command, landed, loaded) -> None:
    """Who looks after the machine need not know the numbers."""
    for words in (("status",), ("status", "--json")):
        said = command(*words, home=landed.home, COURTSTATS_WAREHOUSE_URL=loaded).out
        for place in (landed.home, Path(loaded.removeprefix("sqlite:///")).parent):
            said = said.replace(str(place), "")  # a path may have any number in it
        said = re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.+Z]+|\b\d\d:\d\d(:\d\d)?\b|\b\d{1,2} [A-Z][a-z]+ \d{4}", "", said)
        assert QUESTION in said
        assert not re.search(r"\b27\b", said)


def test_looking_before_anything_is_landed_makes_nothing_and_says_what_to_do(command, tmp_path: Path) -> None:
    done = command("status", home=tmp_path / "home")
    assert (done.code, done.err) == (0, "")
    assert "nothing landed yet: courtstats land PATH" in done.out
    assert json.loads(command("status", "--json", home=tmp_path / "home").out)["records"]["newest_batch"] == 0
    assert "courtstats run" in command("figures", QUESTION, home=tmp_path / "home").out
    assert json.loads(command("figures", QUESTION, "--json", home=tmp_path / "home").out)["figures"] == []
    assert list(tmp_path.iterdir()) == []
