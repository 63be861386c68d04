"""What `courtstats serve` serves; light, so that `--dry-run` needs no Prefect."""

from collections.abc import Sequence

from pipelines.prefect_server import ServingError
from pipelines.runs import definitions
from pipelines.schedules import CHECK, DAILY, Deployed, deployed
from pipelines.settings import Settings
from pipelines.source_file import named_sources


def planned(settings: Settings, only: Sequence[str] = ()) -> list[Deployed]:
    """What would be served: all that has a schedule, or what of it is named in `only`; always the check of quality.

    Raises faults of definitions and sources, and ServingError for a name that has no schedule.
    """
    sources = named_sources(settings, files=False).sources.values()
    found = deployed(definitions(settings), sources, check=DAILY)
    if unknown := [name for name in only if name not in {one.name for one in found}]:
        raise ExceptionGroup(
            "names",
            [
                ServingError("has no schedule", where=name, remedy="See `courtstats serve --dry-run` for what has one")
                for name in unknown
            ],
        )
    return [one for one in found if not only or one.name in only or one.name == CHECK]
