"""What armful is measured against, small enough to read."""
