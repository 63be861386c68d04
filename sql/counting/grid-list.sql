grid_{{name}} as (
    select category as name, min(place) as place
    from {{list}}
    where match = 'offence'
    group by category
)
