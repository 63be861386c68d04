-- One per unit in the period, dated by its first result that counts; the order settles every tie.
first_result as (
    select distinct on (unit_key) *
    from {{counted}}
    order by unit_key, hearing_date, offence_code, statement_key, case_index, offence_index, result_index
),

-- On what each unit rests: the first kind of evidence that applies to any of its results that count.
evidence_row as (
    select unit_key, {{kinds}} as kind
    from {{counted}}
),
evidence_of_unit as (
    select unit_key, min(kind) as kind
    from evidence_row
    group by unit_key
),

counted_unit as (
    select first_result.*, evidence_of_unit.kind{{breakdowns}}
    from first_result
    join evidence_of_unit using (unit_key)
)
