"""Success rates: intervals, comparisons, and evidence at any time."""
