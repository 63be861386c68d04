"""The larger parts of a question file: conditions of steps, rows of examples, published tables.

Field names are the keys of the file; their docstrings are what an editor shows.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from transform.question_values import CourtCode, Expectation, Finding, ForceCode, Line, Slug, listed

Unit = Literal["case", "defendant", "application", "order"]
Level = Literal["OFFENCE", "APPLICATION", "CASE", "DEFENDANT"]


class Part(BaseModel):
    """A table of the file: exact types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class WindowPart(Part):
    """Days, both ends included; an end that is left out is open."""

    first: date | None = Field(None, alias="from")
    """First day."""
    last: date | None = Field(None, alias="to")
    """Last day."""


class ConditionPart(Part):
    """Conditions on one result; all that are given must hold."""

    offence: Slug | None = None
    """The offence code is on this code list."""
    result: Slug | None = None
    """The result is on this code list, by CJS code, short code or whole text as the list says."""
    level: Annotated[list[Level], BeforeValidator(listed)] = []
    """What the result is on: one of these levels."""
    source: Annotated[list[Slug], BeforeValidator(listed)] = []
    """The source as configured (`spi`, or the name in a mapping) is one of these."""
    system: Annotated[list[Line], BeforeValidator(listed)] = []
    """The court system that spoke (B00LIBRA, C00CommonPlatform) is one of these."""
    court: Annotated[list[CourtCode], BeforeValidator(listed)] = []
    """The court is one of these, by the first five characters of its code."""
    force: Annotated[list[ForceCode], BeforeValidator(listed)] = []
    """The police force is one of these; every code of a force stands for it (02 is 01), another for itself."""
    finding: Annotated[list[Finding], BeforeValidator(listed)] = []
    """The finding is one of these (G: guilty)."""
    final_disposal: bool | None = None
    """Whether the offence is finally disposed of."""
    convicted: bool | None = None
    """Whether there is a finding of guilty or, where no finding was sent, a date of conviction."""
    hearing: WindowPart | None = None
    """The hearing is in these days."""
    conviction: WindowPart | None = None
    """The conviction is in these days."""
    rule: Line | None = None
    """A named rule with its version, like convicted-by-the-hearing@1 (docs/reference/rules.md)."""


class SelectPart(Part):
    """Which rows of a published table are taken: those whose column has one of these values."""

    column: Line
    """Head of the column."""
    any: list[Line] = Field(min_length=1)
    """The values that are taken."""
    compare: Literal["text", "home office class"] = "text"
    """As text, spaces collapsed and case folded, or as a Home Office class (8/31, 008/31)."""


class PublishedPart(Part):
    """The published table that answers the question; its file is given when asking."""

    name: Line
    """Its full name, which is said with every figure."""
    source: Line
    """Where it is published."""
    counts: Line
    """What its numbers count, in words."""
    basis: Line
    """What it covers and how it differs from a count of hearing records."""
    sheet: Line | None = None
    """Sheet of a workbook; the first where it is left out."""
    year: Line | None = None
    """Column with the calendar year."""
    value: Line | None = None
    """Column with the number."""
    years: Literal["columns"] | None = None
    """Say "columns" where the years are heads of columns; then there is no `year` and `value`."""
    select: list[SelectPart] = Field(min_length=1)


class GivenPart(Part):
    """One row of an example: a result of a case, or (without a result) a statement with nothing left."""

    case: Line
    """Any name for the case."""
    hearing: date
    """Day of the hearing."""
    offence: Line | None = None
    """Offence code; without it and without a result the row is a statement with nothing left."""
    result: Line | None = None
    """Four digits are a CJS code, capitals a short code, anything else a text."""
    short: Line | None = None
    """A short code beside a CJS code."""
    text: Line | None = None
    """A text beside a code."""
    defendant: Line = "1"
    """Any name for the defendant."""
    stated: Annotated[int, Field(ge=1)] = 1
    """Number of the statement about this case, defendant and day; a later one replaces it."""
    application: Line | None = None
    """Any name for the application, where the source tells applications apart."""
    level: Level | None = None
    """What the result is on."""
    source: Slug | None = None
    """Name of the source."""
    system: Line | None = None
    """Court system."""
    court: CourtCode | None = None
    """First five characters of the court's code."""
    force: ForceCode | None = None
    """Two characters of the police force."""
    finding: Finding | None = None
    """Finding as sent."""
    final_disposal: bool | None = None
    """Whether the offence is finally disposed of."""
    convicted: date | None = None
    """Date of conviction."""


class ExamplePart(Part):
    """A small case that shows the rule; it is run by the engine that counts."""

    name: Line
    """What the example shows, in words."""
    given: list[GivenPart]
    expect: dict[str, Expectation] = Field(min_length=1)
    """Figures by period and cell, like "2020Q1" or "2020Q1 month=2020-01 unit=defendant"."""
