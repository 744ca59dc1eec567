"""Another person on this machine, who is not root: an account made for a test and removed after it.

Nothing is copied for them and no mode is changed. What lies where only root may look (the interpreter, a clone in
/root) is shown to their processes at its own path, in a mount namespace in which its folders can be passed.
"""

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

NEEDED = ("useradd", "userdel", "setpriv", "unshare")
_IDS = 65536
_STAGE = "/mnt"


@dataclass(frozen=True, slots=True)
class Account:
    """`first` is the first of its subordinate ids, 0 where it has none."""

    name: str
    uid: int
    home: Path
    first: int

    def run(self, *command: str, visible: Iterable[Path], path: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command as them, who can read the folders in `visible`; `path` is their $PATH if not the usual one.
        Both outputs are in `stdout`."""
        script = "\n".join([*_shown(visible), 'exec setpriv "$@"'])
        identity = (f"--reuid={self.uid}", f"--regid={self.uid}", "--init-groups", "--reset-env")
        environment = ("env", f"PATH={path}") if path else ()
        words = ("unshare", "--mount", "sh", "-ec", script, "sh", *identity, *environment, *command)
        return subprocess.run(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=800, check=False, cwd="/"
        )

    def owns(self, uid: int) -> bool:
        return uid == self.uid or (self.first > 0 and self.first <= uid < self.first + _IDS)

    def processes(self) -> dict[int, str]:
        """The command lines of all processes that run as them or under one of their subordinate ids. One that ended and
        whose parent has not asked how has none."""
        found = [entry for entry in Path("/proc").glob("[0-9]*") if self.owns(_runs_as(entry))]
        return {int(entry.name): line for entry in found if (line := _command(entry))}

    def files(self, folder: Path) -> list[Path]:
        """What in `folder` belongs to them."""
        return [path for path in folder.iterdir() if self.owns(_owner(path))]

    def give(self, source: Path, target: Path) -> None:
        """A copy of a folder at a place in their home."""
        shutil.copytree(source, target)
        subprocess.run(["chown", "-R", f"{self.uid}:{self.uid}", self.home], check=True)


@contextlib.contextmanager
def account(name: str, *, subordinate: bool) -> Iterator[Account]:
    """An account with a home, with subordinate ids or without; root only."""
    count = _IDS if subordinate else 0
    ids = ("-K", f"SUB_UID_COUNT={count}", "-K", f"SUB_GID_COUNT={count}")
    subprocess.run(["useradd", "--create-home", *ids, name], check=True, capture_output=True)
    try:
        entry = pwd.getpwnam(name)
        made = Account(name, entry.pw_uid, Path(entry.pw_dir), subordinate_ids(name, Path("/etc/subuid").read_text()))
        yield made
        for pid in made.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    finally:
        subprocess.run(["userdel", "--remove", "--force", name], check=False, capture_output=True)


def subordinate_ids(name: str, table: str) -> int:
    """The first subordinate id of a user in a table like /etc/subuid, 0 for none."""
    fields = (line.split(":") for line in table.splitlines())
    return next((int(first) for who, first, _ in fields if who == name), 0)


def hidden(path: Path) -> Path | None:
    """The outermost folder above `path` through which only its owner and group may pass."""
    return next((each for each in reversed(path.parents) if not each.stat().st_mode & stat.S_IXOTH), None)


def _shown(paths: Iterable[Path]) -> list[str]:
    """Commands that cover each folder which hides one of `paths`, and mount those at their own places on the cover."""
    lost = {path: cover for path in sorted(set(paths)) if (cover := hidden(path))}
    if not lost:
        return []
    stages = {path: f"{_STAGE}/{number}" for number, path in enumerate(lost)}
    return [
        f"mount -t tmpfs eachpod {_STAGE}",
        *(f"mkdir {stage}; mount --bind {path} {stage}" for path, stage in stages.items()),
        *(f"mount -t tmpfs -o mode=755 eachpod {cover}" for cover in sorted(set(lost.values()))),
        *(f"mkdir -p {path}; mount --move {stage} {path}" for path, stage in stages.items()),
        f"umount {_STAGE}",
    ]


def _owner(path: Path) -> int:
    """-1 for what is gone meanwhile."""
    try:
        return os.lstat(path).st_uid
    except FileNotFoundError:
        return -1


def _runs_as(process: Path) -> int:
    """The real user; the owner of the folder is root for some. -1 for what is gone meanwhile."""
    with contextlib.suppress(OSError):
        fields = (line.split() for line in (process / "status").read_text().splitlines())
        return next((int(words[1]) for words in fields if words[:1] == ["Uid:"]), -1)
    return -1


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:  # it is gone meanwhile
        return ""
