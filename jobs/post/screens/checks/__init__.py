"""Checks of what is laid over the shipped screens files: it may add, but never reach what publishes or what is proof."""
