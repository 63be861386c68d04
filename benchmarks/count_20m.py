"""Counting one quarter of twenty million rows, beside SQL written by hand and run by DuckDB alone."""

import statistics
import sys
from pathlib import Path

from benchmarks.measuring import Options, Ratio, Report, alternate, make, module, peak, process, progress, raw, seconds

ROWS = 20_000_000
PERIOD = "2024Q1"
TIMES, WHOLE_TIMES = 9, 5
IN_PROCESS, WHOLE = 1.5, 2.0
"""Most that courtstats may take, in times of the same answer by hand: in one process, and as a whole process."""
SIDES = Path(__file__).parent / "sides"
COMMAND = str(Path(sys.executable).with_name("courtstats"))
COURTSTATS = "courtstats"
BY_HAND = {
    "answer": "by hand, all that courtstats answers",
    "figure": "by hand, the figure alone",
    "figure-shortcut": "by hand, the figure alone, short cut",
}


def run(options: Options) -> Report:
    """In one process and as whole processes; the input is made once and kept in the work folder."""
    rows = options.size(ROWS)
    home = options.work / f"count-{rows}"
    asked = options.work / f"count-{rows}.json"
    made = make("making.store", home, rows)
    progress("in one process")
    within = process(module("sides.count_in_process", home, PERIOD, options.times(TIMES), asked)).said
    work = {name: statistics.median(found) for name, found in within["of_side"].items()}
    counted = [COMMAND, "count", "stalking-protection-orders", "--period", PERIOD, "--json"]
    bare = [sys.executable, str(SIDES / "count_bare.py")]
    sides = {COURTSTATS: counted} | {name: [*bare, str(SIDES / f"{name}.sql"), str(asked)] for name in BY_HAND}
    runs = alternate(sides, options.times(WHOLE_TIMES), environ={"COURTSTATS_HOME": str(home)}, warm=True)
    if runs[COURTSTATS][0].said["value"] != within["cases"]:
        raise RuntimeError("the command gave another figure")
    ratios = [
        Ratio(
            f"courtstats / {said}, {where}",
            ours / theirs[name],
            None if name == "figure-shortcut" else target,
        )
        for where, target, ours, theirs in (
            ("in one process", IN_PROCESS, work[COURTSTATS], work),
            ("whole process", WHOLE, seconds(runs[COURTSTATS]), {name: seconds(runs[name]) for name in BY_HAND}),
        )
        for name, said in BY_HAND.items()
    ]
    return Report(
        "count-20m",
        f"{made['rows']:,} rows of ten years in {made['files']:,} files ({made['bytes'] / 1e9:.1f} GB), landed in "
        f"{made['batches']} batches; four statements in a hundred are amended later. {PERIOD} has "
        f"{within['results']:,} results; {within['cases']:,} cases are counted. *By hand* is SQL over the files of the "
        "quarter, with the same days, the same choice among statements and the same figures (compared in every run): "
        "once with all that courtstats answers (what each step left, what the cases rest on, what was landed), once "
        "with the figure by month and by type alone, and once by the short cut of comparing only the statements of "
        "keys that ever spoke of an application, which leaves out how many results and cases there were before.",
        ("side", "in one process s", "whole process s", "peak MiB"),
        tuple(
            (said, f"{work[name]:.3f}", f"{seconds(runs[name]):.2f}", f"{peak(runs[name]):,.0f}")
            for name, said in ({COURTSTATS: COURTSTATS} | BY_HAND).items()
        ),
        tuple(ratios),
        {"in_process": within["of_side"], "whole": raw(runs)},
    )
