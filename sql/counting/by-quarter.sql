concat(year(hearing_date), 'Q', quarter(hearing_date))
