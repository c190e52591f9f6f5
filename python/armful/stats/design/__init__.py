"""What a test promises: its shares, its split, its error budget, several comparisons, and when to ship."""
