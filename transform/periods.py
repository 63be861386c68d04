"""Reporting periods: what they are called, which months they hold, which one a schedule means.

Both ends are inside. A period that is a calendar month, quarter, half or year has that name however
it was asked for, so that one period has one label everywhere (`2020Q1`, never two spellings).
"""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from transform.contract import TransformError

FORMS = "Write 2020-01, 2020Q1, 2020H1, 2020, 2019/20 (April to March) or 2020-01-05..2020-02-01"


YEARS = range(1800, 2200)
"""Years that a period may speak of: others are slips, and their neighbours may have no date."""


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` to `last`, both included.

    Raises `TransformError` where they are the wrong way round, or outside the years of courts (`YEARS`).
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise TransformError(
                f"the period starts on {self.first} but ends on {self.last}", remedy="Put the earlier day first"
            )
        if not (self.first.year in YEARS and self.last.year in YEARS):
            raise TransformError(
                f"{self.first} to {self.last} is outside the years {YEARS[0]} to {YEARS[-1]}", remedy="Correct the year"
            )

    @property
    def label(self) -> str:
        """The canonical name: month, quarter, half or year of the calendar, financial year, else `FIRST..LAST`."""
        year = self.first.year
        if self.first.month == 4 and self == _months_from(year, 4, 12):
            return f"{year:04}/{(year + 1) % 100:02}"
        for months, name in ((1, "{y}-{m:02}"), (3, "{y}Q{n}"), (6, "{y}H{n}"), (12, "{y}")):
            start = self.first.month
            if (start - 1) % months == 0 and self == _months_from(year, start, months):
                return name.format(y=f"{year:04}", m=start, n=(start - 1) // months + 1)
        return f"{self.first}..{self.last}"


def _months_from(year: int, month: int, count: int) -> Period:
    """The period of `count` whole months from one month on."""
    end = month - 1 + count - 1
    end_year, end_month = year + end // 12, end % 12 + 1
    return Period(date(year, month, 1), date(end_year, end_month, monthrange(end_year, end_month)[1]))


_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])", re.IGNORECASE | re.ASCII)
_HALF = re.compile(r"(\d{4})-?H([12])", re.IGNORECASE | re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_FINANCIAL = re.compile(r"(\d{4})/(\d{2})", re.ASCII)
_RANGE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?")


def parse_period(text: str) -> Period:
    """The period that a text names; the forms are those of `FORMS`. Raises `TransformError` with them."""
    asked = text.strip()
    try:
        if found := _MONTH.fullmatch(asked):
            return _months_from(int(found[1]), int(found[2]), 1)
        if found := _QUARTER.fullmatch(asked):
            return _months_from(int(found[1]), int(found[2]) * 3 - 2, 3)
        if found := _HALF.fullmatch(asked):
            return _months_from(int(found[1]), int(found[2]) * 6 - 5, 6)
        if _YEAR.fullmatch(asked):
            return _months_from(int(asked), 1, 12)
        if (found := _FINANCIAL.fullmatch(asked)) and (int(found[1]) + 1) % 100 == int(found[2]):
            return _months_from(int(found[1]), 4, 12)
        if found := _RANGE.fullmatch(asked):
            return Period(date.fromisoformat(found[1]), date.fromisoformat(found[2] or found[1]))
    except (ValueError, IndexError):  # a month 13, a 30 February, a year 0
        pass
    raise TransformError(f"{text!r} is not a period", remedy=FORMS)


def _last_month(day: date) -> Period:
    return _months_from(day.year - (day.month == 1), (day.month - 2) % 12 + 1, 1)


def _last_quarter(day: date) -> Period:
    quarter = (day.month - 1) // 3  # how many quarters of this year are over
    return _months_from(day.year, quarter * 3 - 2, 3) if quarter else _months_from(day.year - 1, 10, 3)


SCHEDULED_PERIODS: dict[str, Callable[[date], Period]] = {
    "last complete month": _last_month,
    "last complete quarter": _last_quarter,
    "last complete half-year": lambda day: _months_from(day.year - (day.month <= 6), 7 if day.month <= 6 else 1, 6),
    "last complete financial year": lambda day: _months_from(day.year - (1 if day.month >= 4 else 2), 4, 12),
    "last complete year": lambda day: _months_from(day.year - 1, 1, 12),
}
"""What a schedule may count, by name: a function from the scheduled day to the period."""


def period_before(name: str, scheduled: date) -> Period:
    """The period that a schedule of this name counts when it is due on `scheduled` (never on the clock's day)."""
    if name not in SCHEDULED_PERIODS:
        raise TransformError(
            f"{name!r} is not a period of a schedule", remedy=f"Use one of: {', '.join(SCHEDULED_PERIODS)}"
        )
    return SCHEDULED_PERIODS[name](scheduled)


SERIES: dict[str, tuple[int, int]] = {
    "month": (1, 1),
    "quarter": (3, 1),
    "half-year": (6, 1),
    "year": (12, 1),
    "financial-year": (12, 4),
}
"""What a series may be made of: how many months each has, and the month in which the first of a year starts."""


def series(every: str, first: date, last: date) -> tuple[Period, ...]:
    """The periods of a series from one day to another, in order, without a gap.

    Raises `TransformError` where the days do not begin and end whole periods: a clipped quarter is no quarter.
    """
    if every not in SERIES:
        raise TransformError(f"{every!r} is no part of a series", remedy=f"Use one of: {', '.join(SERIES)}")
    span = Period(first, last)
    length, start = SERIES[every]

    def around(day: date) -> Period:
        month = day.year * 12 + day.month - start
        month = month // length * length + start - 1
        return _months_from(month // 12, month % 12 + 1, length)

    head, tail = around(span.first), around(span.last)
    if head.first != first or tail.last != last:
        raise TransformError(
            f"{first} to {last} is not made of whole {every}s",
            remedy=f"The nearest days are --from {head.first} --to {tail.last}",
        )
    found = [head]
    while found[-1] != tail:
        found.append(around(found[-1].last + timedelta(days=1)))
    return tuple(found)


def day_in_words(day: date) -> str:
    """`20 January 2020`."""
    return f"{day.day} {day:%B} {day.year}"


def months(period: Period) -> list[Period]:
    """The whole calendar months that the period touches, in order (the first and last may reach beyond it)."""
    first = period.first.year * 12 + period.first.month - 1
    last = period.last.year * 12 + period.last.month - 1
    return [_months_from(n // 12, n % 12 + 1, 1) for n in range(first, last + 1)]


def overlap(one: Period, other: Period) -> Period | None:
    """The days that two periods share, or `None`."""
    first, last = max(one.first, other.first), min(one.last, other.last)
    return Period(first, last) if first <= last else None
