"""Volumes of pods: what is in them (`payload`), where they are mounted (`mounts`), and their directories (`keeper`)."""
