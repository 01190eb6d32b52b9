"""Slots: posts that repeat on weekdays and times."""
