"""API keys: created, listed, rotated, revoked."""
