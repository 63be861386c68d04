"""docs/benchmarks.md names exactly the benchmarks that exist, with figures of a run of full size."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
FOUND = PAGE.partition("<!-- run -->")[2].partition("<!-- /run -->")[0]


def listed() -> dict[str, str]:
    """What `--list` prints: names and sentences."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--list"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {line.split()[0]: line.partition(" ")[2].strip() for line in told.stdout.splitlines()}


def test_the_page_describes_every_benchmark_and_no_other() -> None:
    described = re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE.replace(FOUND, ""), re.MULTILINE)
    assert sorted(described) == sorted(listed())


def test_every_benchmark_says_what_it_measures() -> None:
    assert all(listed().values())


def test_the_page_has_the_figures_of_every_benchmark() -> None:
    """Figures come from a run's own Markdown, of every benchmark and at full size."""
    assert re.findall(r"^### `([a-z0-9-]+)`$", FOUND, re.MULTILINE) == list(listed())
    assert FOUND.strip().startswith("`python -m benchmarks`, ")


def test_every_module_that_a_benchmark_runs_exists() -> None:
    folder = ROOT / "benchmarks"
    text = "\n".join(file.read_text() for file in folder.rglob("*.py"))
    named = {a or b for a, b in re.findall(r'"((?:sides|making)\.[a-z_]+)"|benchmarks\.(making\.[a-z_]+) import', text)}
    there = {f"{f.parent.name}.{f.stem}" for kind in ("sides", "making") for f in (folder / kind).glob("[a-z]*.py")}
    run_as_a_file = {"sides.count_bare"}
    assert named | run_as_a_file == there
