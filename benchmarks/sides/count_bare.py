"""DuckDB alone runs SQL written by hand over the files of a quarter: SQL-FILE ASKED-FILE.

Reads the parameters that `count_in_process` wrote; imports nothing of courtstats.
"""

import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb


def bound(asked: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the SQL; files are found by the names of the months' folders."""
    return {
        "files": [str(f) for name in asked["months"] for f in sorted(Path(asked["records"], name).glob("*.parquet"))],
        "from": date.fromisoformat(asked["from"]),
        "to": date.fromisoformat(asked["to"]),
        "as_known_at": datetime.fromisoformat(asked["as_known_at"]),
        "newest_batch": asked["newest_batch"],
        "granted": asked["granted"],
    }


def answer(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(sql, parameters).fetchall()


if __name__ == "__main__":
    rows = answer(Path(sys.argv[1]).read_text(), bound(json.loads(Path(sys.argv[2]).read_text())))
    print(json.dumps({"rows": rows}))
