"""The domain model as plain structs without I/O: variants, decisions, outcomes, experiments, API keys and errors."""
