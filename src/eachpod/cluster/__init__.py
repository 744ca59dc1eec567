"""The composition root: which parts run in which process, and the life of a local cluster."""
