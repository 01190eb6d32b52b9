"""Durable records of tasks, accounts and materials: the only package that imports TinyDB."""
