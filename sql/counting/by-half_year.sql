concat(year(hearing_date), 'H', if(month(hearing_date) <= 6, 1, 2))
