"""All three gates on ten million rows, beside the bare SQL of the same checks in DuckDB."""

import statistics

from benchmarks.measuring import KIB_PER_MIB, Options, Ratio, Report, alternate, inside, make, module, peak, raw

ROWS = 10_000_000
TIMES = 5
TIMES_BARE = 3.0
"""Most that the gates may take, in times of the bare SQL of the same checks."""
MOST_MIB = 2 * KIB_PER_MIB
SIDES = {"gates": "courtstats, all three gates", "bare": "the SQL of the checks on landed records, DuckDB alone"}


def run(options: Options) -> Report:
    """Each side in a process of its own; the store is made once and kept in the work folder."""
    rows = options.size(ROWS)
    home = options.work / f"gates-{rows}"
    made = make("making.store", home, rows)
    sides = {name: module("sides.gates", home, name) for name in SIDES}
    runs = alternate(sides, options.times(TIMES), warm=True)
    if runs["gates"][0].said["found"] != runs["bare"][0].said["found"]:
        raise RuntimeError("the gates and the bare SQL found different things")
    parts = {
        part: statistics.median(run.said["parts"][part] for run in runs["gates"])
        for part in ("imports", "landed", "counted", "loaded")
    }
    return Report(
        "gates-10m",
        f"{made['rows']:,} rows in {made['files']:,} files, checked as one batch: {len(runs['bare'][0].said['found'])} "
        "checks on landed records, then those on an answer of 517 cells and on what the warehouse holds of it. The "
        "bare SQL makes the same tables and runs the same queries, and finds the same (compared in every run). "
        f"Importing Great Expectations took {parts['imports']:.1f} s, once in a process; the gates on the answer and "
        f"on the warehouse, which have next to nothing to count, took {parts['counted']:.2f} s and "
        f"{parts['loaded']:.2f} s: that is what Great Expectations costs beside the SQL. A context of it costs some "
        "4 ms, so each gate has its own.",
        ("side", "work s", "peak MiB"),
        tuple((said, f"{inside(runs[name]):.2f}", f"{peak(runs[name]):,.0f}") for name, said in SIDES.items()),
        (
            Ratio("all gates / bare SQL, work", inside(runs["gates"]) / inside(runs["bare"]), TIMES_BARE),
            Ratio("peak memory of the gates", peak(runs["gates"]), float(MOST_MIB), " MiB"),
        ),
        {"runs": raw(runs)},
    )
