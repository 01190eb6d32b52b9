"""Loop, an app that does not exist: all that a third app takes, in one folder."""
