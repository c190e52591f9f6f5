"""Decisions: made in one place, and handed to everything that keeps something of them."""
