"""The commands for other boxes with phones: on the hub, and on such a box."""
