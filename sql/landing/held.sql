-- How many things that were set aside as a whole, and are held, could touch figures of some hearing days?
--
-- One thing may have several faults, and may have been found under several names: the same bytes are one thing. The
-- rows of a table are told apart by their row too, because two equal rows are two.
-- A thing of no known day could be of any, but not of one later than the day after it was received (the last day of
-- which it can speak), and where its extract said which days it covers, of no other.
-- `spans` are the days asked for; each has a line in the answer, in the order of `position`.
with things as (
    select
        spans.position,
        bool_or(hearing_date between spans.first and spans.last) as of_days,
        bool_or(
            hearing_date is null
            and spans.first <= (received_at at time zone 'UTC')::date + 1
            and not (bounded and (first_day > spans.last or last_day < spans.first))
        ) as of_unknown_day
    from set_aside, spans
    where released_batch is null and whole
    group by
        spans.position,
        coalesce(nullif(content_hash, ''), origin || file),
        if(starts_with(place, 'row '), source_name || ' ' || file || ' ' || place, '')
)

select
    count(*) filter (coalesce(of_days, false)) as of_days,
    count(*) filter (of_unknown_day and not coalesce(of_days, false)) as of_unknown_day
from spans
left join things using (position)
group by position
order by position
