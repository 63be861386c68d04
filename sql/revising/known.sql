-- What one state of knowledge counts, laid under the named steps of the counting statement: every unit with its cells
-- (one for each combination of breakdowns) and the result that dates it, every result that counts, and of which courts
-- and days a source gives way.
select
    'unit' as part, period_no, unit_key, {{cells}} as cells,
    struct_pack(statement_key, stated_at, received_at, landed_batch, payload_hash, case_index, offence_index, result_index)
        as result
from counted_unit
union all by name
select
    'result' as part, period_no, unit_key, {{holder}} as holder, statement_key,
    struct_pack(stated_at, received_at, landed_batch, payload_hash, case_index) as statement,
    struct_pack(statement_key, stated_at, received_at, landed_batch, payload_hash, case_index, offence_index, result_index)
        as result,
    source_name, source_format, source_system, left(court_ou_code, 5) as court, hearing_date,
    application_key, defendant_key, offence_code,
    [
        'application ' || application_key,
        'defendant ' || defendant_key || ' ' || offence_code,
        if(source_format = 'table', null, 'place ' || offence_index || ' ' || offence_code)
    ] as links
from {{counted}}
union all by name
select
    'cover' as part, covered_court, covered_day, over_source, over_format, over_system
from covered
