application_key is null and ({{defendant}})
