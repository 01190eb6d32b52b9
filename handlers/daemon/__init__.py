"""The running daemon: its parts, its start and stop, what the service manager hears of it."""
