"""One file per migration, numbered; a migration is never edited once it has been released."""
