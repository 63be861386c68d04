-- Every run, completed or stopped, with its checks. No figures.
select
    run.run_id, run.question, question_version.title, run.unit, run.period, run.period_from, run.period_to, run.state,
    run.stop_reason, run.vintage, run.as_known_at, run.newest_batch, run.started_at, run.finished_at, run.code_version,
    run.definition_hash,
    (select count(*) from check_result where check_result.run_id = run.run_id) as checks,
    (
        select count(*) from check_result where check_result.run_id = run.run_id and outcome <> 'passed'
    ) as checks_not_passed
from run
join question_version on question_version.definition_hash = run.definition_hash
