cast(year(hearing_date) as varchar)
