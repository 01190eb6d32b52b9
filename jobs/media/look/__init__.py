"""Looks into media files, in a process of its own: containers by their boxes, pictures by their pixels.

Nothing here imports the rest of the project, so that the process starts fast and holds little.
"""
