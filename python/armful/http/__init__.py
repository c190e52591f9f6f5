"""The HTTP API: decoding requests and encoding responses. It makes no decisions."""
