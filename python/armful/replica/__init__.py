"""A process's copy of the database in memory, and what keeps it equal to the database."""
