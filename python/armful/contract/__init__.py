"""The request and response types of the HTTP API. The server and the client share them."""
