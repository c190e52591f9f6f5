"""Reports on variants and on the service: standings, history, live data and an overview."""
