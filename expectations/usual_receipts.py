"""What came from each source and when: how long ago is usual, and how much of a landing is usually set aside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from expectations.limits import LEAST_PAST, count_limits
from expectations.watching import Watched

MARGIN = 1.25
"""A gap is long when it is longer than the second longest before by a quarter and a day."""
ENDED = 366
"""Days after which a source is taken as ended: it is not told again."""
MOST_GAPS = 100


@dataclass(frozen=True, slots=True)
class Receipt:
    """One landing of a source: the day on which its content reached us, how much was set aside and how much landed."""

    day: date
    refused: int
    landed: int


def usual_gap(days: Sequence[date]) -> int | None:
    """Days after the last receipt from which a source is late, by its own gaps; None: too few of them.

    No distribution is assumed: of n gaps that are alike, the next one is longer than the second longest before with
    a chance of 2 in n + 1, and the margin makes that rarer. The longest is left out, for one outage in the past would
    hide the next one.
    """
    told = sorted(set(days))
    gaps = [(later - day).days for day, later in pairwise(told)][-MOST_GAPS:]
    return int(sorted(gaps)[-2] * MARGIN) + 1 if len(gaps) >= LEAST_PAST else None


def watch_receipts(receipts: Mapping[str, Sequence[Receipt]], as_at: date) -> list[Watched]:
    """For each source with past enough: how long nothing came, and how much of its newest landing was set aside.

    Args:
        receipts: of each source, oldest first, none later than `as_at`.
        as_at: the day of the look.
    """
    return [*_late(receipts, as_at), *_set_aside(receipts)]


def _late(receipts: Mapping[str, Sequence[Receipt]], as_at: date) -> list[Watched]:
    found: list[Watched] = []
    for source, of in receipts.items():
        days = sorted({receipt.day for receipt in of})
        most = usual_gap(days)
        since = (as_at - days[-1]).days if days else 0
        if most is None or since > max(ENDED, most):
            continue
        gaps = sorted((later - day).days for day, later in pairwise(days))
        detail = (
            f"The last delivery of source {source} came on {days[-1].day} {days[-1]:%B %Y}, {since} days ago; usually "
            f"one comes after {gaps[len(gaps) // 2]} days, and at most {most} were to be expected "
            f"from the {min(len(gaps), MOST_GAPS)} gaps before."
        )
        found.append(Watched("watched.source-late", f"source={source}", since, None, most, detail))
    return found


def _set_aside(receipts: Mapping[str, Sequence[Receipt]]) -> list[Watched]:
    told = {source: [r for r in of if r.refused + r.landed] for source, of in receipts.items()}
    series = {source: of for source, of in told.items() if len(of) > LEAST_PAST}
    found: list[Watched] = []
    for source, (*past, last) in series.items():
        size = last.refused + last.landed
        limits = count_limits(
            [r.refused for r in past],
            exposures=[r.refused + r.landed for r in past],
            exposure=size,
            among=len(series),
        )
        if limits is None:
            continue
        detail = (
            f"Of the delivery of source {source} of {last.day.day} {last.day:%B %Y}, {last.refused} of {size} were set "
            f"aside ({last.refused / size:.1%}); at most {limits.high} were to be expected "
            f"from the {limits.periods} deliveries before ({limits.distribution})."
        )
        found.append(Watched("watched.quarantine-growing", f"source={source}", last.refused, None, limits.high, detail))
    return found
