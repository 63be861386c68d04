covered_court = left(court_ou_code, 5)
        and covered_day = hearing_date
        and (over_source is null or over_source = source_name)
        and (over_format is null or over_format = source_format)
        and (over_system is null or over_system = source_system)
