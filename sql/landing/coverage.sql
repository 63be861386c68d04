-- Which source spoke of which court, month by month, and on how many days several of them did.
-- Relation: records (columns of extract.contract.RECORDS). Bound: from, to (days of hearing), newest_batch.
with spoken as materialized (
    select
        coalesce(left(court_ou_code, 5), 'unknown') as court, hearing_date, source_name, source_format,
        coalesce(source_system, 'unknown') as source_system,
        count(distinct hash(statement_key)) as statements  -- a 64-bit hash: a count for people, not a figure
    from records
    where hearing_date between $from and $to
      and landed_batch <= $newest_batch
    group by all
),
shared as (
    select court, hearing_date, count(*) as speakers
    from spoken
    group by court, hearing_date
)
select
    court, strftime(hearing_date, '%Y-%m') as month, source_name, source_format, source_system,
    sum(statements)::bigint as statements,
    count(*) as days,
    count(*) filter (speakers > 1 and court <> 'unknown') as shared_days
from spoken
join shared using (court, hearing_date)
group by all
order by court, source_name, source_format, source_system, month
