"""The commands of `tikmatrixd` and what they share."""
