"""From a request to stored tasks."""
