-- The days of each asked period that are not held: nothing is looked at on the others. Periods do not overlap, so a
-- day is in one of them.
asked_day as (
    select number as period_no, cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as hearing_date
    from asked_period
),
open_day as materialized (
    select period_no, hearing_date
    from asked_day
    where not exists (from held_days where asked_day.hearing_date between held_days.first_day and held_days.last_day)
),

-- What was said about the asked months, as known at the asked time: one row per statement and unit.
known as materialized (
    select
        statement_key, stated_at, received_at, landed_batch, payload_hash, case_index,
        hearing_date, statement_complete,
        {{unit}} as unit_key,
        count(result_index) as result_rows  -- a statement with nothing left has one row without a result
    from records
    where hearing_date between date_trunc('month', $from) and last_day($to)  -- rivals lie in the same month
      and received_at <= $as_known_at
      and landed_batch <= $newest_batch
    group by all
),

-- Of a key with several statements the latest made counts (the other columns only settle ties); the rest is replaced.
contested as (
    select statement_key
    from known
    group by statement_key
    having count(*) > 1
),
latest as (
    select statement_key, max(row(stated_at, received_at, landed_batch, payload_hash, case_index)) as statement
    from known
    semi join contested using (statement_key)
    group by statement_key
),
replaced as materialized (
    select known.*
    from known
    join latest using (statement_key)
    where row(stated_at, received_at, landed_batch, payload_hash, case_index) <> latest.statement
),

-- Per period and unit: the results known for the open days, and those left without the replaced statements.
asked_unit as (
    select period_no, unit_key, sum(known_rows) as known_rows, sum(standing_rows) as standing_rows
    from (
        select unit_key, hearing_date, result_rows as known_rows, result_rows as standing_rows from known
        union all
        select unit_key, hearing_date, 0 as known_rows, -result_rows as standing_rows from replaced
    )
    join open_day using (hearing_date)
    group by period_no, unit_key
),

-- Step 1: {{name}}
-- First whatever any statement says, then without what was replaced. The rows of a table extract have no offence
-- that holds several results, so there the offence is what case, defendant and code say.
candidate as materialized (
    select
        {{unit}} as unit_key,
        case_key, case_key_strength, case_urn, defendant_key, application_key,
        source_name, source_system, police_force, court_ou_code,
        hearing_date, statement_key, stated_at, received_at, landed_batch, payload_hash,
        case_index, offence_index, result_index,
        case
            when source_format = 'table' then concat_ws('|', case_key, coalesce(defendant_key, ''), offence_code)
            else cast(offence_index as varchar)
        end as offence_place,
        level, offence_code, result_code, result_short_code, result_text_digest,
        final_disposal, finding, conviction_date
    from records
    where {{condition}}
      and result_index is not null
      and hearing_date between $from and $to
      and received_at <= $as_known_at
      and landed_batch <= $newest_batch
),
step_1 as materialized (
    select candidate.*, open_day.period_no
    from candidate
    join open_day using (hearing_date)
    anti join replaced using (statement_key, stated_at, received_at, landed_batch, payload_hash, case_index)
)
