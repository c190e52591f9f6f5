"""Deletes what is older than the settings say."""
