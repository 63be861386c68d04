-- By hand, the figure alone: the total, by month and by type of application.
with said as materialized (
    select
        statement_key, stated_at, received_at, landed_batch, payload_hash, case_index, offence_index, result_index,
        hearing_date, case_key, offence_code, result_code, result_short_code, result_text_digest
    from read_parquet($files)
    where hearing_date between $from and $to and received_at <= $as_known_at and landed_batch <= $newest_batch
),
latest as (
    select statement_key, max(row(stated_at, received_at, landed_batch, payload_hash, case_index)) as statement
    from said
    group by statement_key
),
standing as (
    select said.*
    from said
    join latest using (statement_key)
    where row(stated_at, received_at, landed_batch, payload_hash, case_index) = latest.statement
),
granted as (
    select *
    from standing
    where result_index is not null
      and offence_code in ('ST19501', 'ST19502')
      and (
          result_code = '3307'
          or result_short_code in ('SPO', 'G', 'GRANTED')
          or (coalesce(result_code, '1000') = '1000' and list_contains($granted, result_text_digest))
      )
),
first_of_case as (
    select distinct on (case_key) case_key, hearing_date, offence_code
    from granted
    order by case_key, hearing_date, offence_code, statement_key, case_index, offence_index, result_index
)
select 'value' as part, null as name, count(*) as cases from first_of_case
union all
select 'month', strftime(hearing_date, '%Y-%m'), count(*) from first_of_case group by all
union all
select 'type', if(offence_code = 'ST19501', 'new', 'vary'), count(*) from first_of_case group by all
