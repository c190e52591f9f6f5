"""Imports and exports variants."""
