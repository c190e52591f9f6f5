"""The wire types of the HTTP API: what requests carry and what answers hold. The server and the client use the same ones."""
