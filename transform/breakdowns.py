"""The breakdowns that every question may declare, beside those by its own lists.

By time: from the day that counts. By place and source: from the record that counts. Their cells are a
grid that does not depend on what was counted, so that a zero is shown as a zero.
"""

TIME_BREAKDOWNS = ("month", "quarter", "half_year", "year", "financial_year")
"""Breakdowns by the date that counts."""
PLACE_BREAKDOWNS: dict[str, str] = {
    "police_force": "Police force",
    "region": "Region",
    "court": "Court",
    "source_system": "Court system",
}
"""Breakdowns by where the record that counts comes from, with their headings."""
SEEN_BREAKDOWNS = ("court", "source_system")
"""Their grid is what statements that count spoke of in the period: another court has no figure, not a zero."""
OUTCOME = "outcome"
RESERVED = (*TIME_BREAKDOWNS, *PLACE_BREAKDOWNS, OUTCOME, "unit", "period")
"""Names that a question cannot give to a breakdown of its own."""
UNKNOWN, OTHER = "unknown", "other"
"""Categories for records that do not say, and for what is not in the standing data."""
