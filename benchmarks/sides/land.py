"""courtstats lands files into a fresh store, without Prefect and checks."""

import argparse
import json
import resource
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from extract import common_platform, landing, parsing, records, spi, store, tables
from pipelines.runs import texts
from pipelines.settings import key_check, load_settings, the_key
from pipelines.sources import LandRequest, find_files, land_files

KIB_PER_MIB = 1024
IMPORTED_BEFORE_THE_CLOCK_STARTS = (common_platform, landing, parsing, records, spi, tables)


def main(format: str, path: Path, home: Path, mapping: Path | None, workers: int) -> None:
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
        workers=workers,
    )
    seconds = time.perf_counter() - start
    said = {
        "files": done.files,
        "statements": done.statements,
        "rows": done.rows,
        "refused": sum(done.refused.values()),
    }
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // KIB_PER_MIB  # the largest; 0 where there is none
    print(json.dumps({"seconds": seconds, "worker_peak_mib": worker, **said}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("format")
    parser.add_argument("path", type=Path)
    parser.add_argument("home", type=Path)
    parser.add_argument("mapping", type=Path, nargs="?")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    main(asked.format, asked.path, asked.home, asked.mapping, asked.workers)
