"""Tasks in tables: rows of a CSV file become requests, tasks become rows."""
