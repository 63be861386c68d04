concat_ws('|', case_key, coalesce(defendant_key, ''))
