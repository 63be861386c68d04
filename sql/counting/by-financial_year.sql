(
    strftime(hearing_date - interval 3 month, '%Y')
    || '/' || strftime(hearing_date - interval 3 month + interval 1 year, '%y')
)
