"""Models that learn from outcomes, and policies that choose variants by them, on top of the Rust core."""
