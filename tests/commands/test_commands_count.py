"""`courtstats count`: the number with its notes, cells, and what was known when; seconds, and nothing written."""

import csv
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("commands")
ROOT = Path(__file__).resolve().parents[2]
QUESTION = "stalking-protection-orders"
QUARTER = ("--period", "2020Q1")


@pytest.fixture(scope="module")
def answer(command, landed):
    """The answer for the first quarter of 2020 as JSON."""
    done = command("count", QUESTION, *QUARTER, "--json", home=landed.home)
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def values(figures: list[dict], *names: str) -> dict[tuple[str, ...], int]:
    """The cells of one breakdown."""
    return {tuple(f["cell"][n] for n in names): f["value"] for f in figures if list(f["cell"]) == list(names)}


def test_json_is_alone_on_standard_output_and_says_27(answer) -> None:
    assert answer["schema"] == "courtstats/answer@1"
    assert (answer["value"], answer["status"], answer["unit"]) == (27, "counted", "case")
    assert (answer["from"], answer["to"], answer["period"]) == ("2020-01-01", "2020-03-31", "2020Q1")


def test_without_a_breakdown_asked_for_those_of_the_question_are_given(answer) -> None:
    months, types = (values(answer["figures"], name) for name in ("month", "application_type"))
    assert list(months) == [("2020-01",), ("2020-02",), ("2020-03",)]
    assert list(types) == [("new",), ("vary",)]
    assert sum(months.values()) == sum(types.values()) == 27


def test_a_period_by_name_and_by_its_days_is_one_period(command, landed, answer) -> None:
    by_days = command("count", QUESTION, "--from", "2020-01-01", "--to", "2020-03-31", "--json", home=landed.home)
    assert json.loads(by_days.out) == answer


def test_a_breakdown_of_two_has_every_cell_zeros_too_and_adds_up(command, landed, answer) -> None:
    done = command("count", QUESTION, *QUARTER, "--by", "month,application_type", "--json", home=landed.home)
    figures = json.loads(done.out)["figures"]
    cells = values(figures, "month", "application_type")
    assert len(cells) == 6
    assert 0 in cells.values()
    assert sum(cells.values()) == answer["value"]
    assert {len(f["cell"]) for f in figures} == {0, 2}, "what was not asked for is not given"


def test_the_order_of_names_in_a_breakdown_does_not_matter_and_by_may_be_repeated(command, landed) -> None:
    turned = command(
        "count", QUESTION, *QUARTER, "--by", "application_type, month", "--by", "month", "--json", home=landed.home
    )
    figures = json.loads(turned.out)["figures"]
    assert [len(f["cell"]) for f in figures] == [0] + [2] * 6 + [1] * 3
    assert list(figures[1]["cell"]) == ["month", "application_type"]


def test_text_gives_the_number_the_way_to_it_and_every_note(command, landed, answer) -> None:
    done = command("count", QUESTION, *QUARTER, home=landed.home)
    assert (done.code, done.err) == (0, "")
    assert "\n  27 cases\n" in done.out
    assert all(step["step"] in done.out for step in answer["attrition"])
    flowing = " ".join(done.out.split())
    assert all(f"{n}. {note}" in flowing for n, note in enumerate(answer["notes"], 1))


def test_a_csv_carries_the_figures_and_the_notes_that_go_with_them(command, landed, answer, tmp_path: Path) -> None:
    target = tmp_path / "answer.csv"
    done = command("count", QUESTION, *QUARTER, "--csv", target, home=landed.home)
    assert (done.code, done.out) == (0, "")
    assert str(target) in done.err
    rows = list(csv.DictReader(target.open(encoding="utf-8", newline="")))
    figures = {r["cell"]: int(r["value"]) for r in rows if r["record"] == "figure"}
    assert figures == {json.dumps(f["cell"], sort_keys=True): f["value"] for f in answer["figures"]}
    assert [r["text"] for r in rows if r["record"] == "note"] == answer["notes"]
    assert [p.name for p in tmp_path.iterdir()] == ["answer.csv"]


def test_csv_and_json_in_one_call_keep_standard_output_for_the_json(command, landed, answer, tmp_path: Path) -> None:
    done = command("count", QUESTION, *QUARTER, "--csv", tmp_path / "a.csv", "--json", home=landed.home)
    assert json.loads(done.out) == answer
    assert (tmp_path / "a.csv").exists()


def test_a_csv_that_cannot_be_written_is_said_in_one_line(command, landed, tmp_path: Path) -> None:
    for target in (tmp_path / "gone" / "a.csv", tmp_path):
        done = command("count", QUESTION, *QUARTER, "--csv", target, home=landed.home)
        assert done.code == 2
        (fault,) = done.faults
        assert str(target) in fault
        assert done.out == ""
    assert list(tmp_path.iterdir()) == []
    assert not tmp_path.with_name(f".{tmp_path.name}.unfinished").exists()


def test_as_known_at_leaves_out_what_was_received_later(command, landed) -> None:
    """A date is the end of that day in London; a time is that time."""

    def known(at: str) -> tuple[dict, datetime]:
        done = command("count", QUESTION, *QUARTER, "--as-known-at", at, "--json", home=landed.home)
        said = json.loads(done.out)
        return said, datetime.fromisoformat(said.pop("as_known_at"))

    # In the demo amendments were received on 20 April 2020 at 7:00 and withdrawals on 4 May at 7:00, London time.
    day, day_at = known("2020-04-20")
    before, before_at = known("2020-04-20T06:59")
    then, then_at = known("2020-04-20T07:00")
    withdrawn, withdrawn_at = known("2020-05-04T06:00Z")
    assert day_at == datetime(2020, 4, 20, 22, 59, 59, 999999, tzinfo=UTC)
    assert before_at == datetime(2020, 4, 20, 5, 59, tzinfo=UTC)
    assert then_at == datetime(2020, 4, 20, 6, tzinfo=UTC)
    assert withdrawn_at == datetime(2020, 5, 4, 6, tzinfo=UTC)
    assert before != then == day
    rows = [said["attrition"][0]["rows"] for said in (before, then, withdrawn)]
    assert rows == sorted(set(rows)), "results known grow with every delivery; what counts of them need not"
    assert withdrawn["value"] < then["value"]


def test_a_time_known_later_than_the_newest_landing_is_that_of_the_newest_landing(command, landed, answer) -> None:
    later = command("count", QUESTION, *QUARTER, "--as-known-at", "2999-01-01", "--json", home=landed.home)
    assert json.loads(later.out) == answer


def test_days_of_which_nothing_was_landed_have_no_number_not_even_zero(command, landed) -> None:
    done = command("count", QUESTION, "--period", "2018Q1", "--json", home=landed.home)
    said = json.loads(done.out)
    assert (done.code, said["value"], said["status"]) == (0, None, "no data")
    assert {f["value"] for f in said["figures"]} == {None}
    assert "[no data] cases" in command("count", QUESTION, "--period", "2018Q1", home=landed.home).out


def test_count_writes_nothing(command, landed, contents) -> None:
    before = contents(landed.home)
    assert command("count", QUESTION, *QUARTER, home=landed.home).code == 0
    assert contents(landed.home) == before


def test_count_loads_nothing_heavy(landed, shell) -> None:
    """A preview takes seconds because none of these is loaded on the way to it."""
    heavy = {"pandas", "prefect", "great_expectations", "sqlalchemy"}
    code = (
        "import sys\n"
        "from pipelines import cli\n"
        f"cli.app(['count', '{QUESTION}', '--period', '2020Q1', '--json'], standalone_mode=False)\n"
        f"sys.stderr.write(' '.join(sorted({heavy!r} & sys.modules.keys())) + ' end')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=shell(landed.home), capture_output=True, text=True, timeout=60
    )
    assert json.loads(done.stdout)["value"] == 27
    assert done.stderr.strip() == "end"
