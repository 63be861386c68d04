"""The period or series that a command was asked for."""

import typer

from pipelines.times import TimeError, parse_day
from transform.periods import Period, parse_period, series


def span(first: str | None, last: str | None, name: str | None) -> Period:
    """The period asked for, by name or by its days."""
    if name and not (first or last):
        return parse_period(name)
    if first and last and not name:
        days, faults = [], []
        for text, option in ((first, "--from"), (last, "--to")):
            try:
                days.append(parse_day(text, option))
            except TimeError as fault:
                faults.append(fault)
        if faults:
            raise ExceptionGroup("days", faults)
        return Period(*days)
    raise typer.BadParameter("give --from and --to, or --period 2020Q1")


def periods(first: str | None, last: str | None, name: str | None, every: str | None) -> tuple[Period, ...]:
    """The period asked for, or the periods of the series that it is to be cut into."""
    whole = span(first, last, name)
    return series(every, whole.first, whole.last) if every else (whole,)
