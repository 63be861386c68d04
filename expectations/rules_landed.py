"""The rules on landed records, in the order in which they are reported.

`records` is the landed records; `expectations.landed_tables` says what else is made from them.
"""

from expectations.rule import Rule
from expectations.rules_landed_codes import CODES
from expectations.rules_landed_dates import DATES
from expectations.rules_landed_keys import KEYS
from expectations.rules_landed_orders import ORDERS
from expectations.rules_landed_statements import LANDING_RULES, STATEMENT_RULES

LANDED: tuple[type[Rule], ...] = (*CODES, *DATES, *KEYS, *STATEMENT_RULES, *ORDERS, *LANDING_RULES)
