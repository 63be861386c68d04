"""How long a person waits for `courtstats --help` and `courtstats count`, beside Python that starts and ends."""

import sys
from pathlib import Path

from benchmarks.measuring import Options, Ratio, Report, alternate, make, peak, raw, seconds

TIMES = 7
COMMAND = str(Path(sys.executable).with_name("courtstats"))
HELP, COUNT, BARE = "courtstats --help", "courtstats count", "python -c pass"
TARGETS = {HELP: 0.6, COUNT: 3.0}
"""Most seconds that a command may take on two slow cores."""


def run(options: Options) -> Report:
    """Whole processes, on the demo's records landed beforehand."""
    home = options.work / "commands"
    demo = make("making.home", home)
    asked = [demo["question"], "--from", demo["from"], "--to", demo["to"]]
    sides = {
        HELP: [COMMAND, "--help"],
        COUNT: [COMMAND, "count", *asked],
        BARE: [sys.executable, "-c", "pass"],
    }
    runs = alternate(sides, options.times(TIMES), environ={"COURTSTATS_HOME": str(home)}, warm=True)
    return Report(
        "commands",
        f"Whole processes on the demo's records ({demo['rows']:,} rows), `count` for the demo's quarter; the slowest "
        f"of {options.times(TIMES)} is shown too.",
        ("command", "median s", "slowest s", "peak MiB"),
        tuple(
            (f"`{name}`", f"{seconds(of):.2f}", f"{max(r.seconds for r in of):.2f}", f"{peak(of):,.0f}")
            for name, of in runs.items()
        ),
        tuple(Ratio(f"`{name}`", seconds(runs[name]), target, " s") for name, target in TARGETS.items()),
        raw(runs),
    )
