grid_{{name}} as (
    select distinct period_no, {{expression}} as by_{{name}}, {{expression}} as place_{{name}}
    from asked_day
)
