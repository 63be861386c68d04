"""The shape of a question file: which keys, of which types. Unknown keys are refused.

What one field alone can show is checked here; what needs the code lists or other fields is in
`question_meaning`. Field names are the keys of the file; their docstrings are what an editor shows, by
way of the published JSON Schema (`question_schema`).
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from transform.question_values import (
    CourtCode,
    Cron,
    Expectation,
    Finding,
    ForceCode,
    Line,
    PeriodText,
    ScheduledPeriod,
    Slug,
    listed,
)

SCHEMA = "courtstats/question@1"
Unit = Literal["case", "defendant", "application", "order"]
Level = Literal["OFFENCE", "APPLICATION", "CASE", "DEFENDANT"]


class Part(BaseModel):
    """A table of the file: exact types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class CountPart(Part):
    """What is counted, by which date, how often."""

    unit: Unit
    """case; defendant (one per defendant and case); application; order (one per defendant, application and order)."""
    also: list[Unit] = []
    """Other units to show side by side with the first."""
    date: Literal["hearing_date"]
    """The date that places a unit in a period."""
    once: Literal["first in period"]
    """One per unit in each period, dated by its first hearing that qualifies there."""


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
    """The police force is one of these, by its two characters."""
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


class StepPart(Part):
    """One step of the rule: what it keeps, or what it drops."""

    name: Line
    """The step in words, as it appears in the attrition."""
    keep: ConditionPart | None = None
    """Keep the results for which these conditions hold."""
    drop: ConditionPart | None = None
    """Take out the results for which all these conditions hold."""


class EvidencePart(Part):
    """One kind of evidence on which a unit can rest; a unit takes the first that applies."""

    name: Slug
    label: Line
    has: Slug
    """A counted result is on this list."""
    without: Slug | None = None
    """No result on the same offence is on this list."""
    beside: Slug | None = None
    """A result on the same offence is on this list."""


class OutcomePart(Part):
    """Results sorted into categories; makes the breakdown `outcome`."""

    prefer: list[Slug] = Field(min_length=1)
    """The categories in order of preference: a unit with several takes the first."""
    tie_break: Literal["first hearing", "last hearing"]
    """Which hearing dates the unit where several have its outcome."""
    label: Line = "Outcome"
    """Heading of the breakdown."""
    list: Slug
    """The result list whose categories are the outcomes."""


class BreakdownPart(Part):
    """A breakdown by the categories of an offence list."""

    name: Slug
    label: Line
    list: Slug


class BreakdownsPart(Part):
    """Which combinations are counted by default, and which others may be asked for."""

    default: list[list[Slug]] = []
    """Combinations that are always counted."""
    allowed: list[list[Slug]] = []
    """Combinations that may be asked for besides."""


class SchedulePart(Part):
    """When the question is counted, and which period is meant."""

    cron: Cron
    """Minute, hour, day, month, weekday, in London time."""
    period: ScheduledPeriod


class ReleasePart(Part):
    """Where the figures go out."""

    stream: Slug


class HoldPart(Part):
    """A period whose figures may not be given before a time."""

    period: PeriodText
    until: AwareDatetime
    basis: Line
    """By what rule or enactment."""


class NotePart(Part):
    """A note that goes with the figure."""

    text: Line
    when: dict[str, Line] = {}
    """Only with some figures: `period` that they touch, `unit`, or the category of a breakdown."""


class BreakPart(Part):
    """A break in the series: figures from this day on do not compare with those before."""

    at: date
    text: Line


class ProvisionalPart(Part):
    """Figures of recent days, which are still expected to change."""

    days: Annotated[int, Field(ge=1, le=3660)]
    """For how many days after its end a period is provisional."""
    text: Line = "Provisional: results of these hearings can still be amended."


class SelectPart(Part):
    """Which rows of a published table are taken: those whose column has one of these values."""

    column: Line
    any: list[Line] = Field(min_length=1)
    compare: Literal["text", "home office class"] = "text"


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


class AcceptPart(Part):
    """A finding of the linter that is right as it is, and why."""

    finding: Line
    """Id of the finding (docs/reference/findings.md)."""
    because: Line


class GivenPart(Part):
    """One row of an example: a result of a case, or (without a result) a statement with nothing left."""

    case: Line
    hearing: date
    offence: Line | None = None
    result: Line | None = None
    """Four digits are a CJS code, capitals a short code, anything else a text."""
    short: Line | None = None
    """A short code beside a CJS code."""
    text: Line | None = None
    """A text beside a code."""
    defendant: Line = "1"
    stated: Annotated[int, Field(ge=1)] = 1
    """Number of the statement about this case, defendant and day; a later one replaces it."""
    application: Line | None = None
    level: Level | None = None
    source: Slug | None = None
    system: Line | None = None
    court: CourtCode | None = None
    force: ForceCode | None = None
    finding: Finding | None = None
    final_disposal: bool | None = None
    convicted: date | None = None
    """Date of conviction."""


class ExamplePart(Part):
    """A small case that shows the rule; it is run by the engine that counts."""

    name: Line
    given: list[GivenPart]
    expect: dict[str, Expectation] = Field(min_length=1)
    """Figures by period and cell, like "2020Q1" or "2020Q1 month=2020-01 unit=defendant"."""


class QuestionFile(Part):
    """A whole question file."""

    schema_: Literal["courtstats/question@1"] = Field(alias="schema")
    id: Slug
    """Name of the question; the file is named after it."""
    title: Line
    asks: Line
    """The question in one sentence."""
    owner: Line
    """Who answers for it: a team, not a person."""
    in_force: date | None = None
    """Day from which the Act is in force; earlier hearings cannot carry such an order."""
    act: Line | None = None
    count: CountPart
    step: list[StepPart] = Field(min_length=1)
    outcome: OutcomePart | None = None
    evidence: list[EvidencePart] = []
    breakdown: list[BreakdownPart] = []
    breakdowns: BreakdownsPart = BreakdownsPart()
    schedule: SchedulePart | None = None
    release: ReleasePart | None = None
    hold: list[HoldPart] = []
    note: list[NotePart] = []
    series_break: list[BreakPart] = []
    provisional: ProvisionalPart | None = None
    published: PublishedPart | None = None
    accept: list[AcceptPart] = []
    example: list[ExamplePart] = Field(min_length=1)
