"""Which source goes before which: where two say the same hearing, one of them is set aside."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from transform.definition import Question, Step


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


def in_play(rules: Sequence[Precedence], question: Question) -> tuple[Precedence, ...]:
    """The rules whose first source the question counts: what it leaves out puts nothing else aside."""
    kept: set[str] | None = None
    for step in question.steps:
        if step.source and not step.drop:
            kept = set(step.source) if kept is None else kept & set(step.source)
    if kept is None:
        return tuple(rules)
    named = [replace(rule, source=name) for rule in rules if rule.source is None for name in sorted(kept)]
    return (*named, *(rule for rule in rules if rule.source in kept))


def drops_source(step: Step, name: str) -> bool:
    """Whether a step takes a source out for its name alone."""
    return name in step.source and step == Step(step.name, source=step.source, drop=True)


def dropped_sources(question: Question) -> tuple[str, ...]:
    """The sources that a question takes out for their names alone."""
    return tuple(sorted({name for step in question.steps for name in step.source if drops_source(step, name)}))
