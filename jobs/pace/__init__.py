"""When nothing new may start: the pace of accounts, quiet hours, and what people paused."""
