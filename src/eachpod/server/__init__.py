"""The API server: the only part that knows the store."""
