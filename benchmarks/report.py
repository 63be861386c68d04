"""The quality report of 60 runs of 42 checks as static pages: how long it takes and how large it is."""

import statistics

from benchmarks.measuring import Options, Ratio, Report, module, process

TIMES = 9
SECONDS, KILOBYTES = 1.0, 300.0
"""Most that the report of 60 runs of 42 checks may take and hold."""
RUNS = 60


def run(options: Options) -> Report:
    """Whole processes that build the report once, with imports timed apart; state and records are made."""
    turns = [process(module("sides.report", options.size(RUNS))).said for _ in range(options.times(TIMES))]
    work = [turn["seconds"] for turn in turns]
    kilobytes = turns[0]["bytes"] / 1000
    loading = statistics.median(turn["importing"] for turn in turns)
    row = (
        "the report of 60 runs", str(turns[0]["files"]), f"{statistics.median(work):.2f}", f"{max(work):.2f}",
        f"{loading:.2f}", f"{kilobytes:,.0f}",
    )  # fmt: skip
    return Report(
        "report",
        f"60 runs of 42 checks, six open issues of 60 measurements each, all pages with text and JSON written to a "
        f"folder; {len(turns)} processes, each building once. A state holds no more runs than that, however many there "
        f"were, so the report of a warehouse of thousands of runs takes the same.",
        ("side", "files", "median s", "slowest s", "imports s", "kB"),
        (row,),
        (
            Ratio("the report: build", statistics.median(work), SECONDS, " s"),
            Ratio("the report: size", kilobytes, KILOBYTES, " kB"),
        ),
        {"report": turns},
    )
