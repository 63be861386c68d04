"""The base of the rules on landed records: each batch after its landing, and a period's records before they count."""

from typing import ClassVar

from expectations.contract import Gate
from expectations.rule import Rule


class LandedRule(Rule):
    """A rule on the landed records: each source is measured and judged by itself, so that none hides in the others."""

    gate: ClassVar[Gate] = "landed"
    over = "records"
    segment = "'source=' || source_name"
