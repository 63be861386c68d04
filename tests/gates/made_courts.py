"""Made courts: two sources, forty courts of very different size, ten forces, results that come over three weeks."""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from expectations.usual_volumes import age_of, months_needed, tested_months
from expectations.volumes import Volume

FIRST = date(2018, 1, 1)
MONTHS = 48
COURTS = [f"B{n:02}CE" for n in range(40)]
FORCES = [f"{n:02}" for n in range(1, 11)]


def month_no(day: date) -> int:
    return (day.year - FIRST.year) * 12 + day.month - 1


def month_of(number: int) -> date:
    return date(FIRST.year + number // 12, number % 12 + 1, 1)


def last_of(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])


@dataclass
class MadeCourts:
    """Results by (court, month, days from the end of the month to the day of receipt).

    Each court has its size (some 3 to 300 results a month), each month its working days and a chance of its own, and
    August is a tenth smaller. `times` multiplies a court or source in a month, `cut` drops what of a source's month
    would come after a number of days before the month's end.
    """

    seed: int
    times: dict[tuple[str, int], float] = field(default_factory=dict)
    cut: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        chance = np.random.default_rng(self.seed)
        sizes = np.exp(np.linspace(np.log(3), np.log(300), len(COURTS)))
        self.received: dict[tuple[str, int], np.ndarray] = {}
        for c, (court, size) in enumerate(zip(COURTS, sizes, strict=True)):
            for m in range(MONTHS):
                month = month_of(m)
                length = monthrange(month.year, month.month)[1]
                working = [n for n in range(length) if month.replace(day=n + 1).weekday() < 5]
                mean = size * len(working) / 21 * (0.9 if month.month == 8 else 1) * chance.gamma(400, 1 / 400)
                mean *= self.times.get((court, m), 1) * self.times.get((source_of(c), m), 1)
                count = chance.poisson(mean)
                hearing = chance.choice(working, count) - (length - 1)
                delay = chance.geometric(0.35, count) + 1
                keep = hearing <= self.cut.get((source_of(c), m), 0)
                self.received[court, m] = (hearing + delay)[keep]

    def volumes(self, as_at: date) -> list[list[Volume]]:
        """What read_volumes gives on a day, for the ages of the months that are judged on it."""
        first, last = months_needed(as_at)
        return [self._at_age(age_of(m, as_at), first, last, as_at) for m in tested_months(as_at)]

    def _at_age(self, age: int, first: date, last: date, as_at: date) -> list[Volume]:
        sums: dict[tuple[str, str, date], list[int]] = {}
        for (court, m), days in self.received.items():
            month = month_of(m)
            known = days[days <= age_of(month, as_at)]
            if not (first <= month <= last and len(known)):
                continue
            c = COURTS.index(court)
            day = (last_of(month) + timedelta(days=int(known.min()))).toordinal()
            for key in (("court", court), ("source", source_of(c)), ("police_force", FORCES[c % 10]), ("month", "")):
                of = sums.setdefault((*key, month), [0, 0, day])
                of[0] += int((known <= age).sum())
                of[1] += len(known)
                of[2] = min(of[2], day)
        return [Volume(w, n, m, t, a, date.fromordinal(d)) for (w, n, m), (t, a, d) in sums.items()]


def source_of(court: int) -> str:
    """Three courts of four are in one source."""
    return "cp" if court % 4 == 0 else "spi"
