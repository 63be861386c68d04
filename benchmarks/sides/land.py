"""courtstats lands files into a fresh store, without Prefect and checks: FORMAT PATH HOME [MAPPING]."""

import json
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from extract import landing, records, spi, store, tables
from pipelines.runs import texts
from pipelines.settings import key_check, load_settings, the_key
from pipelines.sources import LandRequest, find_files, land_files

IMPORTED_BEFORE_THE_CLOCK_STARTS = (landing, records, spi, tables)


def main(format: str, path: Path, home: Path, mapping: Path | None) -> None:
    shutil.rmtree(home, ignore_errors=True)
    settings = load_settings({}, home=home)
    known = texts(settings, make_key=True)
    store.prepare(settings.store, key_check(the_key(settings)))
    now = datetime.now(UTC)
    start = time.perf_counter()
    done = land_files(
        LandRequest(find_files([path], format), mapping, now, None),
        settings.store,
        system=settings.spi_system,
        texts=known,
        landed_at=now,
        dry_run=False,
    )
    seconds = time.perf_counter() - start
    said = {
        "files": done.files,
        "statements": done.statements,
        "rows": done.rows,
        "refused": sum(done.refused.values()),
    }
    print(json.dumps({"seconds": seconds, **said}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]) if sys.argv[4:] else None)
