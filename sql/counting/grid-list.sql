grid_{{name}} as (
    select number as period_no, category as by_{{name}}, min(place) as place_{{name}}
    from {{list}}
    cross join asked_period
    where match in ({{matches}})
    group by number, category
)
