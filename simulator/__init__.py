"""Simulated phones: programs that speak adb's device side and show the apps' screens."""
