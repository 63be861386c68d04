least(
            (select min(rank) from outcome_entry where match = 'cjs' and code = result_code),
            (select min(rank) from outcome_entry where match = 'short' and code = result_short_code),
            if(coalesce(result_code, '1000') = '1000',
                (select min(rank) from outcome_entry where match = 'text' and code = result_text_digest), null)
        )
