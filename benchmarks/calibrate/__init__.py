"""Measures the error rates and the coverage of armful's statistics: `python -m benchmarks.calibrate`."""
