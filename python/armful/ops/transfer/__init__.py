"""Moves variants into and out of a database, any number at a time."""
