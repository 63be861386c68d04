"""Ten years of 20 million rows as a monthly series by police force, beside plain quarterly series of the same years."""

import statistics

from benchmarks.measuring import Options, Ratio, Report, make, module, peak, process, progress

ROWS = 20_000_000
TIMES = 3
TARGET = 1.5
"""Most that the monthly series by force may take, in times of the plain quarterly series."""
SIDES = {
    "month-force": "courtstats, 120 months by police force",
    "quarter": "courtstats, 40 quarters",
    "by-hand": "by hand, 40 quarters, the figure alone",
}


def run(options: Options) -> Report:
    """Each side in a process of its own, so that its memory is its own; within it, one turn warms up."""
    rows = options.size(ROWS)
    home = options.work / f"count-{rows}"
    made = make("making.store", home, rows)
    found = {}
    for name, said in SIDES.items():
        progress(said)
        found[name] = process(module("sides.series", home, name, options.times(TIMES)))
    totals = {name: of.said["total"] for name, of in found.items()}
    if len({totals["quarter"], totals["by-hand"]}) > 1:
        raise RuntimeError(f"the quarterly series differ: {totals}")
    work = {name: statistics.median(of.said["seconds"]) for name, of in found.items()}
    return Report(
        "series-20m",
        f"{made['rows']:,} rows of ten years in {made['files']:,} files, landed in {made['batches']} batches: one pass "
        f"over all of them for each side. The monthly series has {found['month-force'].said['cells']:,} cells, with "
        "the attrition, evidence and notes of each of its 120 months. *By hand* is SQL that settles which statement "
        "counts for every key of the ten years and gives the 40 figures (compared in every run), nothing else.",
        ("side", "work s", "peak MiB"),
        tuple((said, f"{work[name]:.2f}", f"{peak([found[name]]):,.0f}") for name, said in SIDES.items()),
        (
            Ratio("120 months by police force / 40 quarters", work["month-force"] / work["quarter"], TARGET),
            Ratio("courtstats, 40 quarters / by hand, 40 quarters", work["quarter"] / work["by-hand"]),
        ),
        {name: of.said for name, of in found.items()},
    )
