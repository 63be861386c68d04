-- By hand: the figure of every quarter of ten years, nothing else.
with said as (
    select
        statement_key, stated_at, received_at, landed_batch, payload_hash, case_index, result_index,
        hearing_date, case_key, offence_code, result_code, result_short_code, result_text_digest
    from read_parquet($files)
    where hearing_date between $from and $to and received_at <= $as_known_at and landed_batch <= $newest_batch
),
latest as (
    select statement_key, max(row(stated_at, received_at, landed_batch, payload_hash, case_index)) as statement
    from said
    group by statement_key
),
granted as (
    select said.*
    from said
    join latest using (statement_key)
    where row(stated_at, received_at, landed_batch, payload_hash, case_index) = latest.statement
      and result_index is not null
      and offence_code in ('ST19501', 'ST19502')
      and (
          result_code = '3307'
          or result_short_code in ('SPO', 'G', 'GRANTED')
          or (coalesce(result_code, '1000') = '1000' and list_contains($granted, result_text_digest))
      )
)
select date_trunc('quarter', hearing_date) as quarter, count(distinct case_key) as cases
from granted
group by all
order by all
