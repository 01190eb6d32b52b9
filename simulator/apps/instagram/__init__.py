"""The Instagram app of a simulated phone."""
