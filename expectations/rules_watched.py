"""What is watched over time: rules over counts and shares that are judged against their own past.

The table `watched` has a row for each segment: what was observed, and the least and the greatest that was to be
expected (null: no such side). expectations/usual_*.py make it; docs/anomalies.md explains it. None is critical: what
is unusual may be true.
"""

from typing import ClassVar

from expectations.contract import Gate, Severity
from expectations.rule import Rule


class WatchedRule(Rule):
    """A rule on what is usual."""

    gate: ClassVar[Gate] = "watched"
    severity: ClassVar[Severity] = "warning"
    over = "watched"
    broken = "coalesce(observed < low, false) or coalesce(observed > high, false)"

    def __init_subclass__(cls) -> None:
        """Each rule is about the rows of its own."""
        super().__init_subclass__()
        cls.applies = f"rule = '{cls.id}'"


class VolumeSource(WatchedRule):
    """Duplicated deliveries and lost ones, at the level of a source."""

    id = "watched.volume-source"
    sentence = "Each source has about as many results of a month's hearings as in the months before"
    remedy = "Ask the source whether deliveries were lost or sent twice; compare its landings (courtstats sources)"
    about = (
        "A source that suddenly has many more or fewer results makes every figure that rests on it move. Usual causes: "
        "a delivery landed under two names, a changed extract, deliveries that never came."
    )


class VolumeCourt(WatchedRule):
    """A court of which much more or less is known than before."""

    id = "watched.volume-court"
    sentence = "Each court has about as many results of a month's hearings as in the months before"
    remedy = "Ask the source about this court: work moved from or to another court, a second system, lost deliveries"
    about = (
        "One court can double or fade without the total showing it. Usual causes: a court that moved to another "
        "system and is reported by both, work moved between courts, deliveries that lack a court."
    )


class VolumeForce(WatchedRule):
    """A police force of which much more or less is known than before."""

    id = "watched.volume-force"
    severity = "info"
    sentence = "Each police force has about as many results of a month's hearings as in the months before"
    remedy = "Look whether a court of this force is reported too; else ask the source how it tells the force"
    about = (
        "Breakdowns by police force rest on how a source tells the force. Usual causes: references that changed, a "
        "court that stopped or doubled."
    )


class VolumeMonth(WatchedRule):
    """All sources together; only where there are several."""

    id = "watched.volume-month"
    sentence = "All sources together have about as many results of a month's hearings as in the months before"
    remedy = "Look at the sources one by one (courtstats sources); ask those that changed"
    about = (
        "A change that is small in each source can be large in all. Usual causes: the same hearings landed from two "
        "sources, a change in the courts' work that is real."
    )


class CourtSilent(WatchedRule):
    """A court that always had results and now has none."""

    id = "watched.court-silent"
    sentence = "No court that usually has results has none"
    remedy = "Ask the source whether the court closed, moved to another system, or is missing from its deliveries"
    about = (
        "A court without any result counts as zero in every figure. Usual causes: the court is missing from the "
        "deliveries, it reports to another system now, it closed."
    )


class SourceLate(WatchedRule):
    """Freshness, by a source's own habit."""

    id = "watched.source-late"
    sentence = "Something new came from each source no longer ago than is usual for it"
    remedy = "Look whether its deliveries arrived and were landed (courtstats sources); ask the source"
    about = (
        "Figures of the last weeks lack what is late. Usual causes: a landing that was not scheduled or failed, a "
        "delivery that was not sent."
    )


class MonthIncomplete(WatchedRule):
    """Completeness of the last whole month, by the delays of the months before."""

    id = "watched.month-incomplete"
    sentence = "As much of last month is there from each source as is usual so soon after its end"
    remedy = "Wait with figures of this month; ask the source for the missing hearing days and land them"
    about = (
        "A month's results come over days and weeks. A month of which less is there than usual so soon after its end "
        "gives figures that are too small. Usual causes: a delivery is missing, the source is behind."
    )


class QuarantineGrowing(WatchedRule):
    """More is set aside than usual, though less than would stop a landing."""

    id = "watched.quarantine-growing"
    sentence = "No more of each source's newest landing was set aside than is usual"
    remedy = "Look at what was set aside (courtstats quarantine); have it corrected and land it again"
    about = (
        "What is in quarantine is not counted. Usual causes: a change of the source's format, a new kind of message, "
        "damaged files."
    )


class AttritionShift(WatchedRule):
    """A step of the definition that keeps another share than in earlier periods."""

    id = "watched.attrition-shift"
    sentence = "Each step of the count keeps about the share that it kept in earlier periods"
    remedy = "Trace cases that the step leaves out (courtstats trace); look for changed codes (courtstats codes)"
    about = (
        "A step that suddenly keeps another share usually means that the records changed, not the courts: a code that "
        "is written otherwise, a field that is not sent any more, a list that was edited."
    )


class FigureLevel(WatchedRule):
    """A figure far from those of earlier periods."""

    id = "watched.figure-level"
    severity = "info"
    sentence = "The figure, whole and by police force, is within what earlier periods let expect"
    remedy = "Nothing is wrong by itself: before it is published, look at completeness, attrition and the courts"
    about = (
        "A figure far from its past is either news or an error, and somebody will ask which. It is told in which "
        "direction it lies, never which value it has."
    )


INSPECTED: tuple[type[WatchedRule], ...] = (
    VolumeSource,
    VolumeCourt,
    VolumeForce,
    VolumeMonth,
    CourtSilent,
    SourceLate,
    MonthIncomplete,
    QuarantineGrowing,
)
"""About the whole store, at a time."""
ANSWERED: tuple[type[WatchedRule], ...] = (AttritionShift, FigureLevel)
"""About the answer of one run."""
WATCHED: tuple[type[WatchedRule], ...] = (*INSPECTED, *ANSWERED)
