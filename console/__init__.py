"""The web console: the second face of the same services."""
