"""Whether armful's statistics do what they promise, measured: `python -m benchmarks.calibrate`."""
