"""Rules on what was counted, before it is loaded: figures, attrition, evidence.

The tables are the frames of `gates.check_counted`; `figures` has one column more, `breakdown`: the names of
the cell's attributes joined by commas, '' for the total, null where the cell is not canonical JSON. The table
`asked` holds the breakdowns that were asked for in the same spelling. Totals that are summed are those of
every period in the frame (a run has one).
"""

from typing import ClassVar

from expectations.contract import Gate
from expectations.rule import Rule
from transform.contract import COUNTED as COUNTED_STATUS
from transform.contract import STATUSES

_KNOWN = ", ".join(f"'{status}'" for status in STATUSES)
_TOTAL = f"""
    (select case when count(*) > 0 and count(*) = count(*) filter (where status = '{COUNTED_STATUS}')
        then sum(value) end from figures where breakdown = '')
"""  # noqa: S608 - the known statuses
"""The total, null where there is none or it is hidden."""


class CountedRule(Rule):
    """A rule on what was counted."""

    gate: ClassVar[Gate] = "counted"
    severity = "critical"
    over = "figures"
    remedy = "Report this as a fault in counting; courtstats explain shows the SQL of the question"


class OneTotal(CountedRule):
    """Everything else is compared with the total."""

    id = "counted.one-total"
    sentence = "Every period has exactly one total"
    query = """
        select greatest(count(*), 1) as checked,
            case when count(*) = 0 then 1 else count(*) filter (where totals <> 1) end as unexpected
        from (select count(*) filter (where breakdown = '') as totals from {batch} group by period)
    """


class OneRowPerCell(CountedRule):
    """Two values for one cell cannot both be right."""

    id = "counted.one-row-per-cell"
    sentence = "Every cell of a period has one row"
    query = """
        select coalesce(sum(times), 0)::bigint as checked, coalesce(sum(times - 1), 0)::bigint as unexpected
        from (select count(*) as times from {batch} group by period, cell)
    """


class CellAsked(CountedRule):
    """A cell in another spelling would be another cell in the warehouse."""

    id = "counted.cell-asked-for"
    sentence = "Every cell is the total or belongs to a breakdown that was asked for, in canonical spelling"
    broken = "breakdown is null or (breakdown <> '' and breakdown not in (select breakdown from asked))"


class BreakdownPresent(CountedRule):
    """A breakdown without a row would read as nothing to show."""

    id = "counted.breakdown-present"
    sentence = "Every breakdown that was asked for has cells wherever something was counted"
    over = "asked"
    applies = f"{_TOTAL} > 0"
    broken = "breakdown not in (select breakdown from figures where breakdown is not null)"


class StatusKnown(CountedRule):
    """The status says why a value is missing; an unknown one says nothing."""

    id = "counted.status-known"
    sentence = "Every figure has a known status"
    broken = f"status is null or status not in ({_KNOWN})"


class ValueFitsStatus(CountedRule):
    """A hidden or missing value is null with a status, never a number."""

    id = "counted.value-fits-status"
    sentence = "A value is missing exactly where the status is not `counted`"
    broken = f"(value is not null) <> coalesce(status = '{COUNTED_STATUS}', false)"


class ValueNotNegative(CountedRule):
    """-1 must never stand for a missing value."""

    id = "counted.value-not-negative"
    sentence = "No value is negative"
    applies = "value is not null"
    broken = "value < 0"


class CellsAddUp(CountedRule):
    """Each unit is in one cell of each breakdown."""

    id = "counted.cells-add-up"
    sentence = "The cells of each breakdown add up to the total; where some are hidden, the rest do not exceed it"
    query = f"""
        with figure as (select * from {{batch}}),
        total as (select period, max(value) as value from figure where breakdown = '' group by period),
        breakdown as (
            select period, breakdown, coalesce(sum(value), 0) as value, bool_and(status = '{COUNTED_STATUS}') as all_counted
            from figure where breakdown <> '' group by period, breakdown
        )
        select count(*) as checked,
            count(*) filter (where case when all_counted then breakdown.value <> total.value
                else breakdown.value > total.value end) as unexpected
        from breakdown join total using (period) where total.value is not null
    """  # noqa: S608, E501 - the known status


class AttritionNeverRises(CountedRule):
    """A step keeps rows and units, or drops them."""

    id = "counted.attrition-never-rises"
    over = "attrition"
    sentence = "From step to step neither rows nor units rise, and none is negative"
    query = """
        select count(*) as checked,
            count(*) filter (where rows_now is null or units_now is null or rows_now < 0 or units_now < 0
                or rows_now > rows_before or units_now > units_before) as unexpected
        from (
            select "rows" as rows_now, units as units_now,
                lag("rows") over (order by position) as rows_before, lag(units) over (order by position) as units_before
            from {batch}
        )
    """


class AttritionReachesTotal(CountedRule):
    """The last step is the figure."""

    id = "counted.attrition-reaches-total"
    over = "attrition"
    sentence = "The units left after the last step are the total"
    query = f"""
        select count(*) as checked, count(*) filter (where last_units is distinct from total) as unexpected
        from (select max_by(units, position) as last_units, {_TOTAL} as total from {{batch}})
        where total is not null
    """  # noqa: S608 - the known status


class EvidenceAddsUp(CountedRule):
    """Each counted unit rests on one kind of evidence."""

    id = "counted.evidence-adds-up"
    over = "evidence"
    sentence = "The kinds of evidence add up to the total, and none is negative"
    query = f"""
        select kinds as checked, case when total is null then 0
            when units is distinct from total then kinds else negative end as unexpected
        from (select count(*) as kinds, sum(units) as units, count(*) filter (where units < 0) as negative,
            {_TOTAL} as total from {{batch}})
    """  # noqa: S608 - the known status


class NothingBesideHiddenTotal(CountedRule):
    """The last step of the attrition, or the sum of the evidence, would tell a held total."""

    id = "counted.nothing-beside-a-hidden-total"
    sentence = "Where the total is hidden or missing, neither attrition nor evidence is given"
    remedy = "Report this as a fault in counting: it would disclose a held figure"
    query = f"""
        select beside as checked, case when total is null then beside else 0 end as unexpected
        from (select {_TOTAL} as total, (select count(*) from attrition) + (select count(*) from evidence) as beside)
        where (select count(*) from {{batch}}) is not null
    """  # noqa: S608 - the known status


COUNTED: tuple[type[Rule], ...] = (
    OneTotal,
    OneRowPerCell,
    CellAsked,
    BreakdownPresent,
    StatusKnown,
    ValueFitsStatus,
    ValueNotNegative,
    CellsAddUp,
    AttritionNeverRises,
    AttritionReachesTotal,
    EvidenceAddsUp,
    NothingBesideHiddenTotal,
)
