strftime(hearing_date, '%Y')
