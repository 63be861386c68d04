-- Which of the statements just read say nothing new?
--
-- A statement is a repeat when it equals the statement that counted for its key when it was received,
-- or when it is the same delivery again: same content for the same key, and either the same envelope,
-- or the same time of receipt, or (where a message carries no envelope id and no time of receipt was
-- given) the same file name. A, then B, then A again in a new delivery is three statements.
--
-- $by_name: whether an equal file name marks the same delivery (messages: yes; extracts: no, because
-- the same name is used for every extract).
with incoming as (
    select
        statement_key, payload_hash, case_index, stated_at, received_at, delivery,
        any_value(envelope_id) as envelope_id,
        any_value(parse_filename(source_file)) as file_name,
        bool_and(statement_complete) as complete,
        count(result_index) as results
    from staged
    group by statement_key, payload_hash, case_index, stated_at, received_at, delivery
),

earlier as (
    select
        statement_key, payload_hash, case_index, stated_at, received_at, landed_batch,
        envelope_id,
        parse_filename(source_file) as file_name,
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
        and earlier.received_at <= incoming.received_at
    group by incoming.statement_key, incoming.received_at
),

same_delivery as (
    select distinct incoming.statement_key, incoming.payload_hash, incoming.case_index, incoming.received_at, incoming.delivery
    from incoming
    join earlier
        on earlier.statement_key = incoming.statement_key
        and earlier.payload_hash = incoming.payload_hash
        and earlier.case_index = incoming.case_index
        and earlier.complete = incoming.complete
    where earlier.envelope_id = incoming.envelope_id
        or earlier.received_at = incoming.received_at
        or ($by_name and earlier.envelope_id is null and incoming.envelope_id is null
            and earlier.file_name = incoming.file_name)
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
        or same_delivery.statement_key is not null
        or coalesce(
            counted_then.counted.payload_hash = judged.payload_hash
            and counted_then.counted.case_index = judged.case_index
            and counted_then.counted.complete = judged.complete, false
        ) as repeat,
    exists (
        select 1 from earlier
        where earlier.statement_key = judged.statement_key and earlier.stated_at > judged.stated_at
    ) as late
from judged
left join counted_then using (statement_key, received_at)
left join same_delivery using (statement_key, payload_hash, case_index, received_at, delivery)
