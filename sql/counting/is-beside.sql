(statement_key, case_index, offence_place) in (select statement_key, case_index, offence_place from beside_{{list}})
