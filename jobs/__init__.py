"""How tasks get done: states, scheduling, dispatching, the phones and the post script."""
