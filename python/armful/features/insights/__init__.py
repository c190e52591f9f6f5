"""How variants do: their standings, their history, and the service at a glance."""
