-- The answer, part by part.
answer as (
    select 'value' as part, 0 as place, null::varchar[] as cell, null::bigint as result_rows, count(*) as units,
        null::date as first_day, null::date as last_day
    from counted_unit
    union all by name
    select 'weak' as part, count(*) as units from counted_unit where case_key_strength = 'weak'
    union all by name
    select 'source' as part, [source_name] as cell, count(*) as units from counted_unit group by source_name
    union all by name
    select 'known' as part, sum(known_rows) as result_rows, count(*) filter (known_rows > 0) as units from asked_unit
    union all by name
    select 'standing' as part, sum(standing_rows) as result_rows, count(*) filter (standing_rows > 0) as units
    from asked_unit
    union all by name
    select 'evidence' as part, kind as place, count(*) as units from counted_unit group by kind
    union all by name
    select 'incomplete' as part, count(distinct statement_key) as units
    from known
    semi join open_day using (hearing_date)
    anti join replaced using (statement_key, stated_at, received_at, landed_batch, payload_hash, case_index)
    where not statement_complete
    union all by name
    select 'landed' as part, [strftime(date_trunc('month', hearing_date), '%Y-%m')] as cell, count(*) as units,
        min(hearing_date) as first_day, max(hearing_date) as last_day
    from known
    semi join open_day using (hearing_date)
    group by date_trunc('month', hearing_date)
{{parts}}
)
select part, place, cell, result_rows, units, first_day, last_day
from answer
order by part, place, cell
