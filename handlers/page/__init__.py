"""The page that the daemon serves to browsers."""
