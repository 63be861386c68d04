-- What statements that count spoke of in each period: for another there is no figure, not even zero.
grid_{{name}} as (
    select distinct period_no, {{expression}} as by_{{name}}, {{expression}} as place_{{name}}
    from records
    join open_day using (hearing_date)
    anti join replaced using (statement_key, stated_at, received_at, landed_batch, payload_hash, case_index)
    anti join covered
        on {{is_covered}}
    where received_at <= $as_known_at
      and landed_batch <= $newest_batch
)
