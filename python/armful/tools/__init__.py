"""Programs around the service: demonstration, replay, simulation, terminal view."""
