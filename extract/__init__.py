"""Sources to records: read what courts send, keep what is usable, set the rest aside with its reason."""
