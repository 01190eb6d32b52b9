"""The apps of a simulated phone, each a state machine with screens."""
