"""Whether there is room for what is to be copied, said before anything is."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from pipelines.show import OutputError

SPARE = 1.05
"""How much more room than what is to be copied has to be free."""


def check_room(wanted: Iterable[tuple[Path, int]], what: str, remedy: str) -> None:
    """Refuse where a disk has less room than what is to be copied to all places on it takes.

    Args:
        wanted: places, which need not exist, and bytes to be copied to each.
        what: such as "the backup may take".
        remedy: what to do where there is too little.

    Raises:
        OutputError: naming the folder, what it takes and what is free.
    """
    by_disk: dict[int, tuple[Path, int]] = {}
    for place, size in wanted:
        there = next(folder for folder in (place, *place.parents) if folder.exists())
        first, needed = by_disk.get(there.stat().st_dev, (there, 0))
        by_disk[there.stat().st_dev] = first, needed + size
    for there, needed in by_disk.values():
        free = shutil.disk_usage(there).free
        if free < needed * SPARE:
            told = f"{what} {needed * SPARE / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free"
            raise OutputError(told, where=str(there), remedy=remedy)
