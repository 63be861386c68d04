-- What was measured lately, newest first: of each rule, subject and segment the newest results, as many as are asked for
-- (parameter "last"). Of a rule and subject of which these found nothing whatever in any segment, the newest of each
-- segment only: they pass by any limit. Subjects are every source, every inspection's, and of each question and unit (of
-- one question alone, if "question" is not null) the latest periods (as many as "periods" says).
--
-- However many runs there were, only what is given is read: each `(select ... order by ... limit 1)` is one look into an
-- index, and the parts that refer to themselves go from one distinct value to the next in that way.
with recursive line (run_id) as (
    -- A run of each question, unit and period.
    select (select run_id from run order by question, unit, period limit 1)
    union all
    select (
        select later.run_id
        from run as later
        where (later.question, later.unit, later.period) > (run.question, run.unit, run.period)
        order by later.question, later.unit, later.period
        limit 1
    )
    from line
    join run on run.run_id = line.run_id
),
named (subject) as (
    select (select min(subject) from check_result)
    union all
    select (select min(later.subject) from check_result as later where later.subject > named.subject)
    from named
    where named.subject is not null
),
asked (subject) as (
    select 'question:' || question || ';unit=' || unit || ';period=' || period
    from (
        select
            run.question, run.unit, run.period,
            row_number() over (
                partition by run.question, run.unit
                order by run.period_to desc, run.period_from desc, run.period
            ) as age
        from line
        join run on run.run_id = line.run_id
    ) as aged
    where age <= :periods
      and (cast(:question as text) is null or question = :question)
    union all
    select subject from named where subject not like 'question:%'
),
part (check_id) as (
    -- A result of each subject, rule and segment.
    select (
        select first.check_id
        from check_result as first
        where first.subject = asked.subject
        order by first.rule, first.segment
        limit 1
    )
    from asked
    union all
    select (
        select later.check_id
        from check_result as later
        where later.subject = this.subject
          and (later.rule, later.segment) > (this.rule, this.segment)
        order by later.rule, later.segment
        limit 1
    )
    from part
    join check_result as this on this.check_id = part.check_id
),
bounds as materialized (
    select
        this.subject, this.rule, this.segment,
        (
            select max(one.check_id)
            from check_result as one
            where one.subject = this.subject and one.rule = this.rule and one.segment = this.segment
        ) as newest,
        coalesce((
            select one.check_id
            from check_result as one
            where one.subject = this.subject and one.rule = this.rule and one.segment = this.segment
            order by one.check_id desc
            limit 1 offset cast(:last as integer) - 1
        ), 0) as oldest,
        coalesce((
            select max(one.check_id)
            from check_result as one
            where one.subject = this.subject and one.rule = this.rule and one.segment = this.segment
              and (one.outcome <> 'passed' or one.unexpected > 0)
        ), -1) as found
    from part
    join check_result as this on this.check_id = part.check_id
),
wanted as materialized (
    select
        subject, rule, segment,
        case
            when max(case when found >= oldest then 1 else 0 end) over (partition by subject, rule) = 1 then oldest
            else newest
        end as first
    from bounds
)
select result.*
from wanted
cross join check_result as result
where result.subject = wanted.subject
  and result.rule = wanted.rule
  and result.segment = wanted.segment
  and result.check_id >= wanted.first
order by result.check_id desc
