"""Values of a question file that one field alone can judge: names, lines, periods, crons, figures."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from transform.codelists import SLUG
from transform.contract import NO_DATA, TransformError
from transform.periods import SCHEDULED_PERIODS, parse_period


def wrong(what: str, remedy: str) -> PydanticCustomError:
    """A fault of one value, with what to do."""
    return PydanticCustomError("question", "{what}", {"what": what, "remedy": remedy})


def _slug(text: str) -> str:
    if not SLUG.fullmatch(text.replace("_", "-")):
        raise wrong(f"{text!r} is not a name", "Use small letters, digits and hyphens, starting with a letter")
    return text


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise wrong("the text is empty or goes over several lines", "Write it on one line")
    return text


def _period(text: str) -> str:
    try:
        parse_period(text)
    except TransformError as error:
        raise wrong(error.what, error.remedy) from error
    return text


def _scheduled(text: str) -> str:
    if text not in SCHEDULED_PERIODS:
        raise wrong(f"{text!r} is not a period of a schedule", f"Use one of: {', '.join(SCHEDULED_PERIODS)}")
    return text


CRON_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_CRON_PART = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/([1-9]\d*))?")


def _cron(text: str) -> str:
    fields = text.split()
    if len(fields) != len(CRON_FIELDS):
        raise wrong(f"{text!r} has {len(fields)} fields, a schedule has 5", 'Write it like "0 6 * * 1": Mondays at six')
    for field, (name, low, high) in zip(fields, CRON_FIELDS, strict=True):
        for part in field.split(","):
            found = _CRON_PART.fullmatch(part)
            numbers = [int(n) for n in (found[1], found[2]) if n] if found else []
            if not found or any(not low <= n <= high for n in numbers) or numbers != sorted(numbers):
                raise wrong(f"{field!r} is not a {name} of a schedule", f"Use *, numbers {low} to {high}, a-b, */n")
    return text


def _coded(pattern: str, what: str, remedy: str) -> AfterValidator:
    form = re.compile(pattern)

    def check(text: str) -> str:
        if not form.fullmatch(text):
            raise wrong(f"{text!r} is not {what}", remedy)
        return text

    return AfterValidator(check)


def _expectation(value: Any) -> Any:
    if value != NO_DATA and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise wrong("an expected figure is not a number", f'Write a number from 0, or "{NO_DATA}"')
    return value


def listed(value: Any) -> Any:
    """One text stands for a list of it."""
    return [value] if isinstance(value, str) else value


Slug = Annotated[str, AfterValidator(_slug)]
Line = Annotated[str, AfterValidator(_line)]
PeriodText = Annotated[str, AfterValidator(_period)]
ScheduledPeriod = Annotated[str, AfterValidator(_scheduled)]
Cron = Annotated[str, AfterValidator(_cron)]
CourtCode = Annotated[
    str,
    _coded("[A-Z][A-Z0-9]{4}", "a court", "Write the first five characters of its code, in capitals, like B01DU"),
]
ForceCode = Annotated[
    str,
    _coded("[A-Z0-9]{2}", "a police force", 'Write its two characters in quotes, like "01"'),
]
Finding = Annotated[
    str,
    _coded("[A-Z]{1,4}", "a finding", "Write its letters as sent, like G for guilty"),
]
Expectation = Annotated[
    Any,
    AfterValidator(_expectation),
    Field(json_schema_extra={"anyOf": [{"type": "integer", "minimum": 0}, {"const": NO_DATA}]}),
]
