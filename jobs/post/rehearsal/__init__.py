"""Rehearsals: the way to the filled form on a real phone, and back, without the publishing tap."""
