"""Real containers: the runtime contract over the CRI of containerd, and the files that set a containerd up."""
