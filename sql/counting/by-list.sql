(select category from {{list}} where {{list}}.match = 'offence' and {{list}}.code = first_result.offence_code)
