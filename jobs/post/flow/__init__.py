"""Walking through an app: what both apps share."""
