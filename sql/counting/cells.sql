-- {{names}}: every cell of the grid, with its true zeros.
cells_{{number}} as (
    select
        row_number() over (order by {{places}}) as place,
        [{{cell}}] as cell,
        count(counted_unit.unit_key) as units
    from {{grids}}
    left join counted_unit on {{matches}}
    group by {{places}}, {{cell}}
)
