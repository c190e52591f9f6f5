"""Deletes data that is older than the settings allow."""
