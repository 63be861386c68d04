"""The shape of a question file: which keys, of which types. Unknown keys are refused.

What one field alone can show is checked here; what needs the code lists or other fields is in
`question_checks`. Field names are the keys of the file.
"""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from transform.codelists import SLUG
from transform.contract import NO_DATA, TransformError
from transform.periods import SCHEDULED_PERIODS, parse_period

SCHEMA = "courtstats/question@1"


def _wrong(what: str, remedy: str) -> PydanticCustomError:
    return PydanticCustomError("question", "{what}", {"what": what, "remedy": remedy})


def _slug(text: str) -> str:
    if not SLUG.fullmatch(text.replace("_", "-")):
        raise _wrong(f"{text!r} is not a name", "Use small letters, digits and hyphens, starting with a letter")
    return text


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise _wrong("the text is empty or goes over several lines", "Write it on one line")
    return text


def _period(text: str) -> str:
    try:
        parse_period(text)
    except TransformError as error:
        raise _wrong(error.what, error.remedy) from error
    return text


def _scheduled(text: str) -> str:
    if text not in SCHEDULED_PERIODS:
        raise _wrong(f"{text!r} is not a period of a schedule", f"Use one of: {', '.join(SCHEDULED_PERIODS)}")
    return text


CRON_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_CRON_PART = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/([1-9]\d*))?")


def _cron(text: str) -> str:
    fields = text.split()
    if len(fields) != len(CRON_FIELDS):
        raise _wrong(
            f"{text!r} has {len(fields)} fields, a schedule has 5", 'Write it like "0 6 * * 1": Mondays at six'
        )
    for field, (name, low, high) in zip(fields, CRON_FIELDS, strict=True):
        for part in field.split(","):
            found = _CRON_PART.fullmatch(part)
            numbers = [int(n) for n in (found[1], found[2]) if n] if found else []
            if not found or any(not low <= n <= high for n in numbers) or numbers != sorted(numbers):
                raise _wrong(f"{field!r} is not a {name} of a schedule", f"Use *, numbers {low} to {high}, a-b, */n")
    return text


Slug = Annotated[str, AfterValidator(_slug)]
Line = Annotated[str, AfterValidator(_line)]
PeriodText = Annotated[str, AfterValidator(_period)]


class Part(BaseModel):
    """A table of the file: exact types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CountPart(Part):
    """What is counted, by which date, how often."""

    unit: Literal["case", "defendant"]
    date: Literal["hearing_date"]
    once: Literal["first in period"]


class KeepPart(Part):
    """Which rows a step keeps: those on a list of offences, of results, or on both."""

    offence: Slug | None = None
    result: Slug | None = None


class StepPart(Part):
    """One step of the rule."""

    name: Line
    keep: KeepPart


class EvidencePart(Part):
    """One kind of evidence on which a unit can rest; a unit takes the first that applies."""

    name: Slug
    label: Line
    has: Slug
    without: Slug | None = None
    beside: Slug | None = None


class BreakdownPart(Part):
    """A breakdown by the categories of an offence list."""

    name: Slug
    label: Line
    list: Slug


class BreakdownsPart(Part):
    """Which combinations are counted by default, and which others may be asked for."""

    default: list[list[Slug]] = []
    allowed: list[list[Slug]] = []


class SchedulePart(Part):
    """When the question is counted, and which period is meant."""

    cron: Annotated[str, AfterValidator(_cron)]
    period: Annotated[str, AfterValidator(_scheduled)]


class ReleasePart(Part):
    """Where the figures go out."""

    stream: Slug


class HoldPart(Part):
    """A period whose figures may not be given before a time."""

    period: PeriodText
    until: AwareDatetime
    basis: Line


class NotePart(Part):
    """A note that goes out with the figure."""

    text: Line


class GivenPart(Part):
    """One row of an example: a result of a case, or (without a result) a statement with nothing left."""

    case: Line
    hearing: date
    offence: Line | None = None
    result: Line | None = None
    text: Line | None = None
    defendant: Line = "1"
    stated: Annotated[int, Field(ge=1)] = 1


def _expectation(value: Any) -> Any:
    if value != NO_DATA and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise _wrong("an expected figure is not a number", f'Write a number from 0, or "{NO_DATA}"')
    return value


class ExamplePart(Part):
    """A small case that shows the rule; it is run by the engine that counts."""

    name: Line
    given: list[GivenPart]
    expect: dict[str, Annotated[Any, AfterValidator(_expectation)]] = Field(min_length=1)


class QuestionFile(Part):
    """A whole question file."""

    schema_: Literal["courtstats/question@1"] = Field(alias="schema")
    id: Slug
    title: Line
    asks: Line
    owner: Line
    in_force: date | None = None
    act: Line | None = None
    count: CountPart
    step: list[StepPart] = Field(min_length=1)
    evidence: list[EvidencePart] = []
    breakdown: list[BreakdownPart] = []
    breakdowns: BreakdownsPart = BreakdownsPart()
    schedule: SchedulePart | None = None
    release: ReleasePart | None = None
    hold: list[HoldPart] = []
    note: list[NotePart] = []
    example: list[ExamplePart] = Field(min_length=1)
