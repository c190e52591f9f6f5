"""What an experiment has shown: figures, comparisons, verdict and recommendation."""
