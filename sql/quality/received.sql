-- How many results of hearings were first heard of on which day: by source, court, police force and month of hearing.
-- A statement that was amended counts once, as it stands now, on the day on which its key was first heard of: so an
-- amendment makes no month look as if it had come late. Keys are told apart by 64-bit hashes, and statements of a key
-- by their times and landing, which is much faster: these are volumes, not figures.
-- Relation: records (columns of extract.contract.RECORDS). Bound: from, to (days of hearing), as_at, newest_batch.
create temp table received as
with known as not materialized (
    from records
    where hearing_date between $from and $to
      and received_at <= $as_at
      and landed_batch <= $newest_batch
),
contested as materialized (
    select hash(statement_key) as key_hash, min(received_at) as first_received_at
    from known
    group by key_hash
    having min(received_at) <> max(received_at)
        or min(stated_at) <> max(stated_at)
        or min(landed_batch) <> max(landed_batch)
),
latest as materialized (
    select
        key_hash,
        any_value(first_received_at) as first_received_at,
        max(row(stated_at, received_at, landed_batch)) as statement
    from known
    join contested on key_hash = hash(statement_key)
    group by key_hash
)
select
    source_name,
    if(regexp_full_match(court_ou_code, '[A-Z][0-9]{2}[A-Z0-9]{2,4}'), left(court_ou_code, 5), null) as court,
    if(regexp_full_match(police_force, '[0-9A-Z]{2}'), police_force, null) as police_force,
    cast(date_trunc('month', hearing_date) as date) as month,
    cast(coalesce(first_received_at, received_at) as date) as first_day,
    count(result_index) as results
from known
left join latest on key_hash = hash(statement_key)
where key_hash is null or statement = row(stated_at, received_at, landed_batch)
group by all
