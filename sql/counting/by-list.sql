coalesce(
            (select category from {{list}} where {{list}}.match = 'offence' and {{list}}.code = first_result.offence_code),
            (select category from {{list}} where {{list}}.match = 'base' and {{list}}.code = left(first_result.offence_code, 7))
        )
