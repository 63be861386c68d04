select *
from (
    select *, row_number() over (partition by unit, period, cell order by vintage desc) as age
    from figure
    where question = :question and vintage is not null
) as aged
where age = 1
