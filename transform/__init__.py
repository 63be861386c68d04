"""Records to counts: questions as data, one readable SQL statement, an engine that runs it."""
