"""The console for browsers: its files, and the calls that it alone makes."""
