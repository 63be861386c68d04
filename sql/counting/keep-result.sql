(
        result_code in (select code from {{list}} where match = 'cjs')
        or result_short_code in (select code from {{list}} where match = 'short')
        or (coalesce(result_code, '1000') = '1000'
            and result_text_digest in (select code from {{list}} where match = 'text'))
    )
