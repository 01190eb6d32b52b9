"""Reads and validates values from outside; imports no other package of `jobs`."""
