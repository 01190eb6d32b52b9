"""Accounts: those of the config, those of the API, those that apps show."""
