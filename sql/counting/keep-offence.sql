offence_code in (select code from {{list}} where match = 'offence')
