"""Reading a request and writing the envelope of its answer."""
