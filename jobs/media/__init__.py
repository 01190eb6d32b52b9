"""Files that may be posted: where they lie, what they hold, what an app takes."""
