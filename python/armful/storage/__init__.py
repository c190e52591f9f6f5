"""PostgreSQL, the only source of truth. Only this package knows SQL."""
