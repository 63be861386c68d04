"""What people see while long work runs: a moving line in a terminal, plain lines elsewhere.

Everything goes to standard error; standard output is for answers. Flows started by a worker show
nothing here: their stages are in Prefect's own log.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

SECONDS_BETWEEN_LINES = 10.0


@dataclass
class _Display:
    shown: bool = False
    moving: bool = False
    started: float = field(default_factory=time.monotonic)


_display = _Display()


def show(wanted: bool = True) -> None:
    """Switch the display on for this process; it moves only where standard error is a terminal."""
    _display.shown = wanted
    _display.moving = wanted and sys.stderr.isatty()
    _display.started = time.monotonic()


def say(text: str) -> None:
    """One line about a stage that begins or is done. Never a figure, never anything personal."""
    if _display.shown:
        sys.stderr.write(f"  {time.monotonic() - _display.started:5.1f} s  {text}\n")
        sys.stderr.flush()


@contextmanager
def track(what: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """A function to call with the number of units just done; shows rate and time left."""
    if not _display.shown:
        yield lambda _n: None
    elif _display.moving:
        with _bar(what, total, unit) as advance:
            yield advance
    else:
        with _lines(what, total, unit) as advance:
            yield advance


@contextmanager
def _bar(what: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]}")
    bar = Progress(
        TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit), rate,
        TimeRemainingColumn(), console=Console(stderr=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task(what, total=total, rate="")

        def advance(done: int) -> None:
            bar.advance(task, done)
            speed = bar.tasks[task].finished_speed or bar.tasks[task].speed
            bar.update(task, rate=f"{speed:,.0f}/s" if speed else "")

        yield advance


@contextmanager
def _lines(what: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    started = last = time.monotonic()
    count = 0

    def advance(done: int) -> None:
        nonlocal last, count
        count += done
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            rate = count / (now - started)
            left = f", about {(total - count) / rate:,.0f} s left" if total and rate else ""
            say(f"{what}: {count:,} {unit}, {rate:,.0f}/s{left}")

    yield advance
