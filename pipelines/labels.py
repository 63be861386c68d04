"""Names of the categories that are codes: police forces and courts, as people read them."""

from collections.abc import Mapping
from functools import cache

from transform.breakdowns import OTHER, PLACE_BREAKDOWNS, UNKNOWN
from transform.definition import Question


def heading(question: Question, breakdown: str) -> str:
    """The heading of a breakdown in words."""
    if question.outcome and breakdown == "outcome":
        return question.outcome.label.lower()
    own = {b.name: b.label for b in question.breakdowns.declared} | PLACE_BREAKDOWNS
    return own.get(breakdown, breakdown.replace("_", " ")).lower()


def category(breakdown: str, code: str) -> str:
    """A category as people read it: a force or court with its name after its code, anything else as it is."""
    if breakdown not in ("police_force", "court", "region"):
        return code
    if code in (OTHER, UNKNOWN):
        return {OTHER: "other", UNKNOWN: "not known"}[code]
    name = _names(breakdown).get(code)
    return f"{code} {name}" if name and breakdown != "region" else name or code


@cache
def _names(breakdown: str) -> Mapping[str, str]:
    from transform.standing import courts, forces, region_category

    if breakdown == "court":
        return {court.code: court.name for court in courts().values()}
    if breakdown == "region":
        return {region_category(force.region): force.region for force in forces().values()}
    return {force.force: force.force_name for force in forces().values()}
