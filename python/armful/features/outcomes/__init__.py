"""What happened to variants: checked, then counted in the next commit."""
