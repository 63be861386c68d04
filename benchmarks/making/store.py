"""Make a records store of ten years, month after month as landings would: HOME ROWS. Made once, then kept."""

import json
import shutil
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from extract import appending, store
from extract.contract import RECORDS, text_digest
from extract.landing import IN_ORDER
from extract.store import Landing, records_folder, write_summary
from pipelines.settings import key_check, load_settings, the_key

MONTHS = 120
FIRST_YEAR = 2016
ROWS_PER_STATEMENT = 2.5 * 1.044
"""One to four results, and the four in a hundred statements that are amended once, four in a thousand twice."""
AMENDED = 2
"""How many months after a hearing its statements are still amended."""
RECORDS_SQL = Path(__file__).with_name("records.sql")


def month(number: int) -> date:
    """First day of a month; number 0 is the first month of all."""
    return date(FIRST_YEAR + number // 12, number % 12 + 1, 1)


def main(home: Path, rows: int) -> None:
    done = home / "made.json"
    made = {"rows": rows, "sql": RECORDS_SQL.read_text(), "columns": RECORDS.names, "layout": "zstd"}
    if not done.exists() or json.loads(done.read_text()) != made:
        shutil.rmtree(home, ignore_errors=True)
        make(home, rows)
        done.write_text(json.dumps(made))
    settings = load_settings({}, home=home)
    found = store.state(settings.store)
    print(json.dumps({"rows": found.rows, "files": found.files, "bytes": found.size, "batches": found.newest_batch}))


def make(home: Path, rows: int) -> None:
    """The store: each batch holds a month's first statements and the amendments of the two months before it."""
    settings = load_settings({}, home=home)
    key = the_key(settings)
    store.prepare(settings.store, key_check(key))
    statements = max(1, round(rows / MONTHS / ROWS_PER_STATEMENT))
    granted = text_digest("granted.", key)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for landing in range(MONTHS + AMENDED):
            received = datetime.combine(month(landing + 1).replace(day=5), datetime.min.time(), UTC)
            made = 0
            connection.execute("drop table if exists landing")
            for version in range(AMENDED + 1):
                about = landing - version
                if not 0 <= about < MONTHS:
                    continue
                bound = {
                    "month_no": about + 1, "month": month(about), "version": version, "statements": statements,
                    "received_at": received, "batch": landing + 1, "granted": granted,
                }  # fmt: skip
                first = "insert into landing by name" if made else "create temp table landing as"
                connection.execute(f"{first} {RECORDS_SQL.read_text()}", bound)
                made += 1
            _append(connection, settings.store, landing + 1)
            if landing + 1 == MONTHS + AMENDED:
                last = Landing(landing + 1, received, received, received, "spi", "spi", 1, 1, rows, 0, 0, 0)
                write_summary(settings.store, last)


def _append(connection: duckdb.DuckDBPyConnection, path: Path, batch: int) -> None:
    """One commit, in the order and by the means of extract/landing.py."""
    folder = records_folder(path)
    table = appending.ready(folder)
    actions = []
    for (month,) in connection.execute("select distinct hearing_month from landing order by all").fetchall():
        rows = connection.table("landing").filter(f"hearing_month = '{month}'").order(IN_ORDER)
        batches = rows.select(*appending.STORED.names).to_arrow_reader(appending.ROW_GROUP)
        actions += appending.write_month(folder, month, batches)
    appending.commit(table, actions, batch=batch)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
