"""The material library: uploaded files."""
