"""The shape of a question file: which keys, of which types. Unknown keys are refused.

What one field alone can show is checked here; what needs the code lists or other fields is in
`question_meaning`. Field names are the keys of the file; their docstrings are what an editor shows, by
way of the published JSON Schema (`question_schema`).
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from transform.question_parts import ConditionPart, ExamplePart, Part, PublishedPart, Unit
from transform.question_values import Cron, Line, PeriodText, ScheduledPeriod, Slug

SCHEMA = "courtstats/question@1"


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
    """Short name, as in the answer for machines."""
    label: Line
    """What the kind means, in words."""
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
    """Name by which it is asked for, like application_type."""
    label: Line
    """Its heading."""
    list: Slug
    """The offence list whose categories are the cells; a step keeps it."""


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
    """The period that is due: the one before the time of the schedule."""


class ReleasePart(Part):
    """Where the figures go out."""

    stream: Slug
    """Name of the publication that the figures belong to."""


class HoldPart(Part):
    """A period whose figures may not be given before a time."""

    period: PeriodText
    """The period, like 2019 or 2019Q4."""
    until: AwareDatetime
    """From then on the figures may be given; with its time zone."""
    basis: Line
    """By what rule or enactment."""


class NotePart(Part):
    """A note that goes with the figure."""

    text: Line
    """The note, on one line."""
    when: dict[str, Line] = {}
    """Only with some figures: `period` that they touch, `unit`, or the category of a breakdown."""


class BreakPart(Part):
    """A break in the series: figures from this day on do not compare with those before."""

    at: date
    """The first day of the new series."""
    text: Line
    """What changed."""


class ProvisionalPart(Part):
    """Figures of recent days, which are still expected to change."""

    days: Annotated[int, Field(ge=1, le=3660)]
    """For how many days after its end a period is provisional."""
    text: Line = "Provisional: results of these hearings can still be amended."
    """The note that goes with provisional figures."""


class AcceptPart(Part):
    """A finding of the linter that is right as it is, and why."""

    finding: Line
    """Id of the finding (docs/reference/findings.md)."""
    because: Line
    """Why it is right as it is."""


class QuestionFile(Part):
    """A whole question file."""

    schema_: Literal["courtstats/question@1"] = Field(alias="schema")
    """Version of this form; always courtstats/question@1."""
    id: Slug
    """Name of the question; the file is named after it."""
    title: Line
    """Heading of the figures."""
    asks: Line
    """The question in one sentence."""
    owner: Line
    """Who answers for it: a team, not a person."""
    in_force: date | None = None
    """Day from which the Act is in force; earlier hearings cannot carry such an order."""
    act: Line | None = None
    """The Act or rule by which such orders can be made, with `in_force`."""
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
