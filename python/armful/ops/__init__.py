"""Operation: the embedded PostgreSQL, backups, retention, transfers and diagnosis."""
