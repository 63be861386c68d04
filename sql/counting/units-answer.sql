select case_key, unit_key, case when weak then 'weak' else 'strong' end as strength, hearing_date, kind, case_urn
from counted_unit
order by hearing_date, unit_key
