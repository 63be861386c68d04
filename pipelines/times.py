"""Dates and times as people type them. Days are days in England and Wales (Europe/London)."""

from contextlib import suppress
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from extract.contract import StageError

LONDON = ZoneInfo("Europe/London")


class TimeError(StageError):
    """A date or time that cannot be understood."""

    exit_code = 2


def parse_day(text: str, option: str) -> date:
    """`2020-03-31` as a date. Raises TimeError naming the option."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise TimeError(f"{text!r} is no date", where=option, remedy="Write it as 2020-03-31") from None


def parse_month(text: str, option: str) -> date:
    """`2016-01` as its first day. Raises TimeError naming the option."""
    try:
        if len(text.strip()) == len("2016-01"):
            return date.fromisoformat(f"{text.strip()}-01")
    except ValueError:
        pass
    raise TimeError(f"{text!r} is no month", where=option, remedy="Write it as 2016-01")


def parse_time(text: str, option: str) -> datetime:
    """A time in UTC. A date alone is the end of that day, a time without a zone is one in London."""
    try:
        with suppress(ValueError):
            return end_of_day(date.fromisoformat(text.strip()))
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=LONDON)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise TimeError(
            f"{text!r} is no time", where=option, remedy="Write it as 2020-03-31, 2020-03-31T17:00 or 2020-03-31T17:00Z"
        ) from None


def end_of_day(day: date) -> datetime:
    """The last microsecond of a day in London, in UTC."""
    return datetime.combine(day, time.max, LONDON).astimezone(UTC)


def parse_covers(text: str) -> tuple[date, date]:
    """`FROM..TO` as two dates, both included."""
    first, dots, last = text.partition("..")
    if not dots:
        raise TimeError(f"{text!r} is no span of days", where="--covers", remedy="Write it as 2020-01-01..2020-03-31")
    span = parse_day(first, "--covers"), parse_day(last, "--covers")
    if span[0] > span[1]:
        raise TimeError("the first day is after the last", where="--covers", remedy="Turn them round")
    return span


def in_words(moment: datetime) -> str:
    """A time for people: London time with its zone."""
    return f"{moment.astimezone(LONDON):%-d %B %Y %H:%M:%S %Z}"


def london_day(moment: datetime) -> date:
    """The day in London on which a moment lies."""
    return moment.astimezone(LONDON).date()


def start_of_day(day: date) -> datetime:
    """Midnight at the beginning of a day in London, in UTC."""
    return datetime.combine(day, time.min, LONDON).astimezone(UTC)
