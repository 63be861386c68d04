coalesce(upper(finding) = 'G', conviction_date is not null)
