"""Builds busybox from the distribution's source with the options that make it behave as the public image does.

Distributions set up busybox for rescue shells: their nslookup prints another form and does not search names with a
dot, which is just what people try out with headless Services. Where it cannot be built, theirs is taken and the
difference is told.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from .packages import KitError, Packages, run

Tell = Callable[[str], None]
_TOOLS = {"gcc": "gcc", "make": "make", "patch": "patch", "xz": "xz-utils", "bzip2": "bzip2"}


def program(packages: Packages, options: Mapping[str, bool], tell: Tell) -> bytes:
    """The busybox program: built before with these options from this version, built now, or the distribution's."""
    own = packages.package("busybox-static")
    key = hashlib.sha256(f"{own.name} {sorted(options.items())}".encode()).hexdigest()[:16]
    kept = packages.folder / f"busybox-{key}"
    if kept.exists():
        return kept.read_bytes()
    try:
        missing = _missing_tools(tell)
        if missing:
            raise KitError(f"{missing} to build it is not installed")
        tell("busybox: building it from source with the options of busybox:1.28 (once; about a minute)")
        with tempfile.TemporaryDirectory(dir=packages.folder, prefix="build-") as work:
            built = _build(packages, options, Path(work))
    except KitError as error:
        tell(f"busybox: the distribution's instead, whose nslookup prints another form than busybox:1.28: {error}")
        return packages.file("busybox-static", "usr/bin/busybox")
    beside = kept.with_suffix(".new")
    beside.write_bytes(built)
    beside.replace(kept)
    return built


def applets(busybox: bytes) -> list[str]:
    """The names that the program answers to, from its own usage text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "busybox"
        path.write_bytes(busybox)
        path.chmod(0o755)
        text = subprocess.run([str(path)], capture_output=True, text=True, check=False).stdout
    listed = text.partition("Currently defined functions:")[2]
    return [name for name in re.split(r"[,\s]+", listed) if name and name != "busybox"]


def configure(config: str, options: Mapping[str, bool]) -> str:
    """A build configuration with `options` set or unset, whatever it said about them."""
    lines = [line for line in config.splitlines() if not any(_about(line, name) for name in options)]
    lines += [f"CONFIG_{name}=y" if on else f"# CONFIG_{name} is not set" for name, on in options.items()]
    return "\n".join(lines) + "\n"


def _about(line: str, option: str) -> bool:
    return line.startswith(f"CONFIG_{option}=") or line == f"# CONFIG_{option} is not set"


def _missing_tools(tell: Tell) -> str:
    """What is needed to build and neither there nor to be installed (only root can)."""
    lacking = [package for tool, package in _TOOLS.items() if shutil.which(tool) is None]
    if not Path("/usr/include/stdio.h").exists():
        lacking.append("libc6-dev")
    if lacking and os.geteuid() == 0:
        tell(f"busybox: installing {', '.join(lacking)} to build it")
        run("apt-get", "-qq", "update")
        run("apt-get", "-qq", "-y", "--no-install-recommends", "install", *lacking)
        return ""
    return ", ".join(lacking)


def _build(packages: Packages, options: Mapping[str, bool], work: Path) -> bytes:
    packages.source("busybox", work)
    source = work / "src"
    source.mkdir()
    original, debian = next(work.glob("*.orig.tar.*")), next(work.glob("*.debian.tar.*"))
    run("tar", "xf", str(original), "-C", str(source), "--strip-components", "1")
    run("tar", "xf", str(debian), "-C", str(source))
    for line in (source / "debian/patches/series").read_text().splitlines():
        name = line.partition("#")[0].strip()
        if name:
            run("patch", "-s", "-p1", "-i", f"debian/patches/{name}", cwd=source)
    config = (source / "debian/config/pkg/static").read_text()
    (source / ".config").write_text(configure(config, options))
    run("sh", "-c", "yes '' | make -s oldconfig", cwd=source)
    run("nice", "make", "-s", f"-j{os.cpu_count() or 1}", cwd=source)
    return (source / "busybox").read_bytes()
