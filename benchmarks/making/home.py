"""Land the demo's records, without Prefect and checks: HOME."""

import json
import shutil
import sys
from pathlib import Path

from extract import store
from pipelines.runs import texts
from pipelines.settings import key_check, load_settings, the_key
from pipelines.sources import LandRequest, find_files, land_files
from pipelines.synthetic import write_demo


def main(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    settings = load_settings({}, home=home)
    plan = write_demo(home / "synthetic")
    known = texts(settings, make_key=True)
    store.prepare(settings.store, key_check(the_key(settings)))
    rows = 0
    for delivery in plan.deliveries:
        files = find_files([delivery.path], delivery.format)
        landing = land_files(
            LandRequest(files, delivery.mapping, delivery.received_at, delivery.covers),
            settings.store,
            system=settings.spi_system,
            texts=known,
            landed_at=delivery.received_at,
            dry_run=False,
        )
        rows += landing.rows
    print(json.dumps({"rows": rows, "question": plan.question, "from": str(plan.first), "to": str(plan.last)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
