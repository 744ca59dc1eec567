"""Runs Kubernetes' own conformance tests against a cluster with real containers.

Usage: conformance.py SUITE_DIR LIST [--procs N] [--images DIR] [--runs N]

SUITE_DIR holds the runner (`run.sh`) and the maker of the images that the tests name (`images.py`, `busybox.sh`); LIST
is a file of exact test names in it, or a path. The upstream binaries lie where $PEERS or $BIN says, by default in the
user's cache. The images come into the cluster as a user's own do, by `eachpod image load`. Prints failed tests with
their first message and `passed P failed F total T`, and takes the cluster down.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

EACHPOD = str(Path(sys.executable).parent / "eachpod")


def binaries() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    peers = Path(os.environ.get("PEERS") or cache / "eachpod-peers")
    return Path(os.environ.get("BIN") or peers / "bin")


def make_images(suite: Path, folder: Path) -> None:
    """Make the images that the tests name, once."""
    if any(folder.glob("*/index.json")):
        return
    folder.mkdir(parents=True, exist_ok=True)
    work = folder.parent / "busybox"
    subprocess.run(["bash", str(suite / "busybox.sh"), str(work)], check=True)
    environment = {**os.environ, "BUSYBOX": str(work / "busybox")}
    subprocess.run([sys.executable, str(suite / "images.py"), str(folder)], check=True, env=environment)


def load_images(folder: Path, environment: dict[str, str]) -> None:
    layouts = sorted(index.parent for index in folder.rglob("index.json"))
    for layout in layouts:
        subprocess.run([EACHPOD, "image", "load", str(layout)], check=True, env=environment, stdout=subprocess.DEVNULL)
    print(f"{len(layouts)} images loaded", flush=True)


def run(suite: Path, names: Path, procs: int, images: Path, runs: int) -> int:
    with tempfile.TemporaryDirectory(prefix="conformance-") as scratch:
        work = Path(scratch)
        environment = {**os.environ, "XDG_DATA_HOME": str(work / "data"), "PROCS": str(procs), "NODES": "2"}
        load_images(images, environment)
        name, kubeconfig = f"conformance-{os.getpid()}", work / "kubeconfig"
        up = [EACHPOD, "up", name, "--runtime", "containers", "--kubeconfig", str(kubeconfig)]
        subprocess.run(up, check=True, env=environment)
        try:
            codes = []
            for number in range(runs):
                out = {"OUT": os.environ.get("OUT", str(work / f"report{number}"))}
                command = ["bash", str(suite / "run.sh"), str(kubeconfig), f"@{names}"]
                codes.append(subprocess.run(command, check=False, env=environment | out).returncode)
            return max(codes)
        finally:
            subprocess.run([EACHPOD, "down", name], check=False, env=environment)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", type=Path)
    parser.add_argument("list", type=Path)
    parser.add_argument("--procs", type=int, default=4)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--images", type=Path)
    given = parser.parse_args()
    if not (binaries() / "e2e.test").exists():
        sys.exit(
            f"conformance: not run, {binaries()} has no e2e.test; set PEERS or BIN to where the upstream binaries are"
        )
    suite = given.suite.resolve()
    names = given.list if given.list.exists() else suite / f"{given.list}.txt"
    images = given.images or binaries().parent / "conformance-images"
    make_images(suite, images)
    sys.exit(run(suite, names.resolve(), given.procs, images, given.runs))


if __name__ == "__main__":
    main()
