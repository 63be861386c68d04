(select category from outcome_entry where outcome_entry.rank = first_result.outcome_rank limit 1)
