"""The server process: sockets, connections and workers. The only package that knows uvicorn."""
