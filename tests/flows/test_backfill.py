"""`courtstats backfill`: the periods of a range one after another, and again only what is missing. Made records."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines import backfilling, cli
from pipelines.settings import load_settings
from transform.contract import TransformError

QUESTION = "stalking-protection-orders"
PUBLISHED = "breach-of-restraining-order-convictions"
RANGE = ("--from", "2019-10-01", "--to", "2020-06-30")
pytestmark = [pytest.mark.xdist_group("flows"), pytest.mark.usefixtures("prefect_url")]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """SQLite will do: what is tested is which periods are run."""
    return f"sqlite:///{tmp_path / 'warehouse.db'}"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """First days of the periods for which the flow was called; it is called as it is."""
    from pipelines import count_orders as flow

    real, found = flow.count_orders, []

    def noting(question: str, first: date, last: date, **more: Any) -> Any:
        found.append(first)
        return real(question, first, last, **more)

    monkeypatch.setattr(flow, "count_orders", noting)
    return found


def said(*words: str) -> Any:
    """What the command prints as JSON, its exit code 0."""
    done = CliRunner().invoke(cli.app, ["backfill", QUESTION, *RANGE, *words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def states(found: Any) -> dict[str, str]:
    return {one["period"]: one["state"] for one in found["periods"]}


def test_a_range_is_filled_and_the_same_command_again_runs_nothing(
    landed: Callable[..., None], asked: list[date]
) -> None:
    """The parts of the range are those of the question's schedule: quarters."""
    landed()
    quarters = ("2019Q4", "2020Q1", "2020Q2")
    assert states(said("--dry-run")) == dict.fromkeys(quarters, "missing")
    assert asked == []
    first = said()
    assert (first["schema"], first["every"], first["complete"]) == ("courtstats/backfill@1", "quarter", True)
    assert states(first) == dict.fromkeys(quarters, "loaded")
    assert len(asked) == 3
    again = said()
    assert states(again) == dict.fromkeys(quarters, "there")
    assert [one["runs"] for one in again["periods"]] == [one["runs"] for one in first["periods"]]
    assert len(asked) == 3
    landed(day=5)  # new records: every period is another run
    assert states(said("--dry-run")) == dict.fromkeys(quarters, "missing")


def test_it_stops_at_a_fault_keeps_what_is_done_and_goes_on_with_the_rest(
    landed: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second of three periods fails once: the first stays, the third is not begun."""
    from pipelines import count_orders as flow

    landed()
    real, calls = flow.count_orders, []

    def failing(question: str, first: date, last: date, **more: Any) -> Any:
        calls.append(first)
        if len(calls) == 2:
            raise ExceptionGroup("made", [TransformError("a made fault", where=question)])
        return real(question, first, last, **more)

    monkeypatch.setattr(flow, "count_orders", failing)
    done = CliRunner().invoke(cli.app, ["backfill", QUESTION, *RANGE])
    assert isinstance(done.exception, ExceptionGroup)
    assert cli.explained(done.exception) == 4
    assert "a made fault" in capsys.readouterr().err
    lines = [line.split("(")[0].strip() for line in done.stdout.splitlines()]
    assert lines == [
        "2019Q4     loaded",
        "2020Q1     FAILED: nothing of it was loaded",
        "2020Q2     not begun",
        "2 of 3 periods are missing; the same command goes on with them",
    ]
    assert states(said()) == {"2019Q4": "there", "2020Q1": "loaded", "2020Q2": "loaded"}
    assert [day.month for day in calls] == [10, 1, 1, 4]


@pytest.mark.parametrize(
    ("first", "last", "every", "words"),
    [
        (date(2020, 1, 1), date(2020, 5, 31), None, "whole quarters"),
        (date(2020, 1, 1), date(2020, 5, 31), "week", "no part of a series"),
        (date(2020, 6, 1), date(2020, 5, 31), "month", "the wrong way|starts on"),
    ],
)
def test_a_range_that_is_not_made_of_whole_periods_is_refused(
    landed: Callable[..., None], first: date, last: date, every: str | None, words: str
) -> None:
    landed()
    with pytest.raises(TransformError, match=words):
        backfilling.plan(load_settings(), QUESTION, first, last, every, [])


def test_a_question_that_a_published_table_answers_has_nothing_to_fill(home: Path) -> None:
    with pytest.raises(TransformError, match="published table"):
        backfilling.plan(load_settings(), PUBLISHED, date(2018, 1, 1), date(2018, 12, 31), None, [])
