-- Results by month of hearing: of each source, court and police force, and of all together (`month`). `in_time` are
-- those that were heard of within `age` days of the end of their month; `first_day` is when the first was.
-- Relation: received (received.sql). Bound: age.
select
    case
        when grouping(source_name) = 0 then 'source'
        when grouping(court) = 0 then 'court'
        when grouping(police_force) = 0 then 'police_force'
        else 'month'
    end as what,
    coalesce(source_name, court, police_force, '') as name,
    month,
    coalesce(sum(results) filter (first_day <= last_day(month) + cast($age as integer)), 0)::bigint as in_time,
    sum(results)::bigint as total,
    min(first_day) as first_day
from received
group by grouping sets ((source_name, month), (court, month), (police_force, month), (month))
having what = 'month' or name <> ''
order by all
