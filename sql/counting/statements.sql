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

-- Keys about which the asked months hold more than one statement. Keys and statements are told apart by 64-bit hashes
-- here, which is much faster; a key that only seems contested is found not to be below.
contested as materialized (
    select hash(statement_key) as key_hash
    from records
    where hearing_date between date_trunc('month', $from) and last_day($to)  -- rivals lie in the same month
      and received_at <= $as_known_at
      and landed_batch <= $newest_batch
    group by key_hash
    having min(hash(stated_at, received_at, landed_batch, payload_hash, case_index))
        <> max(hash(stated_at, received_at, landed_batch, payload_hash, case_index))
),
rival as materialized (
    select
        statement_key, stated_at, received_at, landed_batch, payload_hash, case_index, hearing_date, source_format,
        {{unit}} as unit_key,
        count(result_index) as result_rows  -- a statement with nothing left has one row without a result
    from records
    where hash(statement_key) in (select key_hash from contested)
      and hearing_date between date_trunc('month', $from) and last_day($to)
      and received_at <= $as_known_at
      and landed_batch <= $newest_batch
    group by all
),

-- Of a key with several statements the latest made counts (the other columns only settle ties); the rest is replaced.
latest as (
    select statement_key, max(row(stated_at, received_at, landed_batch, payload_hash, case_index)) as statement
    from rival
    group by statement_key
),
replaced as materialized (
    select rival.*
    from rival
    join latest using (statement_key)
    where row(stated_at, received_at, landed_batch, payload_hash, case_index) <> latest.statement
),

-- One source goes before another: where it speaks of a court and a day, and if only to say that nothing is left, what
-- the other says of them is set aside, for it would count twice. An empty day of an extract names no court, so there
-- what was said before still tells which courts it is about. A source that the question leaves out goes before none.
restated as (
    select statement_key, stated_at, received_at, landed_batch, payload_hash, case_index
    from replaced
    where source_format <> 'table'
),
covered as materialized (
    select distinct
        left(court_ou_code, 5) as covered_court, hearing_date as covered_day, over_source, over_format, over_system
    from records
    join open_day using (hearing_date)
    join precedence
        on (precedence.source is null or precedence.source = source_name)
        and (precedence.format is null or precedence.format = source_format)
    anti join restated using (statement_key, stated_at, received_at, landed_batch, payload_hash, case_index)
    where {{covers}}
      and received_at <= $as_known_at
      and landed_batch <= $newest_batch
),

-- How many results and units were known for the open days, how many are left without the replaced statements, and how
-- many without what is set aside. Only their number is wanted, so units are told apart by a 64-bit hash of their key.
known_unit as (
    select period_no, hash({{unit}}) as unit_hash, count(result_index) as known_rows
    from records
    join open_day using (hearing_date)
    where received_at <= $as_known_at
      and landed_batch <= $newest_batch
    group by period_no, unit_hash
),
replaced_unit as (
    select period_no, hash(unit_key) as unit_hash, sum(result_rows) as replaced_rows
    from replaced
    join open_day using (hearing_date)
    group by period_no, unit_hash
),
set_aside_unit as (
    select period_no, hash({{unit}}) as unit_hash, count(result_index) as set_aside_rows
    from records
    join open_day using (hearing_date)
    semi join covered
        on {{is_covered}}
    anti join replaced using (statement_key, stated_at, received_at, landed_batch, payload_hash, case_index)
    where received_at <= $as_known_at
      and landed_batch <= $newest_batch
    group by period_no, unit_hash
),
known as materialized (
    select
        period_no,
        sum(known_rows) as known_rows,
        count(*) filter (known_rows > 0) as known_units,
        sum(known_rows - coalesce(replaced_rows, 0)) as standing_rows,
        count(*) filter (known_rows > coalesce(replaced_rows, 0)) as standing_units,
        sum(known_rows - coalesce(replaced_rows, 0) - coalesce(set_aside_rows, 0)) as own_rows,
        count(*) filter (known_rows > coalesce(replaced_rows, 0) + coalesce(set_aside_rows, 0)) as own_units
    from known_unit
    left join replaced_unit using (period_no, unit_hash)
    left join set_aside_unit using (period_no, unit_hash)
    group by period_no
),
known_day as materialized (
    select period_no, hearing_date
    from records
    join open_day using (hearing_date)
    where received_at <= $as_known_at
      and landed_batch <= $newest_batch
    group by period_no, hearing_date
),

-- Step 1: {{name}}
-- First whatever any statement says, then without what was replaced or set aside. The rows of a table extract have no offence
-- that holds several results, so there the offence is what case, defendant and code say.
candidate as materialized (
    select
        {{unit}} as unit_key,
        case_key, case_key_strength, case_urn, defendant_key, application_key,
        source_name, source_format, source_system, police_force, court_ou_code,
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
    anti join covered
        on {{is_covered}}
)
