"""Debian and Ubuntu packages fetched and read without installing them, and without root.

apt is run on a package state of its own: empty lists and an empty system below the cache folder. It resolves what a
package needs, checks signatures and downloads; nothing of the machine changes.
"""

import io
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path

from .sources import archives, codename

_LISTS_AGE = 24 * 3600


class KitError(Exception):
    """An image cannot be made or read. The message says why and what to do."""


class Packages:
    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.archives = self.folder / "archives"
        self._lists = self.folder / "lists"
        self._nowhere = self.folder / "nowhere"  # apt lists only what its cache lacks: ask with an empty one

    def update(self) -> None:
        """Gets the lists of packages where there are none of today."""
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise KitError(
                "images are made from Debian or Ubuntu packages, and this machine has no apt-get; "
                "load an image from a file instead: eachpod image load FILE"
            )
        stamp = self.folder / "updated"
        if stamp.exists() and time.time() - stamp.stat().st_mtime < _LISTS_AGE:
            return
        for folder in (self.archives, self._lists, self._nowhere):
            (folder / "partial").mkdir(parents=True, exist_ok=True)
        self._write_sources()
        self.apt("update")
        stamp.touch()

    def closure(self, names: Sequence[str], unwanted: frozenset[str] = frozenset()) -> list[Path]:
        """The package files of `names` and of all they need, downloaded, without those called `unwanted`."""
        said = self.apt("--print-uris", "install", *names, archives=self._nowhere)
        wanted = [self.archives / line.split()[1] for line in said.splitlines() if line.startswith("'")]
        if not all(path.exists() for path in wanted):
            self.apt("--download-only", "install", *names)
        return [path for path in wanted if path.name.split("_")[0] not in unwanted]

    def package(self, name: str) -> Path:
        return next(path for path in self.closure([name]) if path.name.startswith(f"{name}_"))

    def file(self, package: str, path: str) -> bytes:
        """One file out of a package, wherever merged /usr has put it."""
        with tarfile.open(fileobj=io.BytesIO(contents(self.package(package)))) as tar:
            for info in tar:
                if info.isreg() and info.name.removeprefix("./") in (path, path.removeprefix("usr/")):
                    stream = tar.extractfile(info)
                    return stream.read() if stream else b""
        raise KitError(f"package {package} has no file /{path}")

    def source(self, name: str, folder: Path) -> Path:
        """Downloads a package's source into a folder; returns its .dsc file."""
        self.apt("source", "--download-only", name, cwd=folder)
        return max(folder.glob("*.dsc"), key=lambda path: path.stat().st_mtime)

    def apt(self, *arguments: str, archives: Path | None = None, cwd: Path | None = None) -> str:
        options = {
            "Dir::Etc::sourcelist": str(self.folder / "sources.list"),
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": str(self._lists),
            "Dir::State::status": "/dev/null",
            "Dir::Cache": str(self.folder),
            "Dir::Cache::archives": str(archives or self.archives),
            "Debug::NoLocking": "1",
            # The user that apt takes for downloads cannot write below a home folder.
            "APT::Sandbox::User": "root",
        }
        words = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        return run("apt-get", "-qq", "-y", "--no-install-recommends", *words, *arguments, cwd=cwd)

    def _write_sources(self) -> None:
        etc = Path("/etc/apt")
        files = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]
        texts = [path.read_text() for path in files if path.suffix in (".list", ".sources") and path.is_file()]
        found = archives(texts, codename(Path("/etc/os-release").read_text()))
        if not found:
            raise KitError("/etc/apt names no archive of this distribution's release to take packages from")
        lines = [line for archive in found for line in archive.lines()]
        (self.folder / "sources.list").write_text("\n".join(lines) + "\n")


def contents(package: Path) -> bytes:
    """The tar archive of the files in a package."""
    done = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(package)], check=True, capture_output=True)
    return done.stdout


def run(*command: str, cwd: Path | None = None) -> str:
    """The output of a command in a plain locale; KitError with its last lines where it fails."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        last = " / ".join((done.stderr or done.stdout).strip().splitlines()[-3:])
        shown = " ".join([command[0], *(word for word in command[1:] if "=" not in word and word != "-o")][:8])
        raise KitError(f"{shown} failed: {last}")
    return done.stdout
