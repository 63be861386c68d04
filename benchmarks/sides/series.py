"""One side of the ten-year series, several times in one process: HOME SIDE TIMES. Prints seconds of every turn."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.making.store import FIRST_YEAR, MONTHS
from benchmarks.sides.count_bare import answer
from extract.contract import normalise_text, text_digest
from pipelines import runs
from pipelines.settings import load_settings, the_key
from transform.periods import series

SQL = Path(__file__).with_name("series.sql")
FIRST, LAST = date(FIRST_YEAR, 1, 1), date(FIRST_YEAR + MONTHS // 12 - 1, 12, 31)
TEXTS = ("granted", "granted.", "g - granted", "g - granted.")


def side(home: Path, name: str) -> Callable[[], tuple[int, int]]:
    """What a turn does; it gives the sum of the figures and the number of cells."""
    settings = load_settings({}, home=home)
    key = the_key(settings)
    found = runs.question(settings, "stalking-protection-orders")
    plain = replace(found, breakdowns=replace(found.breakdowns, default=()))
    every, by = ("month", ["police_force"]) if name == "month-force" else ("quarter", [])
    orders = runs.prepare_all(settings, plain, series(every, FIRST, LAST), by, None, datetime.now(UTC))

    def ours() -> tuple[int, int]:
        answers = runs.count_all(settings, orders)
        return sum(a.value or 0 for a in answers), sum(len(a.figures) for a in answers)

    def by_hand() -> tuple[int, int]:
        asked = {
            "files": list(orders[0].files),
            "from": FIRST,
            "to": LAST,
            "as_known_at": orders[0].as_known_at,
            "newest_batch": orders[0].newest_batch,
            "granted": [text_digest(normalise_text(text), key) for text in TEXTS],
        }
        rows = answer(SQL.read_text(), asked)
        return sum(row[1] for row in rows), len(rows)

    return by_hand if name == "by-hand" else ours


def main(home: Path, name: str, times: int) -> None:
    turn = side(home, name)
    seconds = []
    for n in range(-1, times):  # the first turn warms up
        start = time.perf_counter()
        total, cells = turn()
        if n >= 0:
            seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "total": total, "cells": cells}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
