"""Rules on what results and applications say together, for the questions that count them."""

from expectations.landed_rule import LandedRule

_STALKING = ("stalking-protection-orders", "stalking-protection-applications")
_ORDER = "(result_code in ('3306', '3307') or result_short_code in ('SPO', 'ISPO'))"
_CASE = "hash(statement_key, payload_hash, received_at, landed_batch, case_index, case_key)"
_GRANTED = "(result_code = '3307' or result_short_code in ('SPO', 'G', 'GRANTED'))"
_REFUSED = "(result_code in ('2006', '3242', '2051', '2063', '4010') or result_short_code in ('RFSD', 'WDRN', 'DISM'))"


class OrderOnItsApplication(LandedRule):
    """A stalking protection order is made on an application under the Act (ST195..). On another offence code it is not
    counted: either the code of the offence is wrong, or the result's."""

    id = "landed.order-on-its-application"
    severity = "warning"
    sentence = "Few stalking protection orders (3306, 3307, SPO) are on another offence than an application (ST195..)"
    remedy = "Compare with the source; an order on another offence is not counted"
    questions = _STALKING
    applies = f"{_ORDER} and offence_code is not null"
    broken = "not starts_with(offence_code, 'ST195')"


class OrderWithApplication(LandedRule):
    """An order in a case without any application under the Act in the same statement: the application was lost on the
    way, or was given another code throughout."""

    id = "landed.order-with-application"
    severity = "warning"
    sentence = "Few cases with a stalking protection order have no application for one (ST195..) in their statement"
    remedy = "Ask the source for the application; without it the order is not counted"
    questions = _STALKING
    query = f"""
        select segment, count(*) as checked, count(*) filter (where not applied) as unexpected
        from (
            select 'source=' || source_name as segment, {_CASE} as one,
                bool_or({_ORDER}) as ordered, bool_or(starts_with(offence_code, 'ST195')) as applied
            from {{batch}} where result_index is not null
                and ({_ORDER} or starts_with(offence_code, 'ST195'))
            group by all
        ) where ordered group by segment
    """  # noqa: S608 - the rule's own conditions


class GrantedOrRefused(LandedRule):
    """An application that is granted and refused or withdrawn at one hearing is both at once; the letter's rule counts
    it as granted."""

    id = "landed.granted-or-refused"
    severity = "warning"
    sentence = "Few applications under the Act (ST195..) are granted and refused, dismissed or withdrawn at one hearing"
    remedy = "Compare with the source; such an application counts as granted"
    questions = _STALKING
    query = f"""
        select segment, count(*) as checked, count(*) filter (where granted and refused) as unexpected
        from (
            select 'source=' || source_name as segment, {_CASE} as one, offence_index,
                coalesce(bool_or({_GRANTED}), false) as granted, coalesce(bool_or({_REFUSED}), false) as refused
            from {{batch}} where starts_with(offence_code, 'ST195') and result_index is not null
            group by all
        ) group by segment
    """  # noqa: S608 - the rule's own conditions


class RestrainingOrderFitsFinding(LandedRule):
    """3047 is made on a conviction and 3260 on an acquittal. With the other finding one of the two is wrong, and a
    count of sentences takes the wrong people."""

    id = "landed.restraining-order-fits-finding"
    severity = "warning"
    sentence = "Few restraining orders on conviction (3047) have no finding of guilty, or on acquittal (3260) one"
    remedy = "Compare finding and order with the source; a count of sentences follows the finding"
    questions = ("restraining-orders-for-stalking",)
    applies = "result_code in ('3047', '3260') and finding is not null"
    broken = "(result_code = '3047') <> (upper(finding) = 'G')"


class AdjournedNotFinal(LandedRule):
    """An offence that is adjourned (4506) is not finally disposed of; where a source says both, its mark of the final
    result cannot be relied on."""

    id = "landed.adjourned-not-final"
    severity = "info"
    sentence = "Few adjournments (4506) are on an offence that is said to be finally disposed of"
    remedy = "Ask the source; do not count finally disposed offences from it until this is explained"
    applies = "result_code = '4506' and final_disposal is not null"
    broken = "final_disposal"


ORDERS = (
    OrderOnItsApplication,
    OrderWithApplication,
    GrantedOrRefused,
    RestrainingOrderFitsFinding,
    AdjournedNotFinal,
)
