"""Programs around the service: the demo, replay, simulation and the terminal view."""
