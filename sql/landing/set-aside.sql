-- What was set aside, as known at a time: every refusal of the landings looked at, and which landing let it go.
-- Nothing is held any more once a landing received by then let it go. Files written before a column was there have
-- it from the landing's summary (`landing`), or from what the refusal itself says. What is of days that the store does
-- not keep records of any more ($kept_from: the first one that it does) is not on record.
with refusals as (
    select
        refused.landed_batch,
        coalesce(
            refused.number, row_number() over (partition by refused.landed_batch order by refused.rowid)
        )::integer as number,
        refused.reason, refused.file, refused.place, refused.content_hash, refused.hearing_date,
        coalesce(refused.origin, '') as origin,
        coalesce(refused.source_name, landing.source_name) as source_name,
        coalesce(refused.source_format, landing.source_format) as source_format,
        coalesce(refused.received_at, landing.received_at) as received_at,
        coalesce(
            refused.whole,
            not (starts_with(refused.place, 'Case ') or (starts_with(refused.place, 'row ')
                and refused.reason not in ('hearing-to-come', 'outside-covers', 'outside-filter')))
        ) as whole,
        refused.first_day, refused.last_day,
        coalesce(refused.bounded, false) as bounded
    from refused
    left join landing using (landed_batch)
)

select
    refusals.*,
    let_go.landed_batch as released_batch, let_go.why, let_go.because
from refusals
left join let_go
    on let_go.refused_batch = refusals.landed_batch
    and let_go.number = refusals.number
    and let_go.received_at <= $known_at
where refusals.received_at <= $known_at
    and (refusals.hearing_date is null or $kept_from::date is null or refusals.hearing_date >= $kept_from::date)
