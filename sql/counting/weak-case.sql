case_key_strength = 'weak'
