-- Why a figure differs from the vintage before: one row per part. The parts of a cell in a run add up to the difference
-- between the two values, where a cell without a value counts as none.
select
    run.question, run.unit, run.period, run.period_from, run.period_to, revision_part.breakdown, revision_part.cell,
    run.vintage, run.finished_at as known_from,
    (
        select value
        from figure
        where figure.question = run.question
          and figure.unit = run.unit
          and figure.period = run.period
          and figure.cell = revision_part.cell
          and figure.vintage <= previous.vintage
        order by figure.vintage desc
        limit 1
    ) as value_before,
    (
        select value
        from figure
        where figure.question = run.question
          and figure.unit = run.unit
          and figure.period = run.period
          and figure.cell = revision_part.cell
          and figure.vintage <= run.vintage
        order by figure.vintage desc
        limit 1
    ) as value_after,
    revision_part.cause, revision_part.units, revision_part.says, revision_part.batch, landed_batch.landed_at,
    landed_batch.source_name, revision_part.previous_run_id, run.run_id, revision_part.position
from revision_part
join run on run.run_id = revision_part.run_id
join run as previous on previous.run_id = revision_part.previous_run_id
left join landed_batch on landed_batch.batch = revision_part.batch
