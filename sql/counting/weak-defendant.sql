case_key_strength = 'weak' or defendant_key is null or starts_with(defendant_key, 'payload:')
