"""The calls by which a person teaches screens."""
