"""Run benchmarks and print what they found in Markdown; `--json` writes every measurement."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from benchmarks.machine import machine, markdown
from benchmarks.measuring import ROOT, Options, Report, progress

DOCS = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- run -->", "<!-- /run -->"
BENCHMARKS = (
    "landing-spi", "landing-common-platform", "landing-table", "count-20m", "series-20m", "commands", "warehouse",
    "gates-10m", "report",
)  # fmt: skip


def benchmark(name: str) -> Callable[[Options], Report]:
    """The function that runs a benchmark: `run` of its module, whose docstring says what it measures."""
    found: Callable[[Options], Report] = import_module(f"benchmarks.{name.replace('-', '_')}").run
    return found


def sentence(name: str) -> str:
    """What a benchmark measures, in a line."""
    said = import_module(f"benchmarks.{name.replace('-', '_')}").__doc__ or ""
    return said.partition("\n")[0]


def into_docs(found: str) -> None:
    """Replace what docs/benchmarks.md says that the last run found."""
    page = DOCS.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    DOCS.write_text(f"{before}{begin}\n{found}{end}{after}", encoding="utf-8")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help="which ones (default: all)")
    parser.add_argument("--list", action="store_true", help="list them")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="size of the input, 1 is full; other sizes mean little"
    )
    parser.add_argument("--repeats", type=int, help="how often each side runs (default: each benchmark's own)")
    parser.add_argument("--work", type=Path, help="where input is kept (default: a folder in the temporary one)")
    parser.add_argument("--json", type=Path, help="write every measurement to this file")
    parser.add_argument("--docs", action="store_true", help="put what was found into docs/benchmarks.md")
    asked = parser.parse_args(arguments)
    if asked.list:
        for name in BENCHMARKS:
            print(f"{name:24}{sentence(name)}")
        return
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    if asked.docs and (asked.names or asked.repeats or asked.scale != 1):
        parser.error("--docs takes a run of every benchmark at full size: leave names, --scale and --repeats out")
    work: Path = (asked.work or Path(tempfile.gettempdir()) / "courtstats-benchmarks").absolute()
    work.mkdir(parents=True, exist_ok=True)
    options = Options(work, asked.scale, asked.repeats)
    about = machine()
    reports = []
    for name in asked.names or BENCHMARKS:
        progress(name)
        reports.append(benchmark(name)(options))
    about["load_after"] = round(os.getloadavg()[0], 1)
    sizes = [f"--{n} {v}" for n, v in (("scale", asked.scale), ("repeats", asked.repeats)) if v not in (1.0, None)]
    found = markdown(reports, about, " ".join(["python -m benchmarks", *asked.names, *sizes]))
    print(found)
    if asked.docs:
        into_docs(found)
    if asked.json:
        asked.json.write_text(json.dumps({"machine": about, "reports": [asdict(r) for r in reports]}, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
