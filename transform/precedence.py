"""Which source goes before which: where two say the same hearing, one of them is set aside."""

from collections.abc import Iterable
from dataclasses import dataclass

from transform.definition import Step


@dataclass(frozen=True, slots=True)
class Precedence:
    """For every court and day of which the first source spoke, the other is set aside; None stands for any.

    `source` and `format` name the one that counts, `over_...` the one that gives way (columns of
    `extract.contract.RECORDS`).
    """

    source: str | None = None
    format: str | None = None
    over_source: str | None = None
    over_format: str | None = None
    over_system: str | None = None


OWN_FEED = Precedence(format="common-platform", over_format="spi", over_system="C00CommonPlatform")
"""Common Platform sends SPI messages beside its own feed. A standalone application has dummy references in SPI, so the
two cannot be joined one by one: by court and day the feed counts, which also gets the corrections that SPI lacks."""


def precedence_of(named: Iterable[tuple[str, Iterable[str]]] = ()) -> tuple[Precedence, ...]:
    """The rule on Common Platform's own feed, and that of each (source, sources that give way to it)."""
    return (OWN_FEED, *(Precedence(source=one, over_source=other) for one, others in named for other in others))


def leaves_sources_out(step: Step) -> bool:
    """Whether some sources have no row that passes a step, whatever their rows say.

    It keeps the sources that it names, or drops them for their names alone.
    """
    return bool(step.source) and (not step.drop or step == Step(step.name, source=step.source, drop=True))


def leaves_out(step: Step, name: str) -> bool:
    """Whether the source of that name is one of those; a question leaves out what any of its steps does."""
    return leaves_sources_out(step) and (name in step.source) is step.drop
