"""Decisions: one engine makes them all, and passes each to sinks that record it."""
