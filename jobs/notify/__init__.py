"""What the daemon reports to people on its own."""
