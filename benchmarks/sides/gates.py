"""The checks of one batch, once, in one process: HOME WAY; the way is `gates` (all three) or `bare` (the SQL alone).

Prints the seconds of the work, of imports beside it, and what was found, which is the same for both.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from expectations.gates import check_counted, check_landed, check_loaded
from expectations.landed_tables import KNOWN, LANDED_TABLES
from expectations.rules_landed import LANDED
from extract.store import known_files, newest_batch
from pipelines.settings import load_settings

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
Found = dict[str, list[int]]


def frames() -> tuple[Any, ...]:
    """A small answer: figures, attrition and evidence. A year of months by 43 forces is what a run loads."""
    import pandas as pd

    cells = [(f'{{"month":"2024-{m:02d}","police_force":"{f:02d}"}}', 1) for m in range(1, 13) for f in range(1, 44)]
    figures = pd.DataFrame(
        [("2024", cell, value, "counted") for cell, value in [("{}", len(cells)), *cells]],
        columns=["period", "cell", "value", "status"],
    ).astype({"value": "Int64"})
    steps = [(1, "made", len(cells), len(cells))]
    attrition = pd.DataFrame(steps, columns=["position", "step", "rows", "units"])
    return figures, attrition, pd.DataFrame({"name": ["made"], "units": [len(cells)]})


def by_gates(files: list[str], newest: int) -> tuple[Found, dict[str, float]]:
    """All three gates, as a landing and a run call them."""
    started = time.perf_counter()
    import expectations.running  # noqa: F401 - Great Expectations, with SQLAlchemy and pandas

    seconds = {"imports": time.perf_counter() - started}
    found = check_landed(files, newest_batch=newest)
    seconds["landed"] = time.perf_counter() - started - seconds["imports"]
    answer = frames()
    begun = time.perf_counter()
    rest = check_counted(*answer, breakdowns=[("month", "police_force")])
    seconds["counted"] = time.perf_counter() - begun
    begun = time.perf_counter()
    rest += check_loaded(answer[0], answer[0])
    seconds["loaded"] = time.perf_counter() - begun
    if any(o.outcome != "passed" for o in rest):
        raise RuntimeError("the made answer did not pass its checks")
    return {o.rule: [o.checked or 0, o.unexpected or 0] for o in found}, seconds


def by_sql(files: list[str], newest: int) -> tuple[Found, dict[str, float]]:
    """The same tables and the same queries of the rules on landed records, one after the other, in DuckDB alone."""
    import duckdb

    started = time.perf_counter()
    found: Found = {}
    with duckdb.connect() as connection:
        connection.read_parquet(files).filter(f"landed_batch <= {newest}").create_view("records")
        connection.execute(KNOWN)
        for statement in LANDED_TABLES.values():
            connection.execute(statement)
        for rule in LANDED:
            if rule.over != "landing":
                rows = connection.execute(rule.plain_sql().replace("{batch}", rule.over)).fetchall()
                found[rule.id] = [sum(int(row[place]) for row in rows) for place in (-2, -1)]
    return found, {"imports": 0.0, "landed": time.perf_counter() - started}


def main(home: Path, way: str) -> None:
    settings = load_settings({}, home=home)
    files, newest = known_files(settings.store), newest_batch(settings.store)
    found, seconds = (by_gates if way == "gates" else by_sql)(list(files), newest)
    work = sum(seconds.values()) - seconds["imports"]
    print(json.dumps({"seconds": work, "parts": seconds, "found": found}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
