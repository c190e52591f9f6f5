"""What operators need: the embedded PostgreSQL, backups, retention, transfers, diagnosis."""
