"""One file per kind: what is special to it, and nothing else."""
