-- One per unit in each period, dated by the result that counts; the order settles every tie.
counted_result as (
    select *, {{outcome}} as outcome_rank
    from {{counted}}
),
first_result as (
    select distinct on (period_no, unit_key) *
    from counted_result
    order by period_no, unit_key, outcome_rank, hearing_date {{direction}}, offence_code, statement_key, case_index,
        offence_index, result_index
),

-- On what each unit rests: the first kind of evidence that applies to any of its results that count; and whether
-- several court systems speak of it.
evidence_row as (
    select period_no, unit_key, source_system, {{kinds}} as kind
    from {{counted}}
),
evidence_of_unit as (
    select period_no, unit_key, min(kind) as kind, count(distinct source_system) > 1 as bridged
    from evidence_row
    group by period_no, unit_key
),

counted_unit as (
    select first_result.*, {{weak}} as weak, evidence_of_unit.kind, evidence_of_unit.bridged{{breakdowns}}
    from first_result
    join evidence_of_unit using (period_no, unit_key)
)
