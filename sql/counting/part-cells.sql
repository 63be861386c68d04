    union all by name
    select 'cells {{number}}' as part, period_no, place, cell, units from cells_{{number}}
