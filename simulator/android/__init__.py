"""Android itself: windows, files, media store, settings, packages, screen."""
