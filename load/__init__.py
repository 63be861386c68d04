"""Counts to outside: the warehouse of runs and figures, as vintages that are never changed."""
