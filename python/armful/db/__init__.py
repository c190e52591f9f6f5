"""PostgreSQL: connections, SQL files and migrations of the schema."""
