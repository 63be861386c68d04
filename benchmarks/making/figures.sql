-- The figures of every run: its total and those by police force, in the order in which runs write them.
insert into figure (
    figure_id, run_id, question, unit, period, breakdown, cell, place, vintage, value, status, known_from
)
select
    (run.run_id - 1) * 44 + cell.place, run.run_id, run.question, run.unit, run.period, cell.breakdown, cell.cell,
    cell.place, run.vintage, cell.weight * run.vintage + cell.place, 'counted', run.finished_at
from run
cross join made_cell as cell
order by run.run_id, cell.place
