grid_{{name}} as (
    select number as period_no, name as by_{{name}}, place as place_{{name}}
    from standing_{{name}}
    cross join asked_period
)
