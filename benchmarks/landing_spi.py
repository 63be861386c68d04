"""Landing SPI messages, beside reading the same files with lxml alone."""

import shutil

from benchmarks.measuring import (
    Options,
    Ratio,
    Report,
    Run,
    alternate,
    inside,
    make,
    module,
    peak,
    raw,
    seconds,
)

MESSAGES = 20_000
TIMES = 3
LANDED, PARSER, BARE = "courtstats, landed", "courtstats, reader alone", "lxml alone"


def run(options: Options) -> Report:
    """Land messages of about 5 kB each into a fresh store; beside it the reader alone, and lxml alone."""
    folder, home = options.work / "spi" / "messages", options.work / "spi" / "home"
    sides = {
        LANDED: module("sides.land", "spi", folder, home),
        PARSER: module("sides.spi_reader", folder),
        BARE: module("sides.spi_lxml", folder),
    }
    try:
        made = make("making.messages", folder, options.size(MESSAGES))
        runs = alternate(sides, options.times(TIMES))
    finally:
        shutil.rmtree(options.work / "spi", ignore_errors=True)
    _check(runs, made["messages"])
    landed = runs[LANDED][0].said
    return Report(
        "landing-spi",
        f"{made['messages']:,} messages of {made['bytes'] / made['messages'] / 1000:.1f} kB on average, one a file, in "
        f"three wrappers; {landed['statements']:,} statements with {landed['rows']:,} rows are landed (repeats left "
        "out) as one batch into a fresh store. *lxml alone* reads the same files, un-escapes and parses the message "
        "inside and finds offence code, result code and text: no checks, no keys, nothing kept.",
        ("side", "work s", "messages/s", "rows/s", "whole process s", "peak MiB"),
        tuple(_row(name, runs[name], made["messages"]) for name in sides),
        (
            Ratio("landed / lxml alone, work", inside(runs[LANDED]) / inside(runs[BARE])),
            Ratio("reader alone / lxml alone, work", inside(runs[PARSER]) / inside(runs[BARE])),
            Ratio("landed / lxml alone, whole process", seconds(runs[LANDED]) / seconds(runs[BARE])),
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
    )


def _check(runs: dict[str, list[Run]], messages: int) -> None:
    """All sides must have read the same."""
    landed = runs[LANDED][0].said
    if landed["files"] != messages or landed["refused"]:
        raise RuntimeError("messages were refused: the sides did not do the same work")
    if runs[PARSER][0].said["rows"] != runs[BARE][0].said["rows"]:
        raise RuntimeError("the reader and lxml alone found different results")
