coalesce(
            (select min(category) from {{list}} where match = 'cjs' and code = result_code),
            (select min(category) from {{list}} where match = 'short' and code = result_short_code),
            if(coalesce(result_code, '1000') = '1000',
                (select min(category) from {{list}} where match = 'text' and code = result_text_digest), null)
        )
