"""Posts from the command line: uploads, the command itself, and watching posts until they end."""
