"""`prefect.yaml`, made from the questions' schedules: one deployment per question that has one.

    python -m pipelines.schedules          # write it; a test compares the file with the questions

With COURTSTATS_DEFINITIONS set it is written into the present folder, for the questions there.

The period of a scheduled run is the one that the question names before the time for which the run was
scheduled, so a run that starts late still answers for the period that was due.
"""

import sys
from pathlib import Path

import yaml

from pipelines.settings import DEFINITIONS, load_settings
from transform.questions import Definitions, load_definitions

HEAD = "# Made from the schedules in sql/questions by `python -m pipelines.schedules`; change them there.\n"
WORK_POOL = "courtstats"
TIMEZONE = "Europe/London"


def prefect_yaml(found: Definitions) -> str:
    """The whole file as text."""
    deployments = [
        {
            "name": question.id,
            "description": question.asks,
            "entrypoint": "pipelines/count_orders.py:count_orders",
            "parameters": {"question": question.id},
            "schedules": [{"cron": question.schedule.cron, "timezone": TIMEZONE, "active": True}],
            "concurrency_limit": 1,
            "work_pool": {"name": WORK_POOL},
        }
        for question in found.questions.values()
        if question.schedule
    ]
    return HEAD + yaml.safe_dump({"name": "courtstats", "deployments": deployments}, sort_keys=False, width=110)


if __name__ == "__main__":
    folder = load_settings().definitions
    own = folder == DEFINITIONS
    target = Path(__file__).resolve().parents[1] / "prefect.yaml" if own else Path.cwd() / "prefect.yaml"
    sys.stdout.write(f"Writing {target} for the questions in {folder}\n")
    target.write_text(prefect_yaml(load_definitions(folder)), encoding="utf-8")
