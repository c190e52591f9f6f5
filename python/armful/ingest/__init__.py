"""How outcomes get into PostgreSQL: batched, idempotent, answered once committed."""
