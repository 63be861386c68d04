(
        offence_code in (select code from {{list}} where match = 'offence')
        or left(offence_code, 7) in (select code from {{list}} where match = 'base')
    )
