"""Outcomes of variants: validated, then counted in the next commit."""
