"""Landing a table extract (CSV, Parquet), beside DuckDB alone copying its columns to Parquet."""

import shutil
from pathlib import Path
from typing import Any

from benchmarks.measuring import Options, Ratio, Report, Run, alternate, inside, make, module, peak, raw, seconds

ROWS = 2_000_000
"""At full size; --scale 5 lands ten million."""
PART = 10
"""How many times smaller the extract is whose peak memory is compared."""
TIMES = 3
KINDS = ("CSV", "Parquet")


def run(options: Options) -> Report:
    """Land an extract into a fresh store; beside it `copy (select the columns from the file) to ...`.

    The peak memory is that of the same landing with a tenth of the rows beside it: it should hardly grow.
    """
    folder = options.work / "table"
    try:
        made = make("making.table", folder / "full", options.size(ROWS))
        part = make("making.table", folder / "part", options.size(ROWS // PART))
        runs = alternate(_sides(folder / "full"), options.times(TIMES))
        small = alternate({kind: _landing(folder / "part", kind) for kind in KINDS}, 1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if {of_side[0].said["rows"] for of_side in runs.values()} != {made["rows"]}:
        raise RuntimeError("rows were lost: the sides did not do the same work")
    return Report(
        "landing-table",
        f"An extract of {made['rows']:,} rows over the days of a year, nine columns, of which eight are mapped, landed "
        f"as one batch into a fresh store: as CSV ({made['bytes'] / 1e6:,.0f} MB) and as Parquet "
        f"({made['parquet_bytes'] / 1e6:,.0f} MB). *DuckDB alone* copies the eight columns as they are to one Parquet "
        f"file: no checks, no statements, no order, no digests. *Part* is an extract of {part['rows']:,} rows.",
        ("side", "work s", "rows/s", "whole process s", "peak MiB", "peak MiB, part"),
        tuple(_row(name, of_side, small) for name, of_side in runs.items()),
        tuple(ratio for kind in KINDS for ratio in _ratios(kind, runs, small)),
        raw(runs) | raw({f"{_landed(kind)}, part": of_side for kind, of_side in small.items()}),
    )


def _landed(kind: str) -> str:
    return f"courtstats, {kind} landed"


def _bare(kind: str) -> str:
    return f"DuckDB alone, {kind}"


def _sides(folder: Path) -> dict[str, list[str]]:
    sides: dict[str, list[str]] = {}
    for kind in KINDS:
        sides[_landed(kind)] = _landing(folder, kind)
        sides[_bare(kind)] = module("sides.table_duckdb", _extract(folder, kind), folder / "copied.parquet")
    return sides


def _landing(folder: Path, kind: str) -> list[str]:
    return module("sides.land", "table", _extract(folder, kind), folder / "home", folder / "mapping.toml")


def _extract(folder: Path, kind: str) -> Path:
    return folder / f"extract.{kind.lower()}"


def _row(name: str, runs: list[Run], small: dict[str, list[Run]]) -> tuple[str, ...]:
    work = inside(runs)
    part = next((f"{peak(small[kind]):,.0f}" for kind in KINDS if _landed(kind) == name), "")
    rate = f"{runs[0].said['rows'] / work:,.0f}"
    return name, f"{work:.2f}", rate, f"{seconds(runs):.2f}", f"{peak(runs):,.0f}", part


def _ratios(kind: str, runs: dict[str, list[Run]], small: dict[str, list[Run]]) -> tuple[Ratio, ...]:
    landed, bare = runs[_landed(kind)], runs[_bare(kind)]
    measures: tuple[tuple[str, Any], ...] = (("work", inside), ("whole process", seconds), ("peak memory", peak))
    return (
        *(Ratio(f"{kind}: landed / DuckDB alone, {what}", of(landed) / of(bare)) for what, of in measures),
        Ratio(f"{kind}: peak memory, {PART} times the rows", peak(landed) / peak(small[kind]), 2.0),
    )
