-- Step {{number}}: {{name}}
step_{{number}} as (
    select *
    from {{previous}}
    where {{condition}}
)
