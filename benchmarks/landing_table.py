"""Landing a table extract (CSV), beside DuckDB alone copying its columns to Parquet."""

import shutil

from benchmarks.measuring import Options, Ratio, Report, Run, alternate, inside, make, module, peak, raw, seconds

ROWS = 2_000_000
TIMES = 3
LANDED, BARE = "courtstats, landed", "DuckDB alone"


def run(options: Options) -> Report:
    """Land an extract into a fresh store; beside it `copy (select the columns from read_csv(...)) to ...`."""
    folder = options.work / "table"
    source, mapping = folder / "extract.csv", folder / "mapping.toml"
    sides = {
        LANDED: module("sides.land", "table", source, folder / "home", mapping),
        BARE: module("sides.table_duckdb", source, folder / "copied.parquet"),
    }
    try:
        made = make("making.table", folder, options.size(ROWS))
        runs = alternate(sides, options.times(TIMES))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if {runs[name][0].said["rows"] for name in sides} != {made["rows"]}:
        raise RuntimeError("rows were lost: the sides did not do the same work")
    return Report(
        "landing-table",
        f"A CSV extract of {made['rows']:,} rows ({made['bytes'] / 1e6:,.0f} MB) over the days of a year, nine "
        "columns, of which eight are mapped, landed as one batch into a fresh store. *DuckDB alone* copies the eight "
        "columns as they are to one Parquet file: no checks, no statements, no order, no digests.",
        ("side", "work s", "rows/s", "whole process s", "peak MiB"),
        tuple(_row(name, runs[name]) for name in sides),
        (
            Ratio("landed / DuckDB alone, work", inside(runs[LANDED]) / inside(runs[BARE])),
            Ratio("landed / DuckDB alone, whole process", seconds(runs[LANDED]) / seconds(runs[BARE])),
            Ratio("landed / DuckDB alone, peak memory", peak(runs[LANDED]) / peak(runs[BARE])),
        ),
        raw(runs),
    )


def _row(name: str, runs: list[Run]) -> tuple[str, ...]:
    work = inside(runs)
    return name, f"{work:.2f}", f"{runs[0].said['rows'] / work:,.0f}", f"{seconds(runs):.2f}", f"{peak(runs):,.0f}"
