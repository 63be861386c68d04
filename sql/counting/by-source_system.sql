coalesce(source_system, 'unknown')
