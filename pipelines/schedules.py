"""What runs on a schedule: questions, named sources and the check of quality; and `prefect.yaml`, made from it.

    python -m pipelines.schedules          # write it; a test compares the file with the questions

With COURTSTATS_DEFINITIONS set, or with sources that have a schedule, it is written into the present folder.

The period of a scheduled run is the one that the question names before the time for which the run was
scheduled, so a run that starts late still answers for the period that was due. Of one deployment one run is
made at a time, and the next waits for it: no source is landed twice at once, no question counted twice.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
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
CHECK = "check-quality"
HOURLY = "15 * * * *"
DAILY = "15 7 * * *"
AT_ONCE = 1
"""Runs of one deployment at a time."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment: its name, what it is for, the module of its flow (the flow has the same name), and when it runs."""

    name: str
    description: str
    module: str
    parameters: dict[str, str]
    cron: str


def deployed(found: Definitions, sources: Iterable[NamedSource], *, check: str) -> list[Deployed]:
    """Every deployment: the questions, then the sources that have a schedule, then the check at the times `check`."""
    counts = [
        Deployed(question.id, question.asks, "count_orders", {"question": question.id}, question.schedule.cron)
        for question in found.questions.values()
        if question.schedule
    ]
    landings = [
        Deployed(
            source.name, f"Land the source {source.name}: {KINDS[source.kind]}.", "land_hearings",
            {"source": source.name}, source.schedule,
        )
        for source in sources
        if source.schedule
    ]  # fmt: skip
    says = "Look at the whole for faults, rebuild the report, send the alerts that are due."
    return [*counts, *landings, Deployed(CHECK, says, "check_quality", {}, check)]


def prefect_yaml(found: Definitions, sources: Iterable[NamedSource] = ()) -> str:
    """The whole file as text."""
    deployments = [_entry(one) for one in deployed(found, sources, check=HOURLY)]
    return HEAD + yaml.safe_dump({"name": "courtstats", "deployments": deployments}, sort_keys=False, width=110)


def _entry(one: Deployed) -> dict[str, Any]:
    """One deployment of a flow; a run that is late does not start a second."""
    return {
        "name": one.name,
        "description": one.description,
        "entrypoint": f"pipelines/{one.module}.py:{one.module}",
        "parameters": one.parameters,
        "schedules": [{"cron": one.cron, "timezone": TIMEZONE, "active": True}],
        "concurrency_limit": AT_ONCE,
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
