-- Units that count now and did not before, those that count no more, and those that count in another cell.
create temp table changed_unit as
with
unit_before as (
    select period_no, unit_key, cells, result from known_before where part = 'unit'
),
unit_after as (
    select period_no, unit_key, cells, result from known_after where part = 'unit'
)
select
    period_no, unit_key,
    unit_before.result is not null as counted_before,
    unit_after.result is not null as counted_after,
    unit_before.cells as cells_before,
    unit_after.cells as cells_after,
    unit_before.result as dated_before,
    unit_after.result as dated_after
from unit_before
full join unit_after using (period_no, unit_key)
where counted_before <> counted_after
   or cells_before is distinct from cells_after
