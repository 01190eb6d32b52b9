"""The HTTP server: sockets, the loop, threads, limits."""
