"""adb's device side: the wire, one link to the adb server, and the services behind it."""
