"""Which holds of a backup would end by restoring it beside other definitions: what is held is only said there."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from transform.definition import Hold, Question
from transform.definition_files import question_files
from transform.holds import open_days
from transform.periods import overlap
from transform.questions import sound_definitions


def ended_holds(backup: Path, here: Path, now: datetime) -> list[str]:
    """Every hold of the backup's definitions that has not ended and is not in force here, in words.

    Args:
        backup: folder with `questions/` and `codelists/` as backed up.
        here: folder of those in use.
        now: aware.

    A hold is in force here where holds of the same question cover each of its days at least as long. A question of the
    backup that cannot be read is told too, unless its file is the same here: it is refused here then in any case.
    """
    theirs, ours = sound_definitions(backup)[0].questions, sound_definitions(here)[0].questions
    return [*_ended(theirs, ours, now), *_unreadable(backup, here, theirs)]


def _ended(theirs: Mapping[str, Question], ours: Mapping[str, Question], now: datetime) -> Iterator[str]:
    for name, question in theirs.items():
        standing = ours[name].holds if name in ours else ()
        for hold in question.holds:
            if now < hold.until and not _covered(hold, standing):
                until = hold.until.isoformat()
                yield f"the hold of {name} on {hold.period.label} until {until} ({hold.basis})"


def _covered(hold: Hold, standing: tuple[Hold, ...]) -> bool:
    """Whether every day of a hold is under one that ends no earlier."""
    longer = tuple(one for one in standing if one.until >= hold.until and overlap(one.period, hold.period))
    return not open_days(hold.period, longer)


def _unreadable(backup: Path, here: Path, theirs: Mapping[str, Question]) -> Iterator[str]:
    for file in question_files(backup):
        same = here / "questions" / file.name
        if file.stem not in theirs and not (same.is_file() and same.read_bytes() == file.read_bytes()):
            yield f"what {file.name} of the backup may hold: it has faults, so nobody can tell"
