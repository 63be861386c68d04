    union all by name
    select 'step' as part, {{number}} as place, count(*) as result_rows, count(distinct unit_key) as units
    from step_{{number}}
