"""Which variants to show."""
