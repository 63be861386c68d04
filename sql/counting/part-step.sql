    union all by name
    select 'step' as part, period_no, {{number}} as place, count(*) as result_rows, count(distinct unit_key) as units
    from step_{{number}}
    group by period_no
