"""One way of reading one question of the made warehouse, several times in one process: PLACE WAY TIMES.

Prints the seconds of every turn after the first, how many rows there were, and a digest of them.
"""

import csv
import io
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import text

from benchmarks.making.warehouse import VINTAGES, opened
from load.connecting import Warehouse, reading
from load.history import Triangle, triangle
from load.reading import current_figures
from pipelines.settings import DEFINITIONS
from pipelines.triangle_shown import triangle_json, triangle_text
from transform.questions import load_definitions

ASKED = "made-question-1"
BY = ("police_force",)
TITLED = next(q for q in load_definitions(DEFINITIONS).questions.values() if not q.published)
"""A question that lends its title and headings."""
WINDOW = Path(__file__).with_name("figures.sql")


def of_view(warehouse: Warehouse) -> list[Any]:
    """What an analyst asks from any SQL tool."""
    query = text("SELECT * FROM current_figure WHERE question = :question")
    with reading(warehouse) as connection:
        return [(r.period, r.cell, r.value) for r in connection.execute(query, {"question": ASKED})]


def by_window(warehouse: Warehouse) -> list[Any]:
    """The alternative: number the vintages of every cell and take the last; no marks, nothing left out."""
    with reading(warehouse) as connection:
        rows = connection.execute(text(WINDOW.read_text(encoding="utf-8")), {"question": ASKED})
        return [(r.period, r.cell, r.value) for r in rows]


def by_program(warehouse: Warehouse) -> list[Any]:
    """What `courtstats figures` asks."""
    return [(f.period, f.cell, f.value) for f in current_figures(warehouse, ASKED)]


def read_triangle(warehouse: Warehouse) -> Triangle:
    """Forces by quarter and vintage."""
    return triangle(warehouse, ASKED, "case", zone=UTC, breakdown=BY)


def as_text(warehouse: Warehouse) -> list[Any]:
    """For the terminal."""
    return triangle_text(TITLED, "case", BY, read_triangle(warehouse), 110).splitlines()


def as_json(warehouse: Warehouse) -> list[Any]:
    """For machines."""
    rows: list[Any] = json.loads(triangle_json(ASKED, "case", BY, read_triangle(warehouse)))["rows"]
    return rows


def as_csv(warehouse: Warehouse) -> list[Any]:
    """For a spreadsheet."""
    sheet = io.StringIO()
    csv.writer(sheet).writerows((r[0], r[3], *r[4]) for r in read_triangle(warehouse).rows)
    return sheet.getvalue().splitlines()


def by_vintage(warehouse: Warehouse) -> list[Any]:
    """The alternative: ask for the figures as they were after each vintage, one time after the other."""
    days = read_triangle(warehouse).stored_at
    assert len(days) == VINTAGES, days
    return [f for at in days for f in current_figures(warehouse, ASKED, as_stored_at=at)]


WAYS: dict[str, Callable[[Warehouse], list[Any]]] = {
    "program": by_program,
    "view": of_view,
    "window": by_window,
    "text": as_text,
    "json": as_json,
    "csv": as_csv,
    "by-vintage": by_vintage,
}


def main(place: Path, way: str, times: int) -> None:
    seconds = []
    with opened(place) as warehouse:
        for turn in range(-1, times):
            begun = time.perf_counter()
            found = WAYS[way](warehouse)
            if turn >= 0:
                seconds.append(time.perf_counter() - begun)
    digest = sha256(repr(sorted(map(str, found))).encode()).hexdigest()
    print(json.dumps({"turns": seconds, "rows": len(found), "digest": digest}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
