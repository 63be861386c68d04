"""`courtstats reproduce`: figures counted again from the records as landed then, by the definition of then."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from extract.retention import retain
from load.contract import FigureRow
from load.warehouse import load_run, record_stopped_run
from pipelines import landings, recording, runs
from pipelines.reproducing import asked_runs, reproduce
from pipelines.settings import DEFINITIONS, load_settings
from pipelines.synthetic import write_demo
from transform.periods import parse_period

pytestmark = pytest.mark.xdist_group("commands")

QUESTION = "stalking-protection-orders"
NOW = datetime(2020, 7, 7, tzinfo=UTC)
HOLD = """
[[hold]]
period = "2020-02"
until  = 2999-01-01T09:30:00+00:00
basis  = "made for this test"
"""


@pytest.fixture
def home(landed, tmp_path: Path) -> Path:
    """A copy of the demo's home, with a warehouse of its own that is empty."""
    return Path(shutil.copytree(landed.home, tmp_path / "home"))


def settings_of(home: Path, **more: str):
    return load_settings({"COURTSTATS_HOME": str(home), **more})


def load(settings, period: str = "2020Q1", figures=None, **changes) -> int:
    """Load a run of the question as it is counted now, or with made figures or another row. Returns its number."""
    question = runs.question(settings, QUESTION)
    order = runs.prepare(settings, question, parse_period(period), [], None, NOW)
    answer = runs.count(settings, order)
    rows = recording.figure_rows(answer) if figures is None else figures(recording.figure_rows(answer))
    with recording.opened(settings) as warehouse:
        row = replace(recording.run_row(order, answer, NOW, NOW), **changes)
        done = load_run(
            warehouse, recording.version_of(order), row, rows, [], [], answer.notes, [], lambda _stored: []
        )  # fmt: skip
    return done.run.run_id


def one_more(place: int):
    """Figures of which one was never counted so: what a slip in the warehouse, or in counting, would look like."""

    def changed(rows: list[FigureRow]) -> list[FigureRow]:
        return [replace(r, value=(r.value or 0) + 1) if n == place else r for n, r in enumerate(rows)]

    return changed


def test_every_run_comes_out_as_it_was_stated_on_either_database(command, landed, url, tmp_path) -> None:
    settings = settings_of(landed.home, COURTSTATS_WAREHOUSE_URL=url)
    numbers = [load(settings), load(settings, "2020-02")]
    done = command("reproduce", *numbers, home=landed.home, COURTSTATS_WAREHOUSE_URL=url)
    assert (done.code, done.out.count("holds: its")) == (0, 2)
    assert done.out.endswith("2 runs counted again: 2 hold.\n")
    for words in (("--all",), ("--question", QUESTION)):
        done = command("reproduce", *words, "--json", home=landed.home, COURTSTATS_WAREHOUSE_URL=url)
        said = json.loads(done.out)
        assert (done.code, said["schema"]) == (0, "courtstats/reproduction@1")
        assert [(r["run"], r["period"], r["outcome"], r["differences"], r["versions"]) for r in said["runs"]] == [
            (numbers[0], "2020Q1", "holds", [], []),
            (numbers[1], "2020-02", "holds", [], []),
        ]


def test_each_run_is_counted_from_what_had_been_landed_by_then(command, tmp_path: Path) -> None:
    """A run after every delivery of the demo: late, amended and repeated statements change none of the earlier ones."""
    home = tmp_path / "home"
    settings = settings_of(home)
    values = []
    for delivery in write_demo(tmp_path / "deliveries").deliveries:
        request = landings.request_of(
            [delivery.path], delivery.format, delivery.mapping, delivery.received_at, delivery.covers
        )
        landings.land(settings, request, dry_run=False, waiting=lambda: None)
        load(settings)
        values.append(runs.count(settings, runs.prepare(
            settings, runs.question(settings, QUESTION), parse_period("2020Q1"), [], None, NOW)).value)  # fmt: skip
    assert len(set(values)) > 1, "the deliveries have to change the figure, or this proves nothing"
    said = json.loads(command("reproduce", "--all", "--json", home=home).out)
    assert [r["outcome"] for r in said["runs"]] == ["holds"] * len(values)
    assert [r["newest_batch"] for r in said["runs"]] == [*range(1, len(values) + 1)]


def test_a_figure_that_does_not_come_out_is_named_with_both_values(command, home: Path) -> None:
    settings = settings_of(home)
    number = load(settings, figures=one_more(1))
    done = command("reproduce", number, home=home)
    assert done.code == 5
    assert done.faults == [
        f"run {number}: 1 figure does not come out as the run stated. The versions that differ from then may tell why; "
        "where none does, the records or the figures were changed: compare with a backup."
    ]
    (said,) = json.loads(command("reproduce", number, "--json", home=home).out)["runs"]
    assert said["outcome"] == "differs"
    (cell,) = said["differences"]
    assert cell["cell"] != {}
    assert cell["then"]["value"] == cell["now"]["value"] + 1
    (line,) = [line for line in done.out.splitlines() if all(f"{n}={v}" in line for n, v in cell["cell"].items())]
    assert line.split()[-2:] == [str(cell["then"]["value"]), str(cell["now"]["value"])]


def test_a_total_that_only_the_run_itself_states_otherwise_is_found_too(command, home: Path) -> None:
    number = load(settings_of(home), value=28)
    (said,) = json.loads(command("reproduce", number, "--json", home=home).out)["runs"]
    assert [(d["cell"], d["then"]["value"], d["now"]["value"]) for d in said["differences"]] == [({}, 28, 27)]


def test_a_changed_definition_is_not_used_but_said(command, home: Path, tmp_path: Path) -> None:
    number = load(settings_of(home))
    other = Path(shutil.copytree(DEFINITIONS, tmp_path / "definitions"))
    file = other / "questions" / f"{QUESTION}.toml"
    file.write_text(file.read_text().replace('unit = "case"', 'unit = "defendant"').replace('also = ["defendant"]', ""))
    done = command("reproduce", number, home=home, COURTSTATS_DEFINITIONS=str(other))
    assert done.code == 0, done.err
    assert "holds: its" in done.out
    assert "counted by the definition of then, which is not today's" in done.out
    file.unlink()
    gone = command("reproduce", number, home=home, COURTSTATS_DEFINITIONS=str(other))
    assert gone.code == 0
    assert "there is no such question today" in gone.out


@pytest.mark.parametrize("gone", [False, True])
def test_what_is_held_now_is_said_to_differ_and_no_more(command, home: Path, tmp_path: Path, gone: bool) -> None:
    """A hold on February alone: the quarter and February touch it, January and March do not.

    It stays in force where the file is `gone` after a run under it.
    """
    settings = settings_of(home)
    total = 4_711
    number = load(settings, figures=lambda rows: [replace(r, value=total + n) for n, r in enumerate(rows)])
    other = Path(shutil.copytree(DEFINITIONS, tmp_path / "definitions"))
    file = other / "questions" / f"{QUESTION}.toml"
    file.write_text(file.read_text() + HOLD)
    if gone:
        with_hold = settings_of(home, COURTSTATS_DEFINITIONS=str(other))
        load(with_hold, "2020-03")
        file.unlink()
    shown = command("reproduce", number, "--json", home=home, COURTSTATS_DEFINITIONS=str(other))
    assert shown.code == 5
    (said,) = json.loads(shown.out)["runs"]
    by_cell = {json.dumps(d["cell"]): d for d in said["differences"]}
    for cell in ("{}", '{"month": "2020-02"}'):
        assert (by_cell[cell]["withheld"], by_cell[cell]["then"], by_cell[cell]["now"]) == (True, None, None)
    assert by_cell['{"month": "2020-01"}']["then"]["value"] > total
    text = command("reproduce", number, home=home, COURTSTATS_DEFINITIONS=str(other)).out
    assert "differs; not shown, it is held now" in text
    assert f"{total:,}" not in text
    assert "27" not in text.replace("2027", "")


def test_a_run_of_an_earlier_schema_is_counted_by_the_rules_of_today(command, home: Path) -> None:
    number = load(settings_of(home), precedence=None, store=None, counted_with=None)
    done = command("reproduce", number, home=home)
    assert done.code == 0
    assert "which versions else it was counted with was not noted then" in done.out


def test_versions_that_are_others_now_are_said(command, home: Path) -> None:
    then = {"courtstats": "0.0.1", "duckdb": "1.9", "counting code": "0" * 64}
    done = command("reproduce", load(settings_of(home), counted_with=then, code_version="0.0.1"), home=home)
    assert done.code == 0
    assert "courtstats: 0.0.1 then, 0.1.0 now" in done.out
    assert "duckdb: 1.9 then" in done.out
    assert "counting code: changed since" in done.out


def test_records_that_are_not_there_any_more_are_no_difference_but_a_fault_of_the_store(command, home: Path) -> None:
    """Another store, fewer landings, months removed for good: each says which, and the other runs are still counted."""
    settings = settings_of(home)
    elsewhere = load(settings, store="another")
    more = load(settings, "2020-01", newest_batch=99)
    removed = load(settings, "2020-02")
    kept = load(settings, "2020-03")
    retain(settings.store, date(2020, 3, 1), because="kept for a test", now=NOW)
    done = command("reproduce", elsewhere, more, removed, kept, home=home)
    assert done.code == 3
    assert done.out.count("cannot be counted again: ") == 3
    assert "4 runs counted again: 1 holds, 3 cannot be counted again." in done.out
    faults = [line for line in done.err.splitlines() if line.startswith("courtstats: ")]
    assert [part in line for part, line in zip(
        ("another records store", "it holds 5 landings, but", "removed on 7 July 2020 (kept for a test)"), faults,
        strict=True)] == [True] * 3  # fmt: skip


def test_a_question_without_runs_is_a_slip_and_a_warehouse_without_runs_is_none(command, home: Path) -> None:
    settings = settings_of(home)
    with recording.opened(settings):
        pass
    done = command("reproduce", "--all", home=home)
    assert (done.code, done.out) == (0, "There is nothing to count again: the warehouse has no run yet.\n")
    load(settings)
    done = command("reproduce", "--question", "stalking-protection-order", home=home)
    assert (done.code, done.out) == (6, "")
    assert f"The questions with runs are: {QUESTION}." in done.err


def test_runs_to_be_counted_again_are_read_without_their_figures(home: Path) -> None:
    """Else all figures of every run would be in memory at once."""
    settings = settings_of(home)
    number = load(settings)
    with recording.opened(settings) as warehouse:
        (asked,) = asked_runs(warehouse, [number])
        (done,) = reproduce(settings, warehouse, [asked], NOW)
    assert (asked.figures, done.run.figures, done.outcome) == ((), (), "holds")
    assert done.figures > 1


def test_without_the_right_key_nothing_is_counted(command, home: Path) -> None:
    number = load(settings_of(home))
    (home / "key").unlink()
    assert "no key" in command("reproduce", number, home=home).err
    wrong = command("reproduce", number, home=home, COURTSTATS_KEY="a key that is another one")
    assert (wrong.code, "another key" in wrong.err) == (3, True)


def test_a_stopped_run_and_an_unknown_one_are_both_named_and_nothing_is_counted(command, home: Path) -> None:
    settings = settings_of(home)
    number = load(settings)
    order = runs.prepare(settings, runs.question(settings, QUESTION), parse_period("2020Q1"), [], None, NOW)
    with recording.opened(settings) as warehouse:
        row = recording.run_row(order, None, NOW, NOW)
        stopped = record_stopped_run(warehouse, recording.version_of(order), row, "a made check", [])
    done = command("reproduce", number, stopped, 99, home=home)
    assert (done.code, done.out) == (6, "")
    assert f"run {stopped} was stopped (a made check)" in done.err
    assert "there is no run 99" in done.err


def test_reproduce_has_to_be_told_what_and_makes_no_warehouse(command, landed, tmp_path: Path) -> None:
    assert command("reproduce", home=tmp_path / "home").code == 2
    assert command("reproduce", 1, "--all", home=tmp_path / "home").code == 2
    done = command("reproduce", 1, home=tmp_path / "home")
    assert (done.code, "there is no warehouse yet" in done.err) == (6, True)
    assert not (tmp_path / "home").exists()
