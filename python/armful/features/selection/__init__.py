"""Selections of variants to show."""
