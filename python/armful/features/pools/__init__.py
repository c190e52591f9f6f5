"""Pools: their settings, what they have learnt, and what that has earned."""
