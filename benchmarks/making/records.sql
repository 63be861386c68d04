-- One landing of hearing records: of the statements that month number $month_no made first ($version = 0), or of those
-- that amend them ($version = 1, 2). Everything is drawn from hashes, so that the same numbers give the same records.
with drawn as (
    select
        i,
        $month_no * $statements + i as number,
        cast(hash($month_no, i) >> 1 as bigint) as of_case,
        cast(hash($month_no, i, $version) >> 1 as bigint) as of_statement,
        cast(hash($month_no, i, 'place') >> 1 as bigint) as of_place
    from range($statements) made(i)
),
stated as (
    select
        *,
        of_case % 600 = 0 as stands_for_order,  -- gives one row in a thousand, for these have fewer results
        of_place % 200 < (case when of_case % 600 = 0 then 60 else 2 end) as dummy,
        sha256(concat_ws(':', 'payload', number, $version)) as payload_hash,
        lpad(cast(of_place % 43 + 1 as varchar), 2, '0') as force,
        cast($month as date) + cast(of_case // 600 % dayofmonth(last_day(cast($month as date))) as integer)
            as hearing_date,
        -- Every twentieth statement is about a case of the month before; every twenty-fifth is a second defendant's.
        case
            when of_case // 7 % 20 = 0 then number - $statements
            when of_case // 7 % 25 = 1 then number - 1
            else number
        end as case_number
    from drawn
    where $version = 0 or (of_case // 11) % 1000 < (case $version when 1 then 40 else 4 end)
),
keyed as (
    select
        *,
        format('{}SY{:07d}', force, case_number % 10000000) as urn,
        format('20{}SY01{:011d}{}', force, number, 'K') as asn,
        format('B{}{}00', force, chr(cast(65 + of_place % 7 as integer)) || 'F') as court,
        case
            when $version > 0 and of_statement % 30 = 0 then 0
            when stands_for_order then of_statement % 2 + 1
            else of_statement % 4 + 1
        end as results
    from stated
    where $version = 0 or not dummy
),
resulted as (
    select *, case when results = 0 then null else place end as result_no
    from (select *, unnest(generate_series(1, greatest(results, 1))) as place from keyed)
),
worded as (
    select
        *,
        cast(hash(number, $version, place) >> 1 as bigint) as of_result,
        case
            when result_no is null then null
            when stands_for_order
                then [['3307', 'order'], [null, 'granted.'], ['3306', 'interim'], ['2063', 'withdrawn'],
                    [null, 'refused.']][(of_statement // 13 + place) % 5 + 1]
            else [['1015', 'fined'], ['3117', 'surcharge'], ['3011', 'costs'], ['1002', 'imprisonment'],
                ['2006', 'dismissed'], ['4047', 'bail'], [null, 'bail granted until'], [null, 'granted.'],
                ['1116', 'community order'], ['3012', 'compensation']][(of_statement // 13 + place * 3) % 10 + 1]
        end as result
    from resulted
)
select
    'spi' as source_name,
    'spi' as source_format,
    case of_place % 3 when 0 then 'C00CommonPlatform' else 'B00LIBRA' end as source_system,
    format('spi-{:09d}-{}.xml', number, $version) as source_file,
    format('SYNTHETIC-{:09d}-{}', number, $version) as envelope_id,
    payload_hash,
    cast($received_at as timestamptz) as received_at,
    $batch as landed_batch,
    cast($received_at as timestamptz) + interval 1 hour as landed_at,
    case
        when dummy then format('spi:{}:1', payload_hash)
        else format('spi:{}:{}:{}:{}', urn, asn, hearing_date, court[:5])
    end as statement_key,
    cast($received_at as timestamptz) as stated_at,
    of_statement % 500 > 0 as statement_complete,
    hearing_date,
    'message' as hearing_date_basis,
    strftime(hearing_date, '%Y-%m') as hearing_month,
    court as court_ou_code,
    format('{:04d}', of_place % 300 + 1000) as lja_code,
    force as police_force,
    case when dummy then 'court' else 'urn' end as police_force_basis,
    case when dummy then format('payload:{}:1', payload_hash) else 'urn:' || urn end as case_key,
    case when dummy then 'weak' else 'strong' end as case_key_strength,
    case when dummy then '00PP0000008' else urn end as case_urn,
    null as application_key,
    case when dummy then format('payload:{}:1', payload_hash) else 'asn:' || asn end as defendant_key,
    1 as case_index,
    (result_no - 1) // 2 + 1 as offence_index,
    (result_no - 1) % 2 + 1 as result_index,
    case when result_no is not null then 'OFFENCE' end as level,
    case
        when result_no is null then null
        when stands_for_order then case of_case // 600 % 6 when 0 then 'ST19502' when 1 then 'ST19504' else 'ST19501' end
        else ['TH68010', 'CJ88001', 'TH68006', 'TH68001', 'RT88191', 'CJ67002', 'CD71039', 'PU86004', 'PH97003'][
            (of_case // 17 + (place - 1) // 2) % 9 + 1]
    end as offence_code_raw,
    offence_code_raw as offence_code,
    result[1] as result_code,
    null as result_short_code,
    case when result[2] in ('granted.', 'withdrawn', 'dismissed') then result[2] end as result_text,
    case
        when result[2] = 'granted.' then $granted
        when result is not null then sha256(concat(result[2], of_result % 400))
    end as result_text_digest,
    result_no is not null and of_result % 5 > 0 as final_disposal,
    case when of_result % 3 = 0 then 'G' end as finding,
    case when of_result % 3 = 0 then hearing_date end as conviction_date
from worded
