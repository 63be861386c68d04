"""Why a figure changed between two states of knowledge: the difference of every cell, in parts by cause and landing.

Between two vintages of a figure the records known grew. Counted by one definition, every unit (case, defendant,
application, order) is found that counts now and did not (+1), that counts no more (-1), or that counts in another
cell (-1 and +1), so the parts add up to the difference of the two counts. Why a unit changed is read from the
statements that became known in between and gave, replaced or set aside its results:

- `quarantine released`: the statement came out of quarantine: its landing let go what had been set aside of the same
  file, or for an extract of the same day.
- `source change`: the unit's result is now set aside because a source that goes before its own speaks of the court
  and day (the landing is the first in which it did), or was and is no longer (the last that ended it); or it comes
  from such a source, where that set aside a unit that had counted.
- `duplicate resolved`: the statement that replaced its own gives the result to another case (or defendant, or
  application) that counts: of the same application, or of the same defendant and offence, or at the same place of a
  message. The unit that takes it over is gained by the same cause, where it did not count already.
- `removed result`: the statement that replaced its own gives no result of the same holder any more.
- `amended result`: it gives some, and they count no more, or otherwise; or the unit counts now, and results of the
  same holder were known under the same key before (taken back or not).
- `late result`: the unit counts now, and no result of the same holder was known under that key.

The *holder* is whom a result is of, whatever it says: the case; the defendant of a case; for applications and orders
the application (and the defendant), where no application is named the defendant of the case.

A unit can have several new statements. It was gained by the first landing that brought one of its results. A unit that
was lost, or that counts in another cell, is as it is since the last landing that did something to it (of one that
stays only the results that date it are looked at). Of one landing the first cause in this order says it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from transform.contract import HELD, Answer

Cell = tuple[tuple[str, str], ...]

OF_RECORDS = (
    "quarantine released",
    "source change",
    "duplicate resolved",
    "removed result",
    "amended result",
    "late result",
)
"""The causes that records can have (of transform.contract.CAUSES), the first that applies first."""


@dataclass(frozen=True, slots=True)
class CellRevision:
    """By how much one cause raised or lowered a figure (`by` is never zero): a part of a difference.

    `period` is the canonical label, `cell` as of a `Figure` (`()` for the total), `cause` of
    `transform.contract.CAUSES`, `batch` the landing that did it (`None`: a cause that no landing has).
    """

    period: str
    cell: Cell
    cause: str
    by: int
    batch: int | None


@dataclass(frozen=True, slots=True)
class ReleasedFrom:
    """What a landing let out of quarantine: the statements of that landing from a file, or of some hearing days.

    `batch` is the landing that let go. `file` is the name of the file, archive or message that had been set aside (a
    longer or shorter path to the same name is the same; what is inside it counts), `None`: any file. `first_day` and
    `last_day` are hearing days, both included, `None`: any day.
    """

    batch: int
    file: str | None = None
    first_day: date | None = None
    last_day: date | None = None


def given_parts(parts: Iterable[CellRevision], before: Sequence[Answer], after: Sequence[Answer]) -> list[CellRevision]:
    """The parts of those figures that are not held, once they add up.

    Without data a figure counts as zero. Raises `ArithmeticError` where the parts of a figure do not add up to the
    difference of the two counts: then counting itself is at fault, and no cause may be shown.
    """
    kept = list(parts)
    sums: defaultdict[tuple[str, Cell], int] = defaultdict(int)
    for part in kept:
        sums[part.period, part.cell] += part.by
    held = set()
    for sign, answers in ((-1, before), (1, after)):
        for figure in (figure for answer in answers for figure in answer.figures):
            sums[figure.period, figure.cell] -= sign * (figure.value or 0)
            if figure.status == HELD:
                held.add((figure.period, figure.cell))
    wrong = sorted({period for (period, cell), left in sums.items() if left and (period, cell) not in held})
    if wrong:
        raise ArithmeticError(f"the parts in {', '.join(wrong)} do not add up to the difference")
    return [part for part in kept if (part.period, part.cell) not in held]
