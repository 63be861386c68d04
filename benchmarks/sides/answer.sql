-- By hand, everything that courtstats answers: the figure, what each step left, what it rests on, what was landed.
with said as materialized (
    select
        statement_key, stated_at, received_at, landed_batch, payload_hash, case_index, case_key, statement_complete,
        hearing_date, count(result_index) as results
    from read_parquet($files)
    where hearing_date between $from and $to and received_at <= $as_known_at and landed_batch <= $newest_batch
    group by all
),
latest as (
    select statement_key, max(row(stated_at, received_at, landed_batch, payload_hash, case_index)) as statement
    from said
    group by statement_key
),
standing as materialized (
    select said.*
    from said
    join latest using (statement_key)
    where row(stated_at, received_at, landed_batch, payload_hash, case_index) = latest.statement
),
application as materialized (
    select records.*
    from read_parquet($files) records
    semi join standing using (statement_key, stated_at, received_at, landed_batch, payload_hash, case_index)
    where result_index is not null and offence_code in ('ST19501', 'ST19502') and hearing_date between $from and $to
),
granted as (
    select
        *,
        case
            when result_code = '3307' or result_short_code = 'SPO' then 1
            when not interim_beside then 2
            else 3
        end as kind
    from (
        select *, coalesce(bool_or(result_code = '3306') over (partition by statement_key, case_index, offence_index),
            false) as interim_beside
        from application
    )
    where result_code = '3307'
       or result_short_code in ('SPO', 'G', 'GRANTED')
       or (coalesce(result_code, '1000') = '1000' and list_contains($granted, result_text_digest))
),
first_of_case as (
    select distinct on (case_key)
        case_key, case_key_strength, hearing_date, offence_code, min(kind) over (partition by case_key) as kind
    from granted
    order by case_key, hearing_date, offence_code, statement_key, case_index, offence_index, result_index
)
select 'value' as part, null as name, null as results, count(*) as cases from first_of_case
union all
select 'month', strftime(hearing_date, '%Y-%m'), null, count(*) from first_of_case group by all
union all
select 'type', if(offence_code = 'ST19501', 'new', 'vary'), null, count(*) from first_of_case group by all
union all
select 'step', '1', sum(results), count(distinct case_key) filter (results > 0) from said
union all
select 'step', '2', sum(results), count(distinct case_key) filter (results > 0) from standing
union all
select 'step', '3', count(*), count(distinct case_key) from application
union all
select 'step', '4', count(*), count(distinct case_key) from granted
union all
select 'evidence', cast(kind as varchar), null, count(*) from first_of_case group by all
union all
select 'weak', null, null, count(*) from first_of_case where case_key_strength = 'weak'
union all
select 'incomplete', null, null, count(distinct statement_key) from standing where not statement_complete
union all
select 'landed', concat(min(hearing_date), ' ', max(hearing_date)), null, null from said
