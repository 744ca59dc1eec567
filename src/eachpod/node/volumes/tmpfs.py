"""Memory volumes: a tmpfs mounted on a volume's directory, by the system's own calls (a shell is not needed for it)."""

import ctypes
import os
from pathlib import Path

_DETACH = 2


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def mount(path: Path, size: int = 0) -> None:
    """OSError where the agent may not mount."""
    options = f"mode=0777,size={size}" if size else "mode=0777"
    if _libc().mount(b"tmpfs", str(path).encode(), b"tmpfs", 0, options.encode()):
        number = ctypes.get_errno()
        raise OSError(number, f"cannot mount a tmpfs: {os.strerror(number)}")


def unmount(path: Path) -> None:
    """Gone from sight at once, even while something still uses it. What is not mounted is left alone."""
    _libc().umount2(str(path).encode(), _DETACH)
