"""Named rules: what a step can keep where the definition's own conditions cannot say it.

A rule looks at one result at a time: it gets Arrow arrays of the columns that it names and returns an
array of booleans, where false and null mean "not kept". It is used by name and version
(`rule = "convicted-by-the-hearing@1"`), appears as a step with its own attrition, and is part of the
identity of every question that uses it. To change what a rule does, add a version; never change one.
"""

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: name, version, what it keeps in one sentence, the record's columns it looks at, the function."""

    name: str
    version: int
    says: str
    columns: tuple[str, ...]
    keeps: Callable[..., Any]

    @property
    def id(self) -> str:
        """As a definition writes it: `name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def identity(self) -> str:
        """The id with a digest of the code, for the fingerprint of a question."""
        return f"{self.id}:{hashlib.sha256(inspect.getsource(self.keeps).encode()).hexdigest()}"


def _convicted_by_the_hearing(finding: Any, conviction_date: Any, hearing_date: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    guilty = pc.equal(pc.utf8_upper(finding), pa.scalar("G"))
    by_then = pc.less_equal(conviction_date, hearing_date)
    # A finding decides where there is one: a not guilty verdict beside a stray date of conviction is no conviction.
    return pc.if_else(pc.is_null(finding), pc.fill_null(by_then, False), pc.fill_null(guilty, False))


def _convicted_at_the_hearing(finding: Any, conviction_date: Any, hearing_date: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    then = pc.equal(conviction_date, hearing_date)
    guilty = pc.fill_null(pc.equal(pc.utf8_upper(finding), pa.scalar("G")), False)
    # Without a date the finding has to do; a finding other than guilty beside a date is no conviction.
    by_date = pc.and_(pc.fill_null(then, False), pc.or_(pc.is_null(finding), guilty))
    return pc.if_else(pc.is_null(conviction_date), guilty, by_date)


def _not_aiding_and_abetting(offence_code: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.not_equal(pc.utf8_slice_codeunits(offence_code, 7, 8), pa.scalar("B"))


def _heard_on_a_weekday(hearing_date: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.less(pc.day_of_week(hearing_date), pa.scalar(5))


RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule(
            "convicted-by-the-hearing",
            1,
            "Keeps results on offences with a finding of guilty or, where no finding was sent, with a date of "
            "conviction on or before the day of the hearing",
            ("finding", "conviction_date", "hearing_date"),
            _convicted_by_the_hearing,
        ),
        Rule(
            "convicted-at-the-hearing",
            1,
            "Keeps results on offences of which the defendant was convicted on the day of the hearing, by the date of "
            "conviction or, where none was sent, by a finding of guilty; a later hearing of the offence is left out",
            ("finding", "conviction_date", "hearing_date"),
            _convicted_at_the_hearing,
        ),
        Rule(
            "not-aiding-and-abetting",
            1,
            "Keeps results on offences without B in the eighth place of their code, the form of aiding and abetting",
            ("offence_code",),
            _not_aiding_and_abetting,
        ),
        Rule(
            "heard-on-a-weekday",
            1,
            "Keeps results of hearings from Monday to Friday, without Saturday and holiday courts held at weekends",
            ("hearing_date",),
            _heard_on_a_weekday,
        ),
    )
}
"""Every rule that a definition may use, by `name@version`."""
