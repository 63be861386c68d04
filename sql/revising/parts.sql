-- By how much each cause and landing raises or lowers each figure: the total (combination 0), and the cells of every
-- combination of breakdowns (from 1). What outweighs itself is left out.
with
move as (
    select period_no, unit_key, 0 as combination, null::varchar[] as cell,
        counted_after::integer - counted_before::integer as move
    from changed_unit
    where counted_before <> counted_after
    union all
    select period_no, unit_key, generate_subscripts(cells_before, 1) as combination, unnest(cells_before) as cell, -1 as move
    from changed_unit
    union all
    select period_no, unit_key, generate_subscripts(cells_after, 1) as combination, unnest(cells_after) as cell, 1 as move
    from changed_unit
)
select combination, period_no, cell, cause, batch, sum(move) as moved
from move
join unit_cause using (period_no, unit_key)
group by combination, period_no, cell, cause, batch
having sum(move) <> 0
order by period_no, combination, cell, list_position($causes, cause), batch
