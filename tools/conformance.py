"""Runs Kubernetes' own conformance tests against a cluster with real containers.

Usage: conformance.py LIST --suite DIR [--procs N] [--images DIR] [--runs N] [--runtime containers|simulated]

The suite is a folder with the runner (`run.sh`), the maker of the images that the tests name (`images.py`,
`busybox.sh`) and lists of exact test names. LIST is one of them, or a path. The upstream programs (e2e.test, ginkgo,
kubectl) lie in the folder $PEERS or in `bin` in it, by default in the user's cache. The images are made once, and come
into the cluster as a user's own do, by `eachpod image load`. Prints failed tests with their first message and
`passed P failed F total T`, and takes the cluster down, also when it is interrupted. $OUT keeps the reports. With
simulated pods only tests that look into no container can pass.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from eachpod.cluster import ability

EACHPOD = str(Path(sys.executable).parent / "eachpod")
PROGRAMS = ("e2e.test", "ginkgo", "kubectl")
_GRACE_SECONDS = 10.0


class Refusal(Exception):
    """The tests cannot be run; the text says why and what to do."""


class Interrupted(Exception):
    """Somebody wants it to end."""


def suite_folder(given: str) -> Path:
    if not given:
        raise Refusal(
            "no folder with the test suite; give SUITE=DIR, a folder with run.sh, images.py and lists of tests"
        )
    if not (Path(given) / "run.sh").exists():
        raise Refusal(f"SUITE={given}: no run.sh is there; give a folder with run.sh, images.py and lists of tests")
    return Path(given).resolve()


def test_list(suite: Path, given: str) -> Path:
    """The file of a list: a path, or the name of one of the suite's."""
    for path in (Path(given), suite / given, suite / f"{given}.txt"):
        if path.is_file():
            if not names_in(path):
                raise Refusal(f"LIST={given}: {path} names no test; give a file with one exact name a line")
            return path.resolve()
    known = ", ".join(sorted(path.stem for path in suite.glob("*.txt"))) or "none"
    raise Refusal(f"LIST={given}: neither a file nor a list of the suite (there: {known})")


def names_in(path: Path) -> list[str]:
    lines = (line.strip() for line in path.read_text(errors="replace").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def binaries() -> Path:
    """The folder of the upstream programs."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "eachpod-peers"
    peers = Path(os.environ.get("PEERS") or cache).expanduser()
    folder = peers / "bin" if (peers / "bin").is_dir() else peers
    missing = [name for name in PROGRAMS if not os.access(folder / name, os.X_OK)]
    if missing:
        absent = ", ".join(missing)
        raise Refusal(
            f"the upstream programs are missing ({absent} in {folder}); give PEERS=DIR, the folder they are in"
        )
    return folder.resolve()


def for_suite(programs: Path) -> dict[str, str]:
    """The environment in which the suite finds the programs. Its maker of images means something else by SUITE."""
    kept = {key: value for key, value in os.environ.items() if key != "SUITE"}
    return kept | {"BIN": str(programs), "PEERS": str(programs.parent if programs.name == "bin" else programs)}


def check_containers() -> None:
    against = ability.reason_against_containers(ability.checks())
    if against:
        raise Refusal(f"containers cannot run here ({against}); `eachpod doctor` says what to do")


def make_images(suite: Path, folder: Path, environment: dict[str, str]) -> None:
    """Make the images that the tests name, unless they are there. Half a try leaves nothing that looks whole."""
    if any(folder.glob("*/index.json")):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        made, work = Path(scratch) / "images", Path(scratch) / "busybox"
        attempt(["bash", str(suite / "busybox.sh"), str(work)], environment)
        busybox = {"BUSYBOX": str(work / "busybox")}
        attempt([sys.executable, str(suite / "images.py"), str(made)], environment | busybox)
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)


def load_images(folder: Path, environment: dict[str, str]) -> None:
    layouts = sorted(index.parent for index in folder.rglob("index.json"))
    if not layouts:
        raise Refusal(f"--images {folder}: no image is there")
    for layout in layouts:
        attempt([EACHPOD, "image", "load", str(layout)], environment, quiet=True)
    print(f"{len(layouts)} images loaded", flush=True)


def attempt(command: list[str], environment: dict[str, str], *, quiet: bool = False) -> None:
    code = in_own_group(command, environment, quiet=quiet)
    if code:
        raise Refusal(f"`{' '.join(command)}` ended with {code}")


def in_own_group(command: list[str], environment: dict[str, str], *, quiet: bool = False) -> int:
    """Run a program; whatever it has started goes with it when this is interrupted."""
    output = subprocess.DEVNULL if quiet else None
    with subprocess.Popen(command, env=environment, stdout=output, start_new_session=True) as process:
        try:
            return process.wait()
        finally:
            if process.poll() is None:
                end_group(process)


def end_group(process: "subprocess.Popen[bytes]") -> None:
    os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def cluster(runtime: str, work: Path, environment: dict[str, str]) -> Iterator[Path]:
    """A cluster of this run's own; yields the kubeconfig. Taking it down is not interrupted any more."""
    name, kubeconfig = f"conformance-{os.getpid()}", work / "kubeconfig"
    try:
        attempt([EACHPOD, "up", name, "--runtime", runtime, "--kubeconfig", str(kubeconfig)], environment)
        yield kubeconfig
    finally:
        on_interruption(signal.SIG_IGN)
        down = [EACHPOD, "down", name]
        ended = subprocess.run(down, check=False, capture_output=True, text=True, env=environment)
        # Where `up` was refused there is nothing to take down, and it has said why.
        print(ended.stdout if not ended.returncode else ended.stderr if kubeconfig.exists() else "", end="", flush=True)


def play(given: argparse.Namespace) -> int:
    suite = suite_folder(given.suite)
    names, programs = test_list(suite, given.list), binaries()
    if given.runtime == "containers":
        check_containers()
    images = given.images or programs.parent / "conformance-images"
    environment = for_suite(programs)
    make_images(suite, images, environment)
    with tempfile.TemporaryDirectory(prefix="conformance-") as scratch:
        work = Path(scratch)
        environment |= {"XDG_DATA_HOME": str(work / "data"), "PROCS": str(given.procs), "NODES": "2"}
        load_images(images, environment)
        with cluster(given.runtime, work, environment) as kubeconfig:
            command, codes = ["bash", str(suite / "run.sh"), str(kubeconfig), f"@{names}"], []
            for number in range(1, given.runs + 1):
                out = Path(os.environ.get("OUT") or work / "report") / str(number)
                codes.append(in_own_group(command, environment | {"OUT": str(out.absolute())}))
            return max(codes)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list")
    parser.add_argument("--suite", default="")
    parser.add_argument("--procs", type=int, default=4)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--runtime", choices=("containers", "simulated"), default="containers")
    return parser.parse_args()


def on_interruption(do: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, do)


def interrupt(number: int, frame: FrameType | None) -> None:
    on_interruption(signal.SIG_IGN)  # what is left to do is to clean up
    raise Interrupted


def main() -> None:
    on_interruption(interrupt)
    try:
        sys.exit(play(arguments()))
    except Refusal as refusal:
        sys.exit(f"conformance: not run: {refusal}")
    except Interrupted:
        print("conformance: interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
