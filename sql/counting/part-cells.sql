    union all by name
    select 'cells {{number}}' as part, place, cell, units from cells_{{number}}
