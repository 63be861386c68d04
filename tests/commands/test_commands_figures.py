"""Figures as vintages on the command line: as stored, their history, the triangle, why they changed, given out."""

import csv
import json
import re
import shutil
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from load.audit import entries
from load.contract import BatchRow, FigureRow, QuestionVersion, RevisionRow, RunRow, canonical_cell
from load.publishing import publish
from load.warehouse import load_run, open_warehouse, record_batch
from pipelines import cli
from pipelines.settings import DEFINITIONS

pytestmark = pytest.mark.xdist_group("commands")
QUESTION = "stalking-protection-orders"
FEBRUARY = canonical_cell({"month": "2020-02"})
APRIL, MAY, JUNE = (datetime(2020, month, 4, 9, 30, tzinfo=UTC) for month in (4, 5, 6))
LETTER = datetime(2020, 4, 22, 22, 59, tzinfo=UTC)
HOLD = '[[hold]]\nperiod = "2020-02"\nuntil = 2999-01-01T09:30:00+00:00\nbasis = "made for a test"\n\n'


MADE = QuestionVersion("def-1", QUESTION, "Made", 'id = "made"', {})


def a_warehouse(url: str, version: QuestionVersion = MADE) -> str:
    """Two periods with three made vintages of the first: 27 in April (given out in a letter), 28 in May, 27 in June."""
    landing = BatchRow(2, datetime(2020, 5, 3, 12, tzinfo=UTC), "police", "spi", MAY, 1, 1, 1, 0, 0, {})

    def load(at: datetime, total: int, february: int, *parts: RevisionRow, days: int = 1) -> None:
        last = {1: (3, 31), 4: (6, 30)}[days]
        row = RunRow(
            run_key=f"{at} {days}", question=QUESTION, definition_hash="def-1", unit="case",
            period=f"2020Q{1 if days == 1 else 2}", period_from=date(2020, days, 1), period_to=date(2020, *last),
            breakdowns=(("month",),), as_known_at=at, newest_batch=at.month, code_version="1", thresholds_hash="t",
            started_at=at, finished_at=at, value=total, status="counted",
        )  # fmt: skip
        figures = [FigureRow(row.period, "{}", total, "counted", "p")]
        figures += [FigureRow(row.period, FEBRUARY, february, "counted")] if days == 1 else []
        now = replace(warehouse, clock=lambda: at)
        load_run(now, version, row, figures, [], [], [], [], lambda _: [], parts=parts or None)

    with open_warehouse(url, who="a clerk", clock=lambda: APRIL) as warehouse:
        record_batch(warehouse, landing, [])
        load(APRIL, 27, 9)
        publish(replace(warehouse, clock=lambda: LETTER), QUESTION, "FOI 200422009", LETTER)
        load(MAY, 28, 10, RevisionRow("{}", 1, "late result", 1, 2), RevisionRow(FEBRUARY, 1, "late result", 1, 2))
        load(MAY.replace(hour=10), 31, 0, days=4)
        load(JUNE, 26, 10, RevisionRow("{}", 2, "removed result", -2, 3))
    return url


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The made warehouse, to be read only: each test that writes takes a copy."""
    return a_warehouse(f"sqlite:///{tmp_path_factory.mktemp('made') / 'warehouse.db'}")


@pytest.fixture
def copied(made: str, tmp_path: Path) -> str:
    file = tmp_path / "copy.db"
    shutil.copy(made.removeprefix("sqlite:///"), file)
    return f"sqlite:///{file}"


@pytest.fixture
def said(made: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What a command prints about the made warehouse, run in this process."""

    def run(*words: str, url: str = made, **settings: str) -> str:
        here = {"COURTSTATS_HOME": str(tmp_path / "home"), "COURTSTATS_WAREHOUSE_URL": url, **settings}
        capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in here.items():
                patch.setenv(name, value)
            cli.app(list(words), standalone_mode=False)
        return capsys.readouterr().out

    return run


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings under which February is held: the hold is younger than the figures."""
    folder = tmp_path_factory.mktemp("held") / "sql"
    shutil.copytree(DEFINITIONS, folder)
    file = folder / "questions" / f"{QUESTION}.toml"
    file.write_text(file.read_text().replace("[[note]]", HOLD + "[[note]]", 1))
    return {"COURTSTATS_DEFINITIONS": str(folder)}


def figures(text: str) -> dict[tuple[str, str], tuple[int | None, str]]:
    return {(f["period"], canonical_cell(f["cell"])): (f["value"], f["marks"]) for f in json.loads(text)["figures"]}


# --- figures ---------------------------------------------------------------------------------------------------------


def test_figures_as_stored_at_a_day_are_what_the_warehouse_said_at_its_end(said) -> None:
    def at(day: str) -> dict[tuple[str, str], tuple[int | None, str]]:
        return figures(said("figures", QUESTION, "--as-stored-at", day, "--json"))

    assert at("2020-04-03") == {}
    assert at("2020-04-04") == {("2020Q1", "{}"): (27, "p"), ("2020Q1", FEBRUARY): (9, "")}
    assert at("2020-05-04T10:29") == at("2020-04-04"), "a time without a zone is one in London"
    assert at("2020-05-04") == {
        ("2020Q1", "{}"): (28, "pr"), ("2020Q1", FEBRUARY): (10, "r"), ("2020Q2", "{}"): (31, "p"),
    }  # fmt: skip
    assert at("2020-06-30") == figures(said("figures", QUESTION, "--json"))
    assert "held no figure" in said("figures", QUESTION, "--as-stored-at", "2020-04-03")


def test_a_revised_figure_is_shown_with_what_was_published_and_every_mark_is_explained(said) -> None:
    out = said("figures", QUESTION)
    assert re.search(r"^ 2020Q1 +26 \[pr\] +27 on 22 April 2020 +cases +run 4 ", out, re.M)
    assert re.search(r"^ 2020Q2 +31 \[p\] +cases +run 3 ", out, re.M)
    assert "[p] provisional, [r] revised since it was last published" in out
    assert "last published" not in said("figures", QUESTION, "--period", "2020Q2")


def test_an_export_carries_every_figure_and_is_noted_without_its_folder(said, copied: str, tmp_path: Path) -> None:
    file = tmp_path / "secret project" / "figures.csv"
    file.parent.mkdir()
    assert said("figures", QUESTION, "--period", "2020Q1", "--csv", str(file), url=copied) == ""
    rows = list(csv.DictReader(file.open()))
    assert [(r["cell"], r["value"], r["marks"], r["published_value"], r["label"]) for r in rows] == [
        ("{}", "26", "pr", "27", ""),
        (FEBRUARY, "10", "r", "9", "month 2020-02"),
    ]
    with open_warehouse(copied) as warehouse:
        last = entries(warehouse)[-1]
    assert (last.action, last.subject) == ("exported", QUESTION)
    assert last.detail == {"command": "figures", "file": "figures.csv", "period": "2020Q1"}


def only_reading(url: str) -> str:
    """The address for somebody who may not write: an analyst's login on PostgreSQL; SQLite has no roles."""
    with open_warehouse(url) as warehouse, warehouse.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            refused = "CREATE TRIGGER nobody BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'no'); END"
            connection.exec_driver_sql(refused)
            return url
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.execute((DEFINITIONS / "warehouse" / "roles.sql").read_text())
        name = f"reader{uuid.uuid4().hex}"
        raw.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'made' IN ROLE courtstats_analyst")
        return warehouse.engine.url.set(username=name, password="made").render_as_string(hide_password=False)


def test_who_may_only_read_can_look_and_export_and_is_told_what_was_not_noted(
    said, made: str, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is made: the figures could be read by other means too."""
    reader = only_reading(a_warehouse(url))
    for name in ("figures", "history", "triangle", "revisions"):
        assert said(name, QUESTION, url=reader) == said(name, QUESTION, url=made)
        file = tmp_path / f"{name}.csv"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("COURTSTATS_HOME", str(tmp_path / "home"))
            patch.setenv("COURTSTATS_WAREHOUSE_URL", reader)
            cli.app([name, QUESTION, "--csv", str(file)], standalone_mode=False)
        assert "The audit log has no entry about this" in capsys.readouterr().err
        assert file.exists()


# --- history and triangle --------------------------------------------------------------------------------------------


def test_a_history_says_each_vintage_with_its_time_its_run_and_why(said) -> None:
    out = said("history", QUESTION, "--period", "2020Q1").splitlines()
    total = out[out.index("2020Q1 (cases)") + 1 :][:3]
    assert [line.strip() for line in total] == [
        "27 [p]  from 4 April 2020 10:30:00 BST to 4 May 2020 10:30:00 BST, run 1: the first vintage",
        "28 [p]  from 4 May 2020 10:30:00 BST to 4 June 2020 10:30:00 BST, run 2: "
        "one late result, landed on 3 May 2020 (police batch 2)",
        "26 [p]  from 4 June 2020 10:30:00 BST, run 4: two removed results, landed as batch 3",
    ]
    assert "2020Q1, month 2020-02 (cases)" in out
    assert "2020Q2" not in "".join(out)


def test_a_history_for_machines_is_the_same(said, tmp_path: Path) -> None:
    told = json.loads(said("history", QUESTION, "--json"))
    assert told["schema"] == "courtstats/history@1"
    values = [(v["period"], v["cell"], v["vintage"], v["value"], v["run_id"]) for v in told["vintages"]]
    assert values[:3] == [("2020Q1", {}, 1, 27, 1), ("2020Q1", {}, 2, 28, 2), ("2020Q1", {}, 3, 26, 4)]
    assert [p["units"] for v in told["vintages"] for p in v["parts"] if v["cell"] == {}] == [1, -2]
    said("history", QUESTION, "--csv", str(tmp_path / "h.csv"))
    rows = list(csv.DictReader((tmp_path / "h.csv").open()))
    assert [(r["value"], r["known_to"]) for r in rows if r["period"] == "2020Q2"] == [("31", "")]
    assert [int(r["value"]) for r in rows] == [v["value"] for v in told["vintages"]]


def test_a_triangle_has_a_column_for_each_day_and_repeats_what_stayed(said, tmp_path: Path) -> None:
    told = json.loads(said("triangle", QUESTION, "--json"))
    assert [v["day"] for v in told["vintages"]] == ["2020-04-04", "2020-05-04", "2020-06-04"]
    rows = {r["period"]: r["values"] for r in told["rows"]}
    assert rows == {"2020Q1": [27, 28, 26], "2020Q2": [None, 31, 31]}
    said("triangle", QUESTION, "--by", "month", "--csv", str(tmp_path / "t.csv"))
    assert (tmp_path / "t.csv").read_text().splitlines() == [
        "period,month,month_label,2020-04-04,2020-05-04,2020-06-04",
        "2020Q1,2020-02,2020-02,9,10,10",
    ]


def test_a_triangle_can_be_cut_to_periods_and_to_the_latest_vintages(said) -> None:
    told = json.loads(said("triangle", QUESTION, "--from", "2020Q2", "--last", "1", "--json"))
    assert [v["day"] for v in told["vintages"]] == ["2020-05-04"], "the second quarter became current once"
    assert [(r["period"], r["values"]) for r in told["rows"]] == [("2020Q2", [31])]
    told = json.loads(said("triangle", QUESTION, "--to", "2020-03-31", "--last", "2", "--json"))
    assert [(r["period"], r["values"]) for r in told["rows"]] == [("2020Q1", [28, 26])]


def test_a_narrow_terminal_shows_the_latest_vintages_and_says_how_many_are_left_out() -> None:
    from load.history import Triangle
    from pipelines.triangle_shown import triangle_text
    from transform.questions import load_question

    days = tuple(date(2020, month, 4) for month in range(1, 13))
    rows = [("2020Q1", date(2020, 1, 1), date(2020, 3, 31), "{}", ["held", "no data", *range(1_234, 1_244)])]
    question = load_question(DEFINITIONS, QUESTION)
    text = triangle_text(question, "case", (), Triangle(days, (), rows), 45).splitlines()
    assert "9 earlier vintages left out" in text[0]
    assert text[2].split() == ["period", "2020-10-04", "2020-11-04", "2020-12-04"]
    assert text[4].split() == ["2020Q1", "1,241", "1,242", "1,243"]
    assert max(map(len, text[2:])) <= 45
    whole = triangle_text(question, "case", (), Triangle(days, (), rows), 400)
    assert "left out" not in whole
    assert "[held]   [no data]" in whole


# --- revisions -------------------------------------------------------------------------------------------------------


def test_revisions_say_why_in_a_sentence_and_what_changed_since_the_letter(said) -> None:
    assert said("revisions", QUESTION).splitlines() == [
        "Revisions, counted in cases",
        "  2020Q1: 27 to 28 on 4 May 2020: one late result, landed on 3 May 2020 (police batch 2)",
        "  2020Q1: 28 to 26 on 4 June 2020: two removed results, landed as batch 3",
        "Since last published, counted in cases",
        "  2020Q1: published as 27 in FOI 200422009 on 22 April 2020, now 26: one late result (+1), landed on "
        "3 May 2020 (police batch 2); two removed results (-2), landed as batch 3",
    ]
    with_cells = said("revisions", QUESTION, "--cells")
    assert "  2020Q1, month 2020-02: 9 to 10 on 4 May 2020: one late result" in with_cells
    assert "4 May" not in said("revisions", QUESTION, "--since", "2020-05-05").split("Since last")[0]
    assert "28 to 26" in said("revisions", QUESTION, "--since", "2020-06-04")
    assert "was revised" in said("revisions", QUESTION, "--period", "2020Q2")


def test_revisions_for_machines_carry_every_part(said, tmp_path: Path) -> None:
    told = json.loads(said("revisions", QUESTION, "--json"))
    assert told["schema"] == "courtstats/revisions@1"
    for one in told["revisions"]:
        assert one["after"] - one["before"] == sum(part["units"] for part in one["parts"])
    (since,) = told["since_published"]
    assert (since["published"]["value"], since["now"], since["unexplained"]) == (27, 26, 0)
    said("revisions", QUESTION, "--cells", "--csv", str(tmp_path / "r.csv"))
    rows = list(csv.DictReader((tmp_path / "r.csv").open()))
    assert [(r["label"], r["before"], r["after"], r["cause"], r["units"], r["batch"]) for r in rows] == [
        ("", "27", "28", "late result", "1", "2"),
        ("", "28", "26", "removed result", "-2", "3"),
        ("month 2020-02", "9", "10", "late result", "1", "2"),
    ]


# --- what is held now ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("figures",), ("figures", "--as-stored-at", "2020-05-30"), ("history",), ("triangle",),
        ("triangle", "--by", "month"), ("revisions", "--cells"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_hold_hides_a_figure_in_every_vintage_difference_and_part(said, held, tmp_path: Path, words) -> None:
    """Figures and parts made for the test: 26, 27, 28, 9 and 10 of a period that is held now, 31 of one that is not."""
    command, *options = words
    file = tmp_path / "out.csv"
    texts = [
        said(command, QUESTION, *options, **held),
        said(command, QUESTION, *options, "--json", **held),
        said(command, QUESTION, *options, "--csv", str(file), **held) + file.read_text(),
    ]
    for text in texts:
        bare = re.sub(r"2020-[\dT:.+-]*\d|\d+ \w+ 2020|\d+:\d+:\d+|(run|batch|number)\S* +\d+", "", text)
        assert not re.search(r"(?<![\w.])(26|27|28|9|10)(?![\w.])", bare), text
        assert "late result" not in text
        assert "removed result" not in text
    if command != "revisions" and "--by" not in options:
        assert all("31" in text for text in texts), "what is not held is shown"


def test_that_a_held_cell_moved_and_when_is_not_told_either(said, held, tmp_path: Path) -> None:
    """A number, a time or a row that only a cell that moved has would tell people under an embargo that it did."""
    of_q1 = [f for f in json.loads(said("figures", QUESTION, "--json", **held))["figures"] if f["period"] == "2020Q1"]
    assert [(f["status"], f["vintage"], f["known_from"], f["figure_id"]) for f in of_q1] == [
        ("held", None, None, None)
    ] * 2
    file = tmp_path / "h.csv"
    said("history", QUESTION, "--csv", str(file), **held)
    for rows in (
        list(csv.DictReader(file.open())),
        json.loads(said("history", QUESTION, "--json", **held))["vintages"],
    ):
        q1 = [r for r in rows if r["period"] == "2020Q1"]
        assert [r["status"] for r in q1] == ["held", "held"], "one row for each cell, however often it moved"
        assert not [r for r in q1 if r["vintage"] or r["known_from"] or r["run_id"] or r["why"]]
    assert said("history", QUESTION, "--period", "2020Q1", **held).splitlines() == [
        "2020Q1 (cases)",
        "  [held]: its vintages are not shown while it is held",
        "2020Q1, month 2020-02 (cases)",
        "  [held]: its vintages are not shown while it is held",
    ]
    rows = json.loads(said("triangle", QUESTION, "--json", **held))["rows"]
    assert [r["values"] for r in rows if r["period"] == "2020Q1"] == [["held"] * 3]


def test_revisions_leave_out_what_is_held_and_say_that_they_do_whether_it_moved_or_not(said, held) -> None:
    told = json.loads(said("revisions", QUESTION, "--cells", "--json", **held))
    assert (told["held_left_out"], told["revisions"], told["since_published"]) == (True, [], [])
    assert said("revisions", QUESTION, **held).splitlines() == [
        "What is held is not shown, nor whether it was revised.",
        f"No other figure of {QUESTION} was revised.",
    ]
    assert json.loads(said("revisions", QUESTION, "--json"))["held_left_out"] is False
    assert "held" not in said("revisions", QUESTION, "--period", "2020Q2", **held)


# --- a question that was removed or cannot be read -------------------------------------------------------------------


def without(tmp_path: Path, text: str | None = None) -> dict[str, str]:
    """Settings with definitions in which the question is not, or has another text."""
    folder = Path(shutil.copytree(DEFINITIONS, tmp_path / "sql"))
    file = folder / "questions" / f"{QUESTION}.toml"
    file.unlink()
    if text:
        file.write_text(text)
    return {"COURTSTATS_DEFINITIONS": str(folder)}


@pytest.mark.parametrize("hold", ["", HOLD])
@pytest.mark.parametrize("name", ["figures", "history", "triangle", "revisions"])
def test_a_question_that_was_removed_is_shown_as_its_last_run_defined_it_with_its_holds(
    said, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, hold: str
) -> None:
    from transform.questions import load_question

    question = load_question(DEFINITIONS, QUESTION)
    text = question.text.replace("[[note]]", hold + "[[note]]", 1)
    lists = {one: (DEFINITIONS / "codelists" / f"{one}.csv").read_text() for one in question.lists}
    url = a_warehouse(f"sqlite:///{tmp_path / 'w.db'}", QuestionVersion("def-1", QUESTION, "Made", text, lists))
    settings = {"COURTSTATS_HOME": str(tmp_path / "home"), "COURTSTATS_WAREHOUSE_URL": url, **without(tmp_path)}
    with pytest.MonkeyPatch.context() as patch:
        for one, value in settings.items():
            patch.setenv(one, value)
        cli.app([name, QUESTION], standalone_mode=False)
    out, err = capsys.readouterr()
    assert err == f"There is no question {QUESTION} any more: shown by the definition, and holds, of its last run\n"
    assert ("26" in re.sub(r"2020|2026", "", out)) is not bool(hold)
    assert ("held" in out) is bool(hold)


def test_a_question_whose_file_has_a_fault_is_refused_but_its_figures_are_said_to_stay(
    command, made: str, tmp_path: Path
) -> None:
    broken = without(tmp_path, 'id = "x"')
    done = command("figures", QUESTION, home=tmp_path / "home", COURTSTATS_WAREHOUSE_URL=made, **broken)
    assert (done.code, done.out) == (4, "")
    assert "What the warehouse holds is there and stays" in done.err


# --- filters that leave nothing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("figures", "--period", "2030Q1"), "holds no figure for .* for 2030Q1; it holds 2020Q1 to 2020Q2, counted by"),
        (
            ("history", "--period", "2030Q1", "--unit", "case"),
            "for 2030Q1 counted by case; it holds .* counted by case$",
        ),
        (("revisions", "--period", "2030Q1"), "for 2030Q1; it holds 2020Q1 to 2020Q2"),
        (("triangle", "--from", "2030Q1"), r"within 2030-01-01\.\. counted by case; it holds 2020Q1 to 2020Q2"),
        (("figures", "--as-stored-at", "2020-04-03"), "held no figure for .* at 3 April .*; it holds .* now$"),
    ],
)
def test_a_filter_that_left_nothing_is_named_with_what_there_is(said, words, fault: str) -> None:
    name, *options = words
    assert re.search(fault, said(name, QUESTION, *options).strip())


# --- publish ---------------------------------------------------------------------------------------------------------


def test_what_is_given_out_is_noted_once_and_then_no_figure_is_marked_as_revised(said, copied: str) -> None:
    dry = said("publish", QUESTION, "--as", "release 5", "--dry-run", url=copied)
    assert "nothing was noted" in dry
    assert "[r]" in said("figures", QUESTION, url=copied)
    out = said("publish", QUESTION, "--as", " release  5 ", "--on", "2020-06-30", url=copied)
    assert "Noted as given out in 'release 5' on 30 June 2020" in out
    assert "3 figures" in out
    assert "revised" not in said("figures", QUESTION, url=copied)
    again = json.loads(said("publish", QUESTION, "--as", "release 5", "--json", url=copied))
    assert (again["publication"], again["figures"], again["already_noted"]) == (None, [], 3)


def test_what_was_given_out_on_a_day_is_what_stood_then_and_not_what_stands_now(said, copied: str) -> None:
    said("publish", QUESTION, "--as", "a later note", "--on", "2020-05-10", url=copied)
    out = said("figures", QUESTION, url=copied)
    assert re.search(r"^ 2020Q1 +26 \[pr\] +28 on 10 May 2020 ", out, re.M)


def test_what_was_held_on_a_day_cannot_have_been_given_out_on_it(command, copied: str, tmp_path: Path) -> None:
    """The hold ended on 1 June 2020: the figures of February may be shown now, but were not given out in May."""
    text = (DEFINITIONS / "questions" / f"{QUESTION}.toml").read_text()
    ended = without(tmp_path, text.replace("[[note]]", HOLD.replace("2999-01-01", "2020-06-01") + "[[note]]", 1))
    words = ("publish", QUESTION, "--as", "a letter", "--dry-run")
    more = {"COURTSTATS_WAREHOUSE_URL": copied, **ended}
    done = command(*words, "--on", "2020-05-10", home=tmp_path / "home", **more)
    assert (done.code, "for 2020Q1 are held" in done.err) == (6, True)
    assert command(*words, home=tmp_path / "home", **more).code == 0


@pytest.mark.parametrize(
    ("options", "code", "fault"),
    [
        (("--period", "2019Q4"), 6, "there is no figure of .* for 2019Q4"),
        (("--on", "2999-01-01"), 2, "2999-01-01 is yet to come"),
        (("--on", "yesterday"), 2, "no date"),
        (("--on", "2020-04-03"), 6, "the warehouse said nothing of it then"),
        (("--period", "2020Q9"), 4, "is not a period"),
    ],
)
def test_what_cannot_be_published_is_refused(command, copied: str, tmp_path: Path, options, code, fault) -> None:
    done = command(
        "publish", QUESTION, "--as", "a letter", *options, home=tmp_path / "home", COURTSTATS_WAREHOUSE_URL=copied
    )
    assert (done.code, len(done.faults)) == (code, 1)
    assert re.search(fault, done.faults[0])


def test_what_is_held_cannot_be_published(command, copied: str, held, tmp_path: Path) -> None:
    done = command(
        "publish", QUESTION, "--as", "a letter", home=tmp_path / "home", COURTSTATS_WAREHOUSE_URL=copied, **held
    )
    assert done.code == 6
    assert [fault for fault in done.faults if "for 2020Q1 are held" in fault]
    empty = command("publish", QUESTION, "--as", " ", home=tmp_path / "home", COURTSTATS_WAREHOUSE_URL=copied)
    assert (empty.code, "is no label" in empty.err) == (2, True)


# --- without a warehouse, with slips ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["figures", "history", "triangle", "revisions"])
def test_looking_where_there_is_no_warehouse_makes_none_and_says_what_to_do(command, tmp_path: Path, name: str) -> None:
    done = command(name, QUESTION, home=tmp_path / "home")
    assert (done.code, done.err) == (0, "")
    assert f"holds no figure for {QUESTION}: courtstats run {QUESTION}" in done.out
    assert json.loads(command(name, QUESTION, "--json", home=tmp_path / "home").out)["question"] == QUESTION
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("triangle", QUESTION, "--unit", "person"), "has no unit 'person'"),
        (("triangle", QUESTION, "--by", "colour"), "is not broken down by colour"),
        (("triangle", QUESTION, "--from", "2020Q2", "--to", "2020Q1"), "the first period is after the last"),
        (("history", QUESTION, "--unit", "person"), "has no unit 'person'"),
        (("revisions", QUESTION, "--unit", "person"), "has no unit 'person'"),
        (("history", "nonsense"), "nonsense"),
    ],
)
def test_a_slip_is_said_with_what_there_is(command, made: str, tmp_path: Path, words, fault: str) -> None:
    done = command(*words, home=tmp_path / "home", COURTSTATS_WAREHOUSE_URL=made)
    assert done.code == (2 if "--from" in words else 4)
    assert fault in done.faults[0]


def test_what_a_postgresql_warehouse_says_is_the_same(said, url: str) -> None:
    a_warehouse(url)
    for words in (("triangle", "--by", "month"), ("figures",), ("history",), ("revisions", "--cells", "--json")):
        name, *options = words
        assert said(name, QUESTION, *options, url=url) == said(name, QUESTION, *options)
