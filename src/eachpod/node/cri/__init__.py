"""Real containers: the runtime contract over the CRI of containerd, and the files that set a containerd up."""

from .runtime import CriRuntime

__all__ = ["CriRuntime"]
