"""courtstats and SQL written by hand count one quarter in turn, in one process: HOME PERIOD TIMES ASKED-FILE.

Prints the seconds of every turn. Raises where the figures differ. Writes the parameters of the SQL to ASKED-FILE.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.sides.count_bare import answer, bound
from extract.contract import normalise_text, text_digest
from pipelines import runs
from pipelines.settings import Settings, load_settings, the_key
from transform.contract import Answer
from transform.engines.duckdb import count
from transform.periods import months, parse_period

QUESTION = "stalking-protection-orders"
COURTSTATS = "courtstats"
BY_HAND = {name: Path(__file__).with_name(f"{name}.sql") for name in ("answer", "figure", "figure-shortcut")}
"""What is written by hand: all that courtstats answers, the figure alone, the figure by a short cut."""


def main(home: Path, period: str, times: int, asked_file: Path) -> None:
    settings = load_settings({}, home=home)
    found = runs.definitions(settings).question(QUESTION)
    order = runs.prepare(settings, found, parse_period(period), [], None, datetime.now(UTC))
    asked_file.write_text(json.dumps(asked(settings, order)))
    records, key = runs.records(order), the_key(settings)
    sides: dict[str, Callable[[], Any]] = {
        COURTSTATS: lambda: count(order.question, records, order.period, order.by, key=key, now=order.now)
    }
    for name, sql in BY_HAND.items():
        sides[name] = lambda sql=sql: answer(sql.read_text(), bound(json.loads(asked_file.read_text())))  # type: ignore[misc]
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(-1, times):  # the first turn warms up
        said = {}
        for name, side in sides.items():
            start = time.perf_counter()
            said[name] = side()
            if turn >= 0:
                seconds[name].append(time.perf_counter() - start)
        for name in BY_HAND:
            compare(said[COURTSTATS], name, said[name])
    whole: Answer = said[COURTSTATS]
    print(json.dumps({"of_side": seconds, "cases": whole.value, "results": whole.attrition[0].rows}))


def asked(settings: Settings, order: runs.Order) -> dict[str, Any]:
    """What the SQL by hand needs to know: where the months' files are, what was known, digests of Granted."""
    key = the_key(settings)
    texts = ("granted", "granted.", "g - granted", "g - granted.")
    return {
        "records": str(settings.store / "records"),
        "months": [f"hearing_month={month.label}" for month in months(order.period)],
        "from": order.period.first.isoformat(),
        "to": order.period.last.isoformat(),
        "as_known_at": order.as_known_at.isoformat(),
        "newest_batch": order.newest_batch,
        "granted": [text_digest(normalise_text(text), key) for text in texts],
    }


def compare(ours: Answer, name: str, by_hand: list[tuple[Any, ...]]) -> None:
    """Raise unless what was written by hand found the same, in everything that it finds."""
    kinds = {"month": "month", "type": "application_type"}
    figures = {(kinds[part], cell): row[-1] for part, cell, *row in by_hand if part in kinds}
    same = {
        "value": ours.value == next(row[-1] for row in by_hand if row[0] == "value"),
        "cells": {f.cell[0]: f.value for f in ours.figures if f.cell and f.value} == figures,
    }
    if name == "answer":
        steps = [(rows, cases) for part, _, rows, cases in by_hand if part == "step"]
        evidence = {cell: cases for part, cell, _, cases in by_hand if part == "evidence"}
        single = {part: cases for part, _, _, cases in by_hand if part in ("weak", "incomplete")}
        landed = next(cell for part, cell, *_ in by_hand if part == "landed")
        same["steps"] = [(s.rows, s.units) for s in ours.attrition][: len(steps)] == steps
        same["evidence"] = {str(n): e.units for n, e in enumerate(ours.evidence, 1) if e.units} == evidence
        same["weak"] = ours.weak_units == single["weak"]
        same["incomplete"] = ours.incomplete_statements == single["incomplete"]
        same["landed"] = f"{ours.data_from} {ours.data_to}" == landed
    if not all(same.values()):
        raise RuntimeError(f"{name} by hand differs from courtstats in {[n for n, equal in same.items() if not equal]}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
