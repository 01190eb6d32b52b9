"""The shell of a simulated phone: a small POSIX shell and the commands of Android that a phone hub uses."""
