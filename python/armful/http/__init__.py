"""The HTTP API: everything that knows requests and responses, and nothing that decides."""
