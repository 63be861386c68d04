grid_{{name}} as (
    select distinct {{expression}} as name, {{expression}} as place
    from asked_day
)
