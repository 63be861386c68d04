coalesce(left(court_ou_code, 5), 'unknown')
