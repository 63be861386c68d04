"""What the two benchmarks of landing messages have in common."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import Options, Ratio, Report, Run, alternate, inside, make, peak, raw, seconds

TIMES = 3
READER = "courtstats, reader alone"


def landed(workers: int) -> str:
    """The name of the side that lands with so many workers."""
    return f"courtstats, landed, {workers} worker{'s' if workers > 1 else ''}"


@dataclass(frozen=True, slots=True)
class Contest:
    """A benchmark of landing messages: its name, folder and size, what makes the input, the sides, what they do.

    `sides` are command lines by name, those of `landed(1)`, `landed(2)` and `READER` among them, and `bare`, the name
    of the library alone. `about` gets the numbers of messages, statements and rows put in.
    """

    name: str
    folder: Path
    making: str
    messages: int
    sides: dict[str, list[str]]
    bare: str
    about: str


def contest(found: Contest, options: Options) -> Report:
    """Make the messages, run the sides in turn, compare. Raises RuntimeError where they did not do the same work."""
    try:
        made = make(found.making, found.folder / "messages", options.size(found.messages))
        runs = alternate(found.sides, options.times(TIMES))
    finally:
        shutil.rmtree(found.folder, ignore_errors=True)
    _check(runs, found.bare, made["messages"])
    one, two = runs[landed(1)], runs[landed(2)]
    said = one[0].said
    about = found.about.format(
        messages=made["messages"], size=made["bytes"] / made["messages"] / 1000, statements=said["statements"],
        rows=said["rows"],
    )  # fmt: skip
    bare = runs[found.bare]
    return Report(
        found.name,
        about,
        ("side", "work s", "messages/s", "rows/s", "whole process s", "peak MiB", "peak MiB of a worker"),
        tuple(_row(name, runs[name], made["messages"]) for name in found.sides),
        (
            Ratio(f"landed, 1 worker / {found.bare}, work", inside(one) / inside(bare)),
            Ratio(f"landed, 2 workers / {found.bare}, work", inside(two) / inside(bare)),
            Ratio(f"reader alone / {found.bare}, work", inside(runs[READER]) / inside(bare)),
            Ratio("landed, 2 workers / 1 worker, work", inside(two) / inside(one)),
        ),
        raw(runs),
    )


def _row(name: str, runs: list[Run], messages: int) -> tuple[str, ...]:
    work = inside(runs)
    return (
        name,
        f"{work:.2f}",
        f"{messages / work:,.0f}",
        f"{runs[0].said['rows'] / work:,.0f}",
        f"{seconds(runs):.2f}",
        f"{peak(runs):,.0f}",
        str(runs[0].said.get("worker_peak_mib") or ""),
    )


def _check(runs: dict[str, list[Run]], bare: str, messages: int) -> None:
    """All sides must have read the same."""
    one, two = (runs[landed(workers)][0].said for workers in (1, 2))
    if one["files"] != messages or one["refused"]:
        raise RuntimeError("messages were refused: the sides did not do the same work")
    if {name: one[name] for name in ("statements", "rows")} != {name: two[name] for name in ("statements", "rows")}:
        raise RuntimeError("one worker and two landed different records")
    if runs[READER][0].said["rows"] != runs[bare][0].said["rows"]:
        raise RuntimeError("the reader and the library alone found different results")
