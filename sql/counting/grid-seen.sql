-- What spoke in each period: of another nothing was landed, so it has no figure, not even zero.
grid_{{name}} as (
    select distinct period_no, {{expression}} as by_{{name}}, {{expression}} as place_{{name}}
    from records
    join open_day using (hearing_date)
    where received_at <= $as_known_at
      and landed_batch <= $newest_batch
)
