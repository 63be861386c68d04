-- Offences on which a result of {{list}} stands. A result beside another is on the same offence, so the first
-- step, which keeps offences alone, has kept it.
beside_{{list}} as (
    select distinct statement_key, case_index, offence_place
    from step_1
    where {{condition}}
)
