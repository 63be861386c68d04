-- Step {{number}}: {{name}}
step_{{number}} as materialized (
    select *
    from {{previous}}
    where {{condition}}
)
