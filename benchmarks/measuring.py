"""Running contestants in turn, each in a process of its own, and what came of it."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True)
class Options:
    """How a benchmark is run: where its files are kept, its size (1 is full), how often each side runs (None: its own
    number)."""

    work: Path
    scale: float
    repeats: int | None

    def times(self, own: int) -> int:
        """How often each side runs."""
        return self.repeats or own

    def size(self, full: int) -> int:
        """A size at this scale."""
        return max(1, round(full * self.scale))


@dataclass(frozen=True, slots=True)
class Run:
    """One whole process: wall seconds, peak resident memory in MiB, and the JSON on its last line (if any)."""

    seconds: float
    peak_mib: float
    said: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ratio:
    """One comparison: what is divided by what, and the most that it should be (None: no target)."""

    what: str
    value: float
    target: float | None = None
    unit: str = ""

    @property
    def verdict(self) -> str:
        """Whether the target is met."""
        return "" if self.target is None else "met" if self.value <= self.target else "MISSED"


@dataclass(frozen=True, slots=True)
class Report:
    """One benchmark's outcome: a table (medians), ratios with their targets, and every single measurement."""

    name: str
    about: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ratios: tuple[Ratio, ...]
    measured: dict[str, Any]


def process(arguments: Sequence[str], environ: Mapping[str, str] | None = None) -> Run:
    """Run one process to its end.

    The peak is the kernel's for that process alone (wait4). A child starts with its parent's peak, which is why
    the parent stays small. Raises RuntimeError, with what it said, where the process fails.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = time.perf_counter()
        child = subprocess.Popen(
            list(arguments), stdout=out, stderr=err, cwd=ROOT, env={**_environment(), **(environ or {})}
        )
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        said = out.read().strip()
        if child.returncode:
            raise RuntimeError(f"{' '.join(arguments)} ended with {child.returncode}:\n{err.read()[-3000:]}")
    return Run(seconds, used.ru_maxrss / KIB_PER_MIB, _json(said))


def module(name: str, *arguments: object) -> list[str]:
    """The command line of a module of ours, in this interpreter."""
    return [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]


def make(name: str, *arguments: object) -> dict[str, Any]:
    """Run a module that makes input; what it says."""
    progress(f"making: {name} {' '.join(map(str, arguments))}")
    return process(module(name, *arguments)).said


def alternate(
    sides: Mapping[str, Sequence[str]],
    times: int,
    *,
    environ: Mapping[str, str] | None = None,
    warm: bool = False,
) -> dict[str, list[Run]]:
    """Run the sides in turn (A B A B), so that whatever else the machine does falls on all of them.

    With `warm` a first round is thrown away.
    """
    runs: dict[str, list[Run]] = {name: [] for name in sides}
    for turn in range(-warm, times):
        for name, arguments in sides.items():
            run = process(arguments, environ)
            progress(f"{'warm-up' if turn < 0 else turn + 1}: {name} {run.seconds:.2f} s, {run.peak_mib:.0f} MiB")
            if turn >= 0:
                runs[name].append(run)
    return runs


def seconds(runs: Sequence[Run]) -> float:
    """Median wall time of whole processes."""
    return statistics.median(run.seconds for run in runs)


def inside(runs: Sequence[Run]) -> float:
    """Median of the time that the processes themselves give for the work alone, without start and imports."""
    return statistics.median(float(run.said["seconds"]) for run in runs)


def peak(runs: Sequence[Run]) -> float:
    """Median peak memory, MiB."""
    return statistics.median(run.peak_mib for run in runs)


def raw(runs: Mapping[str, Sequence[Run]]) -> dict[str, Any]:
    """Every measurement, for JSON."""
    return {
        name: [{"seconds": r.seconds, "peak_mib": r.peak_mib, "said": r.said} for r in of_side]
        for name, of_side in runs.items()
    }


def progress(text: str) -> None:
    """Say on standard error what is going on."""
    print(f"  {text}", file=sys.stderr, flush=True)


def _environment() -> dict[str, str]:
    """This environment without settings of courtstats."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COURTSTATS_")}


def _json(said: str) -> dict[str, Any]:
    """The JSON that a process printed: all of it, or its last line; empty where there is none."""
    for text in (said, said.rpartition("\n")[2]):
        try:
            found = json.loads(text)
        except ValueError:
            continue
        if isinstance(found, dict):
            return found
    return {}
