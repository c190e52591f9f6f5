"""Variants: created, read, changed, archived."""
