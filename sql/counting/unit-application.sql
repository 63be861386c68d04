coalesce(application_key, concat_ws('|', case_key, coalesce(defendant_key, ''), offence_code))
