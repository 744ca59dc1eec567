"""Writes a volume's files so that readers see either the old set or the new one, never a mixture.

The files lie in a directory named by the time; `..data` is a symbolic link to it, and each visible name a link through
`..data`. An update makes a new directory and renames one link.
"""

import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from .payload import File

_DATA, _DATA_NEW = "..data", "..data_tmp"


def write(root: Path, files: Mapping[str, File], group: int | None = None) -> bool:
    """Make `root` hold exactly `files`; False where it did already. `group` owns them, where given."""
    current = root / _DATA
    old = Path(os.path.realpath(current)) if current.is_symlink() else None
    if old is not None and old.is_dir() and _holds(old, files):
        return False
    stamp = time.strftime("..%Y_%m_%d_%H_%M_%S.", time.gmtime()) + f"{time.time_ns() % 10**9:09d}"
    fresh = root / stamp
    _fill(fresh, files, group)
    link = root / _DATA_NEW
    link.unlink(missing_ok=True)
    link.symlink_to(stamp)
    link.rename(current)
    _link_names(root, files)
    if old is not None and old != fresh:
        shutil.rmtree(old, ignore_errors=True)
    return True


def _fill(folder: Path, files: Mapping[str, File], group: int | None) -> None:
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    for name, file in files.items():
        path = folder / PurePosixPath(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(file.mode | (0o440 if group is not None else 0))
    if group is not None:
        for each in [folder, *folder.rglob("*")]:
            os.chown(each, -1, group)
            if each.is_dir():
                each.chmod(0o2775)


def _link_names(root: Path, files: Mapping[str, File]) -> None:
    names = {PurePosixPath(name).parts[0] for name in files}
    for name in names:
        link = root / name
        if not link.is_symlink():
            link.symlink_to(f"{_DATA}/{name}")
    for entry in root.iterdir():
        if not entry.name.startswith("..") and entry.name not in names:
            entry.unlink()


def _holds(folder: Path, files: Mapping[str, File]) -> bool:
    there = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    if there.keys() != {str(PurePosixPath(name)) for name in files}:
        return False
    return all(there[str(PurePosixPath(name))].read_bytes() == file.content for name, file in files.items())
