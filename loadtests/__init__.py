"""Load tests with Locust: `make loadtest`."""
