"""Where programs are looked for: $PATH, and the administrators' folders that a user's $PATH lacks on Debian."""

import os
import shutil

_ADMINISTRATORS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def search_path() -> str:
    """$PATH with those folders behind it; the same for the checks and for every process of a cluster."""
    given = os.environ.get("PATH", "").split(os.pathsep)
    return os.pathsep.join([*given, *(folder for folder in _ADMINISTRATORS if folder not in given)])


def find(program: str) -> str | None:
    return shutil.which(program, path=search_path())
