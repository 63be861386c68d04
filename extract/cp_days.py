"""On which day a result of a Common Platform hearing was made, and of which days a share speaks.

Times are sent in UTC and a court sits on a local day: a sitting that begins at 23:30 UTC in summer is one of the
next day in London.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from extract.cp_document import Part

LONDON: Final = ZoneInfo("Europe/London")

_DAY: Final = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    r"((?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})[T ]"
    r"([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)"
    r"(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
    r"(?:\[[A-Za-z/_]{1,32}\])?",
    re.IGNORECASE,
)
"""A time as Java writes it: seconds, fraction, offset and the name of the zone may be missing."""


@dataclass(frozen=True, slots=True)
class Days:
    """The days that a share names.

    `envelope` is the day that the envelope says the share is about; `listed` are all sitting days of the hearing,
    each once and in order, `sat` those of them that were not cancelled (all of them, if all were: it has results,
    so it sat); `before` is the latest of these on or before the share, or the first one where all come after it;
    `shared_on` is the day of the share in London.
    """

    envelope: date | None
    listed: tuple[date, ...]
    sat: frozenset[date]
    before: date | None
    shared_on: date

    @property
    def only(self) -> date | None:
        """The day that every result of the share has, where that is known beforehand."""
        if self.envelope:
            return self.envelope
        return next(iter(self.sat)) if len(self.sat) == 1 else None

    def of_result(self, ordered: str) -> tuple[date, str] | None:
        """The day of a result and how it was found (`hearing_date_basis`); None where nothing tells.

        `ordered` is the result's `orderedDate` as sent.
        """
        if self.envelope:
            return self.envelope, "hearing-day"
        if len(self.sat) == 1:
            return next(iter(self.sat)), "sitting-day"
        day = read_day(ordered)
        if day and (not self.sat or day in self.sat):
            return day, "ordered-date"
        return (self.before, "last-sitting-day") if self.before else None

    def spoken_of(self) -> dict[date, str]:
        """The days about which the share says something even without a result, each with its basis.

        A share without a day of its own is a snapshot of every sitting day up to its own, the cancelled ones too:
        what an earlier share had put there is taken back. Of a day after it, it cannot say that nothing was ordered.
        """
        if self.envelope:
            return {self.envelope: "hearing-day"}
        return dict.fromkeys((day for day in self.listed if day <= self.shared_on), "sitting-day")


def read_days(hearing: Part, envelope: date | None, shared_at: datetime) -> Days:
    """The days of a share; a sitting day that is no date is a `bad-date` fault, unless the envelope gives the day."""
    shared_on = shared_at.astimezone(LONDON).date()
    if envelope:
        return Days(envelope, (), frozenset(), None, shared_on)
    cancelled: dict[date, bool] = {}
    for sitting in hearing.children("hearingDays"):
        text = sitting.text("sittingDay")
        if text is None:
            continue
        day = read_day(text)
        if day is None:
            hearing.faults.add("bad-date", f"{sitting.place}/sittingDay")
        else:
            cancelled[day] = cancelled.get(day, True) and sitting.values.get("isCancelled") is True
    sat = frozenset(day for day, is_cancelled in cancelled.items() if not is_cancelled) or frozenset(cancelled)
    before = max((day for day in sat if day <= shared_on), default=min(sat, default=None))
    return Days(None, tuple(sorted(cancelled)), sat, before, shared_on)


def read_day(text: str) -> date | None:
    """The day in London of a date or time; a time without an offset is taken as local. None for anything else."""
    if len(text) <= 10:
        if not _DAY.fullmatch(text):
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    moment = _read_moment(text)
    if moment is None:
        return None
    return (moment.astimezone(LONDON) if moment.tzinfo else moment).date()


def read_time(text: str) -> datetime | None:
    """A moment in UTC, which one without an offset is taken to be. None for a day alone and for what is no time."""
    moment = _read_moment(text)
    if moment is None:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _read_moment(text: str) -> datetime | None:
    if len(text) > 80:
        return None
    found = _MOMENT.fullmatch(text)
    if not found:
        return None
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}{(found[3] or '').upper()}")
    except ValueError:
        return None
