-- Which of the statements just read say nothing new?
--
-- A statement is a repeat when its key has the same content already, and
--   it is what counted for the key when it was received; or
--   what counted is in this landing too, so that the landing holds the history again (an archive); or
--   it is the same delivery: the same envelope, or the same time of receipt in what may be one envelope, or
--   (where a message carries no envelope id and no time of receipt was given) the same file name.
-- Where this landing holds it several times, one copy that is the same delivery is enough.
-- But what counted is landed again where it can now be read whole (or no longer): then it is not the same.
-- A, then B, then A again in a new delivery is three statements.
--
-- $given: whether a time of receipt was given. If not, "when it was received" is now: what counts now.
-- $by_name: whether an equal file name marks the same delivery (messages: yes; extracts: no, because
-- the same name is used for every extract).
with incoming as (
    select
        statement_key, payload_hash, case_index, stated_at, received_at, delivery,
        any_value(envelope_id) as envelope_id,
        any_value(source_file) as file_name,
        bool_and(statement_complete) as complete,
        count(result_index) as results
    from staged
    group by statement_key, payload_hash, case_index, stated_at, received_at, delivery
),

earlier as (
    select
        statement_key, payload_hash, case_index, stated_at, received_at, landed_batch,
        envelope_id,
        source_file as file_name,
        bool_and(statement_complete) as complete
    from landed
    where statement_key in (select statement_key from incoming)
    group by all
),

-- the statement of the same key that counted when this one was received
counted_then as (
    select
        incoming.statement_key, incoming.received_at,
        max(struct_pack(
            stated_at := earlier.stated_at, received_at := earlier.received_at, landed_batch := earlier.landed_batch,
            payload_hash := earlier.payload_hash, case_index := earlier.case_index, complete := earlier.complete
        )) as counted
    from (select distinct statement_key, received_at from incoming) as incoming
    join earlier
        on earlier.statement_key = incoming.statement_key
        and (earlier.received_at <= incoming.received_at or not $given)
    group by incoming.statement_key, incoming.received_at
),

-- contents that the key has already, and whether this, or a copy of it in this landing, is the same delivery of one
held as (
    select
        incoming.statement_key, incoming.payload_hash, incoming.case_index, incoming.received_at,
        bool_or(coalesce(
            earlier.envelope_id = incoming.envelope_id,
            earlier.received_at = incoming.received_at
                or ($by_name and earlier.envelope_id is null and incoming.envelope_id is null
                    and earlier.file_name = incoming.file_name)
        )) as same_delivery,
        bool_or(earlier.envelope_id = incoming.envelope_id or earlier.received_at = incoming.received_at) as surely
    from incoming
    join earlier
        on earlier.statement_key = incoming.statement_key
        and earlier.payload_hash = incoming.payload_hash
        and earlier.case_index = incoming.case_index
    group by all
),

-- what counted, where this landing says it again
said_again as (
    select distinct statement_key, received_at
    from incoming
    join counted_then using (statement_key, received_at)
    where counted_then.counted.payload_hash = incoming.payload_hash
        and counted_then.counted.case_index = incoming.case_index
),

-- what counted, where it is read otherwise now
read_anew as (
    select distinct statement_key, received_at, incoming.payload_hash, incoming.case_index, incoming.complete
    from incoming
    join counted_then using (statement_key, received_at)
    where counted_then.counted.payload_hash = incoming.payload_hash
        and counted_then.counted.case_index = incoming.case_index
        and counted_then.counted.complete <> incoming.complete
),

-- the same statement twice in this landing: the first file that holds it stands for all
judged as (
    select
        incoming.*,
        row_number() over (
            partition by statement_key, payload_hash, case_index, stated_at, received_at order by delivery
        ) as copy
    from incoming
)

select
    judged.statement_key, judged.payload_hash, judged.case_index, judged.stated_at, judged.received_at, judged.delivery,
    judged.results,
    judged.copy > 1
        or (held.statement_key is not null and (held.same_delivery or said_again.statement_key is not null)
            and read_anew.statement_key is null) as repeat,
    -- left out for its name alone, though something else has counted since
    judged.copy = 1
        and held.same_delivery and not coalesce(held.surely, false) and said_again.statement_key is null as presumed,
    exists (
        select 1 from earlier
        where earlier.statement_key = judged.statement_key and earlier.stated_at > judged.stated_at
    ) as late
from judged
left join said_again using (statement_key, received_at)
left join held using (statement_key, payload_hash, case_index, received_at)
left join read_anew using (statement_key, payload_hash, case_index, received_at, complete)
