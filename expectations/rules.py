"""The catalogue of rules: everything that a gate checks, in the order in which it is reported."""

from expectations.rule import Rule
from expectations.rules_counted import COUNTED
from expectations.rules_due import DUE
from expectations.rules_landed import LANDED
from expectations.rules_loaded import LOADED
from expectations.rules_watched import WATCHED

RULES: tuple[type[Rule], ...] = (*LANDED, *COUNTED, *LOADED, *WATCHED, *DUE)
"""Every check."""
