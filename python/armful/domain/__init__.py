"""What armful is about, as plain structs without I/O: variants, decisions, outcomes, experiments, keys, errors."""
