"""The catalogue of rules: everything that a gate checks, in the order in which it is reported."""

from expectations.rule import Rule
from expectations.rules_counted import COUNTED
from expectations.rules_landed import LANDED
from expectations.rules_loaded import LOADED

RULES: tuple[type[Rule], ...] = (*LANDED, *COUNTED, *LOADED)
