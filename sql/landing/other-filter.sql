-- Days that this extract speaks about and that the same source has spoken about under another declared filter,
-- with something left of what it said. Both would count, so a result that this extract takes back would stay.
with standing as (
    select
        statement_key, hearing_date,
        arg_max(result_index is not null, row(stated_at, received_at, landed_batch, payload_hash, case_index)) as left_over
    from landed
    where source_format = 'table'
        and source_name = $source
        and hearing_date in (select hearing_date from staged)
        and statement_key not in (select statement_key from staged)
    group by statement_key, hearing_date
)
select count(distinct hearing_date) as days, min(hearing_date) as first_day, max(hearing_date) as last_day
from standing
where left_over
