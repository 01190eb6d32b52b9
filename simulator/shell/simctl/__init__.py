"""`simctl`: what tests and people see of a simulated phone, and how they make it fail."""
