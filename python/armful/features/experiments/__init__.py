"""Formal experiments: their life cycle, the assignment of participants, and their results."""
