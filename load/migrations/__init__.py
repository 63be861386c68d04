"""Migrations of the warehouse, run by `load.migrating`."""
