"""What people see while long work runs: on standard error only, and only where it was asked for."""

import io
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from pipelines import progress


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Each test begins and ends as a process begins: with the display off."""
    progress.show(False)
    yield
    progress.show(False)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=made.monotonic))
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 2.0)
    return made


def work(clock: Clock, total: int | None, steps: int, seconds: float, each: int = 100) -> None:
    with progress.track("reading", total, "files") as done:
        for _ in range(steps):
            clock.now += seconds
            done(each)


def test_nothing_is_shown_unless_it_is_switched_on(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    """Flows that a worker starts, and every function used as a library, are silent."""
    progress.say("Reading")
    work(clock, 500, 5, 2.0)
    assert capsys.readouterr() == ("", "")


def test_where_there_is_no_terminal_lines_are_plain_on_standard_error_and_nothing_is_on_standard_output(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress.show()
    clock.now += 2.5
    progress.say("Reading 500 files")
    work(clock, 500, 2, 2.0)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[0] == "    2.5 s  Reading 500 files"
    assert len(said.err.splitlines()) == 3
    assert "\x1b" not in said.err
    assert "\r" not in said.err


def test_a_line_says_how_much_is_done_how_fast_and_how_long_is_left(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress.show()
    work(clock, 2000, 2, 4.0, each=500)
    assert capsys.readouterr().err.splitlines() == [
        "    4.0 s  reading: 500 files, 125/s, about 12 s left",
        "    8.0 s  reading: 1,000 files, 125/s, about 8 s left",
    ]


def test_without_a_total_no_time_left_is_made_up(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    progress.show()
    work(clock, None, 1, 4.0)
    assert capsys.readouterr().err == "    4.0 s  reading: 100 files, 25/s\n"


def test_quick_work_says_nothing_and_long_work_not_at_every_step(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress.show()
    work(clock, 100, 7, 0.25, each=1)
    assert capsys.readouterr().err == ""
    work(clock, 1000, 80, 0.25, each=1)
    assert len(capsys.readouterr().err.splitlines()) == 10


def test_in_a_terminal_a_bar_moves_on_standard_error_and_is_gone_afterwards(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "110")
    progress.show()
    with progress.track("reading", 500, "files") as done:
        for _ in range(5):
            done(100)
    shown = terminal.getvalue()
    assert "reading" in shown
    assert "files" in shown
    assert "500/500" in shown
    assert shown.rstrip("\n").endswith("\x1b[2K"), "the bar's line is wiped"
    assert capsys.readouterr().out == ""


def test_a_fault_in_the_work_goes_through_the_display_unchanged(clock: Clock) -> None:
    for wanted in (False, True):
        progress.show(wanted)
        with pytest.raises(KeyError, match="the work's own"), progress.track("reading", 1, "files"):
            raise KeyError("the work's own")
