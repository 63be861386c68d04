"""`prefect.yaml`, made from the schedules of questions and named sources: one deployment for each that has one.

    python -m pipelines.schedules          # write it; a test compares the file with the questions

With COURTSTATS_DEFINITIONS set, or with sources that have a schedule, it is written into the present folder.

The period of a scheduled run is the one that the question names before the time for which the run was
scheduled, so a run that starts late still answers for the period that was due.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from pipelines.settings import DEFINITIONS, load_settings
from pipelines.source_definition import KINDS, NamedSource
from pipelines.source_file import named_sources
from transform.questions import Definitions, load_definitions

HEAD = "# Made from the schedules in sql/questions by `python -m pipelines.schedules`; change them there.\n"
WORK_POOL = "courtstats"
TIMEZONE = "Europe/London"


def prefect_yaml(found: Definitions, sources: Iterable[NamedSource] = ()) -> str:
    """The whole file as text."""
    deployments = [
        _deployment(
            question.id, question.asks, "count_orders", {"question": question.id}, question.schedule.cron
        )
        for question in found.questions.values()
        if question.schedule
    ] + [
        _deployment(
            source.name, f"Land the source {source.name}: {KINDS[source.kind]}.", "land_hearings",
            {"source": source.name}, source.schedule,
        )
        for source in sources
        if source.schedule
    ]  # fmt: skip
    return HEAD + yaml.safe_dump({"name": "courtstats", "deployments": deployments}, sort_keys=False, width=110)


def _deployment(name: str, description: str, flow: str, parameters: dict[str, str], cron: str) -> dict[str, Any]:
    """One deployment of a flow, which has the name of its module; a run that is late does not start a second."""
    return {
        "name": name,
        "description": description,
        "entrypoint": f"pipelines/{flow}.py:{flow}",
        "parameters": parameters,
        "schedules": [{"cron": cron, "timezone": TIMEZONE, "active": True}],
        "concurrency_limit": 1,
        "work_pool": {"name": WORK_POOL},
    }


def main() -> None:
    """Write the file. Raises what is wrong with settings, questions or sources, before anything is written."""
    settings = load_settings()
    folder, named = settings.definitions, named_sources(settings, files=False)
    scheduled = [source for source in named.sources.values() if source.schedule]
    own = folder == DEFINITIONS and not scheduled
    target = Path(__file__).resolve().parents[1] / "prefect.yaml" if own else Path.cwd() / "prefect.yaml"
    also = f" and the sources in {named.file}" if scheduled else ""
    text = prefect_yaml(load_definitions(folder), scheduled)
    sys.stdout.write(f"Writing {target} for the questions in {folder}{also}\n")
    target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    from pipelines.cli import explained

    try:
        main()
    except Exception as error:
        sys.exit(explained(error))
