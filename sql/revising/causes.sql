-- Why each unit changed. A statement is one of the rows of `records` with one key and one of (stated_at, received_at,
-- landed_batch, payload_hash, case_index); of a key the greatest counts. A statement is new where it was not known
-- before: landed or received later. What it speaks about is the holder: the case, or defendant or application, that a
-- result is of, whatever the result.
create temp table unit_cause as
with

-- Results by which a changed unit counted and counts no more, and those by which it counts now and did not. Of a unit
-- that stays only the one that dates it decides where it counts.
result_before as (
    select * exclude (cells, covered_court, covered_day, over_source, over_format, over_system)
    from known_before
    where part = 'result'
),
result_after as (
    select * exclude (cells, covered_court, covered_day, over_source, over_format, over_system)
    from known_after
    where part = 'result'
),
gone as materialized (
    select result_before.*
    from result_before
    join changed_unit using (period_no, unit_key)
    anti join result_after using (period_no, unit_key, result)
    where not counted_after or result = dated_before
),
come as materialized (
    select result_after.*
    from result_after
    join changed_unit using (period_no, unit_key)
    anti join result_before using (period_no, unit_key, result)
    where not counted_before or result = dated_after
),

-- Statements that came out of quarantine: the landing that brought them let go their file (what it is in, or one that
-- is named from further up: `!` and `#` stand before what is inside a file), or their day.
come_out as materialized (
    select distinct
        statement_key, struct_pack(stated_at, received_at, landed_batch, payload_hash, case_index) as statement
    from records
    join released
        on released.batch = landed_batch
        and (released.first_day is null or hearing_date between released.first_day and released.last_day)
        and (released.file is null
            or contains('/' || replace(source_file, '#', '!') || '!', '/' || released.file || '!')
            or contains('/' || released.file || '!', '/' || replace(source_file, '#', '!') || '!'))
    where hearing_date between date_trunc('month', $from) and last_day($to)
      and received_at <= $as_known_at
      and landed_batch <= $newest_batch
),

-- Courts and days of which a source gives way now and did not before, with the new statements that make it so and
-- their own source; and those of which it did and does not any more, with the keys whose statements had made it so.
new_cover as (
    select covered_court, covered_day, over_source, over_format, over_system from known_after where part = 'cover'
    except
    select covered_court, covered_day, over_source, over_format, over_system from known_before where part = 'cover'
),
past_cover as (
    select covered_court, covered_day, over_source, over_format, over_system from known_before where part = 'cover'
    except
    select covered_court, covered_day, over_source, over_format, over_system from known_after where part = 'cover'
),
set_aside as materialized (
    select gone.period_no, gone.unit_key, gone.result, new_cover.*
    from gone
    join new_cover
        on covered_court = court
        and covered_day = hearing_date
        and (over_source is null or over_source = source_name)
        and (over_format is null or over_format = source_format)
        and (over_system is null or over_system = source_system)
),
covering as materialized (
    select distinct
        effective.*, source_name, source_format, landed_batch, come_out.statement is not null as from_quarantine
    from records
    join precedence
        on (precedence.source is null or precedence.source = source_name)
        and (precedence.format is null or precedence.format = source_format)
    join (
        select distinct covered_court, covered_day, over_source, over_format, over_system from set_aside
    ) as effective
        on covered_court = left(court_ou_code, 5)
        and covered_day = hearing_date
        and effective.over_source is not distinct from precedence.over_source
        and effective.over_format is not distinct from precedence.over_format
        and effective.over_system is not distinct from precedence.over_system
    left join come_out
        on come_out.statement_key = records.statement_key
        and come_out.statement = struct_pack(stated_at, received_at, landed_batch, payload_hash, case_index)
    where {{covers}}
      and not (received_at <= $known_before and landed_batch <= $batch_before)
      and received_at <= $as_known_at
      and landed_batch <= $newest_batch
),
past_covering as materialized (
    select distinct
        past_cover.*, statement_key,
        struct_pack(stated_at, received_at, landed_batch, payload_hash, case_index) as statement
    from records
    join precedence
        on (precedence.source is null or precedence.source = source_name)
        and (precedence.format is null or precedence.format = source_format)
    join past_cover
        on covered_court = left(court_ou_code, 5)
        and covered_day = hearing_date
        and past_cover.over_source is not distinct from precedence.over_source
        and past_cover.over_format is not distinct from precedence.over_format
        and past_cover.over_system is not distinct from precedence.over_system
    where {{covers}}
      and received_at <= $known_before
      and landed_batch <= $batch_before
),
uncovered as materialized (
    select come.period_no, come.unit_key, come.result, past_covering.statement_key, past_covering.statement
    from come
    join past_covering
        on covered_court = court
        and covered_day = hearing_date
        and (over_source is null or over_source = source_name)
        and (over_format is null or over_format = source_format)
        and (over_system is null or over_system = source_system)
    where come.statement.received_at <= $known_before
      and come.statement.landed_batch <= $batch_before
),

-- All that was ever said under the keys of these results, and which statement of a key stood before and stands now.
touched as (
    select statement_key from gone
    union
    select statement_key from come
    union
    select statement_key from uncovered
),
told as materialized (
    select
        statement_key, struct_pack(stated_at, received_at, landed_batch, payload_hash, case_index) as statement,
        received_at <= $known_before and landed_batch <= $batch_before as known,
        {{holder}} as holder, application_key, defendant_key, offence_code,
        bool_or(result_index is not null) as has_result
    from records
    semi join touched using (statement_key)
    where hearing_date between date_trunc('month', $from) and last_day($to)
      and received_at <= $as_known_at
      and landed_batch <= $newest_batch
    group by all
),
standing as materialized (
    select statement_key, max(statement) filter (known) as statement_before, max(statement) as statement_after
    from told
    group by statement_key
),
told_before as (
    select told.* from told join standing on standing.statement_key = told.statement_key and statement = statement_before
),
told_after as (
    select told.* from told join standing on standing.statement_key = told.statement_key and statement = statement_after
),
holder_known as (
    select distinct statement_key, holder from told where known and has_result
),
holder_left as (
    select distinct statement_key, holder from told_after where has_result
),

-- Results that a key gave to one holder and now gives to another: of the same application, or of the same defendant
-- and offence, or (messages) at the same place. What the old holder keeps, or the new one had before, is not among them.
given_up as (
    select statement_key, holder, result, unnest(links) as link
    from result_before
    semi join touched using (statement_key)
    join standing using (statement_key)
    where statement_after is distinct from statement_before
      and not exists (
          from told_after
          where told_after.statement_key = result_before.statement_key
            and told_after.holder = result_before.holder
            and told_after.application_key is not distinct from result_before.application_key
            and told_after.defendant_key is not distinct from result_before.defendant_key
            and told_after.offence_code is not distinct from result_before.offence_code
      )
),
taken_up as (
    select statement_key, holder, result, unnest(links) as link
    from result_after
    semi join touched using (statement_key)
    join standing using (statement_key)
    where statement_after is distinct from statement_before
      and not exists (
          from told_before
          where told_before.statement_key = result_after.statement_key
            and told_before.holder = result_after.holder
            and told_before.application_key is not distinct from result_after.application_key
            and told_before.defendant_key is not distinct from result_after.defendant_key
            and told_before.offence_code is not distinct from result_after.offence_code
      )
),
handed_over as materialized (
    select given_up.result as old_result, taken_up.result as new_result
    from given_up
    join taken_up using (statement_key, link)
    where given_up.holder <> taken_up.holder
),

-- What happened to each of these results.
event as (
    -- Another source speaks for the court and day, from the first of its landings on.
    select
        set_aside.period_no, set_aside.unit_key,
        if(arg_min(from_quarantine, (landed_batch, not from_quarantine)), 'quarantine released', 'source change')
            as cause,
        min(landed_batch) as batch
    from set_aside
    join covering
        on covering.covered_court = set_aside.covered_court
        and covering.covered_day = set_aside.covered_day
        and covering.over_source is not distinct from set_aside.over_source
        and covering.over_format is not distinct from set_aside.over_format
        and covering.over_system is not distinct from set_aside.over_system
    group by set_aside.period_no, set_aside.unit_key, set_aside.result
    union all by name
    -- A statement of the same key replaced its own.
    select
        period_no, unit_key,
        case
            when exists (
                from come_out
                where come_out.statement_key = standing.statement_key and come_out.statement = statement_after
            ) then 'quarantine released'
            when result in (select old_result from handed_over) then 'duplicate resolved'
            when not exists (
                from holder_left
                where holder_left.statement_key = gone.statement_key and holder_left.holder = gone.holder
            ) then 'removed result'
            else 'amended result'
        end as cause,
        statement_after.landed_batch as batch
    from gone
    join standing using (statement_key)
    anti join set_aside using (period_no, unit_key, result)
    union all by name
    -- A new statement gives it.
    select
        period_no, unit_key,
        case
            when exists (
                from come_out
                where come_out.statement_key = come.statement_key and come_out.statement = come.statement
            ) then 'quarantine released'
            when exists (
                from covering
                where covered_court = come.court
                  and covered_day = come.hearing_date
                  and covering.source_name = come.source_name
                  and covering.source_format = come.source_format
            ) then 'source change'
            when result in (select new_result from handed_over) then 'duplicate resolved'
            when exists (
                from holder_known
                where holder_known.statement_key = come.statement_key and holder_known.holder = come.holder
            ) then 'amended result'
            else 'late result'
        end as cause,
        come.statement.landed_batch as batch
    from come
    where not (come.statement.received_at <= $known_before and come.statement.landed_batch <= $batch_before)
    union all by name
    -- It was known and set aside: the source before it speaks no more of the court and day, from the last landing that
    -- took its statements there back.
    select
        uncovered.period_no, uncovered.unit_key,
        if(arg_max(come_out.statement is not null, (statement_after.landed_batch, come_out.statement is not null)),
            'quarantine released', 'source change') as cause,
        max(statement_after.landed_batch) as batch
    from uncovered
    join standing using (statement_key)
    left join come_out
        on come_out.statement_key = standing.statement_key and come_out.statement = standing.statement_after
    where uncovered.statement = statement_before
      and statement_after <> statement_before
    group by uncovered.period_no, uncovered.unit_key, uncovered.result
)

-- A gained unit counts from the first landing on that brought one of its results, any other stands as it does since
-- the last landing that did something to it. Of one landing the first cause in the order says it.
select distinct on (changed_unit.period_no, changed_unit.unit_key)
    changed_unit.period_no, changed_unit.unit_key, event.cause, event.batch
from changed_unit
left join event using (period_no, unit_key)
order by
    changed_unit.period_no, changed_unit.unit_key,
    if(counted_before, -batch, batch), list_position($causes, cause)
