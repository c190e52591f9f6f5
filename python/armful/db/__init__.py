"""PostgreSQL: connections, SQL files, the schema and its migrations."""
