"""Means and ratios per participant: metrics that are numbers, and people with several events."""
