"""Build the report of a made state once: RUNS. Prints the seconds of the build and of imports, files and bytes."""

import json
import sys
import tempfile
import time
from pathlib import Path

start = time.perf_counter()

import jinja2  # noqa: E402, F401 what the build imports is timed apart
import pygal  # noqa: E402, F401

from benchmarks.making.quality_state import made_state  # noqa: E402
from pipelines.quality_pages import build_report  # noqa: E402

if __name__ == "__main__":
    importing = time.perf_counter() - start
    state = made_state(checks=42, runs=int(sys.argv[1]))
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        written = build_report(state, Path(folder) / "report")
        seconds = time.perf_counter() - begun
        held = sum(path.stat().st_size for path in written)
    print(json.dumps({"seconds": seconds, "importing": importing, "files": len(written), "bytes": held}))
