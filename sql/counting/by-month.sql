strftime(hearing_date, '%Y-%m')
