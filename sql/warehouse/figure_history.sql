-- Every vintage of every cell: what the warehouse said from `known_from` until `known_to` (null: it still does). Only
-- changes are vintages; a cell that is gone has a last one with the status `gone`. Recounts that knew less than what was
-- current when they were stored are no vintages: they are in the table of figures alone.
select
    figure.question, figure.unit, figure.period, run.period_from, run.period_to, figure.breakdown, figure.cell,
    figure.vintage, figure.value, figure.status, figure.marks, figure.known_from,
    lead(figure.known_from) over (
        partition by figure.question, figure.unit, figure.period, figure.cell order by figure.vintage
    ) as known_to,
    figure.run_id, run.as_known_at, run.newest_batch, run.definition_hash, run.code_version, figure.figure_id,
    figure.place
from figure
join run on run.run_id = figure.run_id
where figure.vintage is not null{{figures}}
