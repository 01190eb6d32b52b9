"""Running tasks: who has the phone, for how long, and what becomes of it."""
