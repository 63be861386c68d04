-- The figures that stand: of each cell the latest vintage. A breakdown stands only beside a total that was counted from
-- the same records by the same definition (else the two would not add up), and one that was counted under a hold not
-- beside a total that was counted after it: days under a hold are not looked at, so other cells differ too. The mark r
-- says that the value is not the one that was last published.
-- (`cross join` with conditions at the end, where `join` would do, keeps SQLite to this order of reading and lets it carry
-- a condition on the question into the parts. PostgreSQL sees no difference.)
select
    latest.question, latest.unit, latest.period, run.period_from, run.period_to, figure.breakdown, latest.cell,
    figure.value, figure.status,
    figure.marks || case
        when published.status is null or 'held' in (figure.status, published.status) then ''
        when coalesce(published.value, -1) <> coalesce(figure.value, -1) then 'r'  -- no data then, a value now
        else ''
    end as marks,
    published.value as published_value, published.published_at,
    figure.vintage, figure.known_from, run.run_id, run.as_known_at, run.newest_batch, run.definition_hash,
    figure.figure_id, figure.place
from (
    -- The vintage and, below 2^40, the number of its row in one number: then one look by that number finds the row.
    select question, unit, period, cell, max(vintage * 1099511627776 + figure_id) as newest
    from figure
    where vintage is not null{{figures}}
    group by question, unit, period, cell
) as latest
cross join figure
cross join (
    -- Of each breakdown the last run that counted it, and the last run of all, which counted the total. (Runs that are
    -- vintages of one question, unit and period are numbered in the order of their vintages.)
    select
        run.question, run.unit, run.period, tabulation.breakdown, max(run.run_id) as run_id,
        max(max(run.run_id)) over (partition by run.question, run.unit, run.period) as last_run_id
    from run
    join tabulation on tabulation.run_id = run.run_id
    where run.vintage is not null{{runs}}
    group by run.question, run.unit, run.period, tabulation.breakdown
) as stated
cross join run
cross join run as last_run
left join (
    select
        figure.question, figure.unit, figure.period, figure.cell, figure.value, figure.status,
        publication.published_at,
        row_number() over (
            partition by figure.question, figure.unit, figure.period, figure.cell
            order by publication.published_at desc, publication.publication_id desc
        ) as age
    from publication
    cross join published_figure
    cross join figure
    where published_figure.publication_id = publication.publication_id
      and figure.figure_id = published_figure.figure_id
      and publication.question = figure.question{{publications}}
) as published
    on published.question = latest.question
    and published.unit = latest.unit
    and published.period = latest.period
    and published.cell = latest.cell
    and published.age = 1
where figure.question = latest.question
  and figure.figure_id = (latest.newest & 1099511627775)
  and figure.status <> 'gone'
  and stated.question = latest.question
  and stated.unit = latest.unit
  and stated.period = latest.period
  and stated.breakdown = figure.breakdown
  and run.run_id = stated.run_id
  and last_run.run_id = stated.last_run_id
  and run.as_known_at = last_run.as_known_at
  and run.newest_batch = last_run.newest_batch
  and run.definition_hash = last_run.definition_hash
  and (run.status <> 'held' or last_run.status = 'held')
