-- {{names}}: every cell of the grid, with its true zeros.
cells_{{number}} as (
    select
        period_no,
        row_number() over (partition by period_no order by {{places}}) as place,
        [{{cell}}] as cell,
        count(counted_unit.unit_key) as units
    from {{grids}}
    left join counted_unit using (period_no{{matches}})
    group by period_no, {{places}}, {{cell}}
)
