-- The answer, part by part, for each period.
answer as (
    select 'value' as part, number as period_no, 0 as place, null::varchar[] as cell, null::bigint as result_rows,
        count(unit_key) as units, null::date as first_day, null::date as last_day
    from asked_period
    left join counted_unit on counted_unit.period_no = asked_period.number
    group by number
    union all by name
    select 'weak' as part, period_no, count(*) as units from counted_unit where weak group by period_no
    union all by name
    select 'source' as part, period_no, [source_name] as cell, count(*) as units
    from counted_unit
    group by period_no, source_name
    union all by name
    select 'systems' as part, period_no, count(distinct source_system) as place,
        count(*) filter (not starts_with(case_key, 'urn:')) as result_rows, count(*) filter (bridged) as units
    from counted_unit
    group by period_no
    union all by name
    select 'known' as part, period_no, known_rows as result_rows, known_units as units from known
    union all by name
    select 'standing' as part, period_no, standing_rows as result_rows, standing_units as units from known
    union all by name
    select 'own' as part, period_no, own_rows as result_rows, own_units as units from known
    union all by name
    select 'evidence' as part, period_no, kind as place, count(*) as units from counted_unit group by period_no, kind
    union all by name
    select 'incomplete' as part, period_no, count(distinct statement_key) as units
    from records
    join open_day using (hearing_date)
    anti join replaced using (statement_key, stated_at, received_at, landed_batch, payload_hash, case_index)
    anti join covered
        on {{is_covered}}
    where not statement_complete
      and received_at <= $as_known_at
      and landed_batch <= $newest_batch
    group by period_no
    union all by name
    select 'landed' as part, period_no, [strftime(date_trunc('month', hearing_date), '%Y-%m')] as cell,
        count(*) as units, min(hearing_date) as first_day, max(hearing_date) as last_day
    from known_day
    group by period_no, date_trunc('month', hearing_date)
{{parts}}
)
select part, period_no, place, cell, result_rows, units, first_day, last_day
from answer
order by period_no, part, place, cell
