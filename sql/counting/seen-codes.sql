-- Codes that were seen on the cases of a question and that none of its lists names; counts only, no references.
-- Relations: records (columns of extract.contract.RECORDS), listed_offence and listed_result (code, match; the
-- code of a text is its digest), held_days (first_day, last_day). Bound: newest_batch, most (rows of each part).
with

-- Every case with a listed offence, whatever statement says so.
named_case as materialized (
    select distinct case_key
    from records
    where landed_batch <= $newest_batch
      and (offence_code in (select code from listed_offence where match = 'offence')
           or offence_code[:7] in (select code[:7] from listed_offence where match = 'base'))
),

-- Their results, and whether the lists name the offence and the result.
near_row as materialized (
    select
        case_key, statement_key, stated_at, received_at, landed_batch, payload_hash, case_index, offence_code,
        offence_code in (select code from listed_offence where match = 'offence')
            or offence_code[:7] in (select code[:7] from listed_offence where match = 'base') as offence_listed,
        coalesce(result_code in (select code from listed_result where match = 'cjs'), false)
            or coalesce(result_short_code in (select code from listed_result where match = 'short'), false)
            or (coalesce(result_code, '1000') = '1000'
                and coalesce(result_text_digest in (select code from listed_result where match = 'text'), false)
            ) as result_listed,
        case
            when result_code <> '1000' then 'cjs'
            when result_short_code is not null then 'short'
            when result_text is not null then 'text'
            when result_text_digest is not null then 'unkept'
            else 'none'
        end as result_kind,
        case result_kind
            when 'cjs' then result_code
            when 'short' then result_short_code
            when 'text' then result_text
        end as result_name
    from records
    semi join named_case using (case_key)
    where landed_batch <= $newest_batch
      and result_index is not null
      and not exists (from held_days where records.hearing_date between held_days.first_day and held_days.last_day)
),

-- Of each statement key the latest statement counts, though it may have nothing left to say about these cases.
asked as materialized (
    select distinct statement_key
    from near_row
),
latest as materialized (
    select statement_key, max(row(stated_at, received_at, landed_batch, payload_hash, case_index)) as statement
    from records
    semi join asked using (statement_key)
    where landed_batch <= $newest_batch
    group by statement_key
),
current_row as materialized (
    select near_row.*
    from near_row
    join latest using (statement_key)
    where row(stated_at, received_at, landed_batch, payload_hash, case_index) = latest.statement
),

seen as (
    select 'result' as part, result_kind as kind, result_name as code, case_key
    from current_row
    where offence_listed and not result_listed
    union all
    select 'offence' as part, 'offence' as kind, offence_code as code, case_key
    from current_row
    where not offence_listed
      and case_key in (select case_key from current_row where offence_listed)
)
select part, kind, code, count(*) as results, count(distinct case_key) as cases
from seen
group by part, kind, code
qualify row_number() over (partition by part order by count(distinct case_key) desc, count(*) desc, kind, code) <= $most
order by part desc, cases desc, results desc, kind, code
