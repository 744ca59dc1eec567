"""The namespaces around everything that containers need: mounts, networks, processes, and users without root.

Whatever happens inside goes with the first process in it, so neither `down` nor a crash can leave a mount, a namespace
or a process behind.
"""

import os
import pwd
from pathlib import Path

from .searchpath import find
from .settings import Settings


def users() -> str:
    """Which users a namespace of ours has: "root" of the machine, a "range" of subordinate ids, or only "one"."""
    if os.geteuid() == 0:
        return "root"
    name = pwd.getpwuid(os.getuid()).pw_name
    ranges = all(_listed(Path(path), name) for path in ("/etc/subuid", "/etc/subgid"))
    return "range" if ranges and find("newuidmap") else "one"


def command(settings: Settings, inner: tuple[str, ...]) -> tuple[str, ...]:
    """`inner` as the first process of the holder's namespaces."""
    flags = ["--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", "--uts", "--ipc"]
    return ("unshare", *flags, *(_user_flags() if settings.rootless else ()), *inner)


def with_users(*inner: str) -> tuple[str, ...]:
    """`inner` with the users that containers had, for the files that they left."""
    return ("unshare", *_user_flags(), *inner)


def _user_flags() -> tuple[str, ...]:
    kind = users()
    if kind == "root":
        return ()
    return ("--user", "--map-root-user", *(["--map-auto"] if kind == "range" else []))


def _listed(path: Path, name: str) -> bool:
    try:
        return any(line.split(":")[0] in (name, str(os.getuid())) for line in path.read_text().splitlines())
    except OSError:
        return False
