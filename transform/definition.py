"""A question as the engine sees it: what it asks, its rule, and everything that goes with its figures.

These are made by `transform.questions` from files that were checked; nothing here checks again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from transform.codelists import CodeList
from transform.periods import Period

if TYPE_CHECKING:
    from transform.published import PublishedTable

UNITS: dict[str, str] = {
    "case": "one per case",
    "defendant": "one per defendant and case",
    "application": "one per application; where the source names none, per case, defendant and offence code",
    "order": "one per defendant, application and category of order result",
}
"""Every unit with what makes two results one."""


@dataclass(frozen=True, slots=True)
class Window:
    """Days from `first` to `last`, both included; `None` is open."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the rule: it keeps the rows for which all its conditions hold (`drop`: takes them out).

    `offence` and `result` name code lists; `rule` is a named rule with its version (`name@1`); the
    tuples hold the values of which one must be met, and are empty where nothing is asked.
    """

    name: str
    offence: str | None = None
    result: str | None = None
    level: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
    court: tuple[str, ...] = ()
    force: tuple[str, ...] = ()
    finding: tuple[str, ...] = ()
    final_disposal: bool | None = None
    convicted: bool | None = None
    hearing: Window | None = None
    conviction: Window | None = None
    rule: str | None = None
    drop: bool = False


@dataclass(frozen=True, slots=True)
class EvidenceKind:
    """Units with a counted result on list `has`, with none (`without`) or one (`beside`) of another list beside it."""

    name: str
    label: str
    has: str
    without: str | None
    beside: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Results sorted into the categories of a list; a unit with several takes the first of `prefer`.

    Of several results of that category `last` takes the last hearing, otherwise the first, to date the unit.
    """

    list: str
    label: str
    prefer: tuple[str, ...]
    last: bool = False


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A breakdown by the categories of an offence list."""

    name: str
    label: str
    list: str


@dataclass(frozen=True, slots=True)
class Breakdowns:
    """Declared breakdowns, the combinations counted by default, and all that may be asked for (default first)."""

    declared: tuple[Breakdown, ...]
    default: tuple[tuple[str, ...], ...]
    allowed: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the question is counted (cron) and which period is meant (`periods.SCHEDULED_PERIODS`)."""

    cron: str
    period: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A period whose figures are not given before `until`, and why."""

    period: Period
    until: datetime
    basis: str


@dataclass(frozen=True, slots=True)
class Note:
    """A note; with conditions it goes with the figures that meet all of them, without with every figure.

    `period`: figures whose days touch it. `cell`: figures of these categories. `unit`: figures of that unit.
    """

    text: str
    period: Period | None = None
    cell: tuple[tuple[str, str], ...] = ()
    unit: str | None = None

    @property
    def bound(self) -> bool:
        """Whether it belongs to some figures only."""
        return bool(self.period or self.cell or self.unit)


@dataclass(frozen=True, slots=True)
class SeriesBreak:
    """A day from which figures do not compare with those before, and why; the figure that holds it is marked `b`."""

    at: date
    text: str


@dataclass(frozen=True, slots=True)
class Provisional:
    """Figures are provisional, marked `p`, for `days` days after their last day, by what is known (day in London)."""

    days: int
    text: str


@dataclass(frozen=True, slots=True)
class Given:
    """One row of an example; without a result it is a statement with nothing left."""

    case: str
    hearing: date
    offence: str | None
    result: str | None
    text: str | None
    defendant: str
    stated: int
    application: str | None = None
    level: str | None = None
    source: str | None = None
    system: str | None = None
    court: str | None = None
    force: str | None = None
    finding: str | None = None
    final_disposal: bool | None = None
    convicted: date | None = None
    short: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """Rows, and the figures they give: `2020Q1` or `2020Q1 month=2020-01 unit=defendant` to a number or a status."""

    name: str
    given: tuple[Given, ...]
    expect: Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Question:
    """One question: what it asks, its rule, and everything that goes with its figures.

    `also` are units counted beside `unit`. `text` is the file's text; `lists` are the code lists that it
    uses, by id; `fingerprint` is the SHA-256 (hex) of what the file and those lists say, whatever their
    layout and comments. `published` is the table that answers the question, where one does; the steps
    are then the same count from hearing records, to stand beside it.
    """

    id: str
    title: str
    asks: str
    owner: str
    unit: str
    in_force: date | None
    act: str | None
    steps: tuple[Step, ...]
    evidence: tuple[EvidenceKind, ...]
    breakdowns: Breakdowns
    schedule: Schedule | None
    release: str | None
    holds: tuple[Hold, ...]
    notes: tuple[Note, ...]
    examples: tuple[Example, ...]
    lists: Mapping[str, CodeList]
    text: str
    fingerprint: str
    also: tuple[str, ...] = ()
    outcome: Outcome | None = None
    breaks: tuple[SeriesBreak, ...] = ()
    provisional: Provisional | None = None
    published: "PublishedTable | None" = None
    accepted: Mapping[str, str] = field(default_factory=dict)

    @property
    def units(self) -> tuple[str, ...]:
        """Every unit it is counted in, the main one first."""
        return (self.unit, *self.also)
