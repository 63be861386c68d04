"""What a run was measured on, and its Markdown."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measuring import Report

LIBRARIES = ("duckdb", "pyarrow", "deltalake", "lxml")


def machine() -> dict[str, Any]:
    """Processor, cores, memory and versions; the time, and the load average of the last minute."""
    return {
        "processor": _first(Path("/proc/cpuinfo"), "model name"),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "began": datetime.now(UTC).isoformat(timespec="minutes"),
        "load_before": round(os.getloadavg()[0], 1),
    }


def markdown(reports: Sequence[Report], about: dict[str, Any], command: str) -> str:
    """All that a run found, ready to paste into docs/benchmarks.md."""
    libraries = ", ".join(f"{name} {number}" for name, number in about["libraries"].items())
    lines = [
        f"`{command}`, {about['began']}",
        "",
        f"{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['system']}, "
        f"Python {about['python']}, {libraries}. Load average {about['load_before']} before, "
        f"{about['load_after']} after.",
    ]
    for report in reports:
        lines += ["", f"### `{report.name}`", "", report.about, "", *_table(report.header, report.rows)]
        if report.ratios:
            found = [
                (r.what, f"{r.value:.2f}{r.unit}", "" if r.target is None else f"{r.target:g}{r.unit}", r.verdict)
                for r in report.ratios
            ]
            lines += ["", *_table(("comparison", "found", "at most", ""), found)]
    return "\n".join(lines) + "\n"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    marks = ["---"] + ["---:"] * (len(header) - 1)
    return ["| " + " | ".join(cells) + " |" for cells in (header, marks, *rows)]


def _first(file: Path, name: str) -> str:
    try:
        found = [line.partition(":")[2].strip() for line in file.read_text().splitlines() if line.startswith(name)]
    except OSError:
        found = []
    return found[0] if found else platform.processor() or platform.machine()
