"""Volumes and claims as the API keeps them: validation, and what may change."""
