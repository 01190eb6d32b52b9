"""The `post` script: from a request's script_config to a verdict."""
