"""Volumes of the last months of hearings against the months before: by source, court, police force and in all.

A month is compared with earlier months as they were known so many days after their own end, so that what is still to
come makes no difference. Months before, never the tested one or a later one, say what is usual.
"""

from calendar import monthrange
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil, floor, inf

from expectations.limits import LEAST_PAST, MOST_PAST, Limits, count_limits
from expectations.volumes import Volume
from expectations.watching import Watched

TESTED = 2
"""How many months are judged at each look: the last whole one, and the one before, which is settled by then."""
SETTLED = 28
"""Days after its end from which a month is compared with months of which nobody knows how soon they came."""
CLOSED = 12
"""Months without any result after which a court is taken as closed: it is not told again."""
MATERIAL = 0.2
"""A volume that moved by less is not told, however surely it moved: the courts' year has its ups and downs."""
_RULES = {
    "source": "watched.volume-source",
    "court": "watched.volume-court",
    "police_force": "watched.volume-force",
    "month": "watched.volume-month",
}
_WORDS = {
    "source": "Source {}",
    "court": "Court {}",
    "police_force": "Police force {}",
    "month": "All sources together",
}


@dataclass(frozen=True, slots=True)
class Series:
    """The months of one segment up to the tested one (the last), each with its results in time and its working days.

    `live`: the earlier months are as they were known `age` days after their end, like the tested one; else as they
    are known now. `settled` are the shares that were there by then of those earlier months.
    """

    what: str
    name: str
    month: date
    counts: tuple[int, ...]
    days: tuple[int, ...]
    age: int
    live: bool
    shares: tuple[float, ...]

    @property
    def value(self) -> int:
        """The count under test."""
        return self.counts[-1]

    def limits(self, among: int, silent: int = 1) -> Limits | None:
        """What its past lets expect of the last `silent` months together (1: of the tested month)."""
        past, days = self.counts[:-silent], self.days[:-silent]
        found = count_limits(past, exposures=days, exposure=sum(self.days[-silent:]), among=among)
        if found is None:
            return None
        low = min(found.low, ceil(found.expected * (1 - MATERIAL)))
        return replace(found, low=low, high=max(found.high, floor(found.expected * (1 + MATERIAL))))

    @property
    def silent(self) -> int:
        """How many months in a row up to the tested one have no result."""
        return next((n for n, count in enumerate(reversed(self.counts)) if count), len(self.counts))


def tested_months(as_at: date) -> list[date]:
    """First days of the months that are judged on a day, the last whole month first."""
    return [_back(as_at, n) for n in range(1, TESTED + 1)]


def months_needed(as_at: date) -> tuple[date, date]:
    """First and last day of hearing that the months judged on a day and their past need."""
    return _back(as_at, TESTED + MOST_PAST + 1), _last_day(_back(as_at, 1))


def age_of(month: date, as_at: date) -> int:
    """Days from the end of a month to a day."""
    return (as_at - _last_day(month)).days


def watch_volumes(volumes: Sequence[Sequence[Volume]], as_at: date, late: Collection[str] = ()) -> list[Watched]:
    """What is to be judged of the volumes: for each tested month, what was observed and expected.

    Where less (or more) came from a source than is usual, that is told of the source, and of a court only where it
    makes up half of it: one cause is told once.

    Args:
        volumes: those at the age of each of `tested_months(as_at)`, in their order.
        as_at: the day of the look.
        late: sources from which nothing came for unusually long: of them it is not told that their month is short.
    """
    found: list[Watched] = []
    for number, (month, of_month) in enumerate(zip(tested_months(as_at), volumes, strict=True)):
        told = series_of(of_month, month, as_at)
        sources, short, over = _of_sources(told, number, late)
        found += sources
        short = inf if late else short
        several = sum(one.what == "source" for one in told) > 1
        for what in ("court", "police_force", *(["month"] if several else [])):
            found += _around(told, what, short, over)
        if not number:
            found += _silent(told, short)
    return found


def series_of(volumes: Sequence[Volume], month: date, as_at: date) -> list[Series]:
    """Each segment's months up to one, where there is past enough to judge that one.

    Months in which nothing at all is known of any source are left out, and so is the first month of a segment, of
    which a part may be missing.
    """
    age = age_of(month, as_at)
    known = sorted({v.month for v in volumes if v.what == "month" and v.total and v.month < month})
    by_segment: dict[tuple[str, str], dict[date, Volume]] = {}
    for volume in volumes:
        if volume.month <= month:
            by_segment.setdefault((volume.what, volume.name), {})[volume.month] = volume
    found: list[Series] = []
    for (what, name), of in by_segment.items():
        heard = min(v.first_day for v in of.values())
        past = [p for p in known if p > min(of)][-MOST_PAST:]
        live = [p for p in past if heard <= _last_day(p) + timedelta(days=age)]
        is_live = len(live) >= LEAST_PAST
        if not is_live and age < SETTLED:
            continue
        told = live if is_live else past
        if len(told) < LEAST_PAST:
            continue
        there = [of[p] for p in told if p in of]
        counts = [(of[p].in_time if is_live else of[p].total) if p in of else 0 for p in told]
        counts.append(of[month].total if month in of else 0)
        shares = [v.in_time / v.total for v in there if v.total] if is_live else []
        days = tuple(_working_days(p) for p in (*told, month))
        found.append(Series(what, name, month, tuple(counts), days, age, is_live, tuple(shares)))
    return found


def _of_sources(told: Sequence[Series], number: int, late: Collection[str]) -> tuple[list[Watched], float, float]:
    """The sources, and by how many results those with less than usual are short, and those with more are over.

    Of the last month (number 0), what is missing is told as completeness: it may still come.
    """
    series = [one for one in told if one.what == "source" and one.silent <= CLOSED]
    found: list[Watched] = []
    short = over = 0.0
    for one in series:
        if not (limits := one.limits(len(series))):
            continue
        least = None if one.name in late else limits.low
        short += limits.expected - one.value if least is not None and one.value < least else 0
        over += one.value - limits.expected if one.value > limits.high else 0
        detail, segment = _volume_detail(one, limits), _segment(one)
        found.append(Watched(_RULES["source"], segment, one.value, least if number else None, limits.high, detail))
        if not number:
            missing = _incomplete_detail(one, limits)
            found.append(Watched("watched.month-incomplete", segment, one.value, least, None, missing))
    return found, short, over


def _around(told: Sequence[Series], what: str, short: float, over: float) -> list[Watched]:
    """Courts, forces and the whole; one without any result is `court-silent`'s."""
    series = [one for one in told if one.what == what and one.value]
    found: list[Watched] = []
    for one in series:
        if limits := one.limits(len(series)):
            low = limits.low if _own(limits.expected - one.value, short, what) else None
            high = limits.high if _own(one.value - limits.expected, over, what) else None
            found.append(Watched(_RULES[what], _segment(one), one.value, low, high, _volume_detail(one, limits)))
    return found


def _own(missing: float, of_sources: float, what: str) -> bool:
    """Whether what a segment is away from the usual is more than its part in what is told of sources already."""
    return not of_sources or (what == "court" and missing >= of_sources / 2)


def _silent(told: Sequence[Series], short: float) -> list[Watched]:
    """Courts by how long they are silent: a small one is told after some months, a large one after the first."""
    series = [one for one in told if one.what == "court" and one.silent <= CLOSED]
    found: list[Watched] = []
    for one in series:
        if limits := one.limits(len(series), max(one.silent, 1)):
            # Some result is enough; how many is not this rule's.
            low = min(limits.low, 1) if _own(limits.expected, short, one.what) else None
            found.append(
                Watched("watched.court-silent", f"court={one.name}", one.value, low, None, _silent_detail(one, limits))
            )
    return found


def _segment(one: Series) -> str:
    month = f"month={one.month:%Y-%m}"
    return month if one.what == "month" else f"{one.what}={one.name};{month}"


def _volume_detail(one: Series, limits: Limits) -> str:
    said = _WORDS[one.what].format(one.name)
    verb = "have" if one.what == "month" else "has"
    return (
        f"{said} {verb} {one.value} results of hearings in {one.month:%B %Y}; {limits.low} to {limits.high} were to be "
        f"expected, about {limits.expected:.0f}, {_from_what(one, limits)}"
    )


def _incomplete_detail(one: Series, limits: Limits) -> str:
    share = one.value / limits.expected if limits.expected else 1
    shares = sorted(one.shares)
    usual = (
        f" So soon after its end a month is usually {shares[len(shares) // 2]:.0%} complete "
        f"({shares[0]:.0%} to {shares[-1]:.0%})."
        if shares
        else ""
    )
    return (
        f"Source {one.name} has {one.value} results of hearings in {one.month:%B %Y}, {share:.0%} of the "
        f"{limits.expected:.0f} to be expected by now (at least {limits.low}), {_from_what(one, limits)}{usual}"
    )


def _silent_detail(one: Series, limits: Limits) -> str:
    months = f"the {one.silent} months to {one.month:%B %Y}" if one.silent > 1 else f"{one.month:%B %Y}"
    past = one.counts[: -one.silent] if one.silent else one.counts[:-1]
    never = ", in each of which it had some" if all(past) else ""
    return (
        f"Court {one.name} has no result of a hearing in {months}; about {limits.expected:.0f} were to be expected, "
        f"{_from_what(one, limits).removesuffix('.')}{never}."
    )


def _from_what(one: Series, limits: Limits) -> str:
    known = f"each as known {one.age} days after its end" if one.live else "as they are known now"
    return f"from the {limits.periods} months before it, {known} ({limits.distribution})."


def _back(day: date, months: int) -> date:
    """First day of the month so many months before that of a day."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _last_day(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])


def _working_days(month: date) -> int:
    """Mondays to Fridays of a month: how many days courts mostly sit."""
    return sum(month.replace(day=n + 1).weekday() < 5 for n in range(monthrange(month.year, month.month)[1]))
