"""Plays the walkthrough for a person: sets up what is missing, shows every command before its output, says how it went.

As root on Debian it installs what containers need. Without root a user namespace is used where the machine allows it;
where no containers can run, the pods are simulated and the DNS is asked from the host.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from eachpod.cluster import ability
from eachpod.testing.kubectl import programs
from eachpod.testing.scene import Scene, SceneError, Stage

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def say(text: str) -> None:
    print(text, flush=True)


def choose_runtime() -> str:
    subprocess.run(["sh", str(ROOT / "tools" / "packages.sh")], check=False)
    against = ability.reason_against_containers(ability.checks())
    if against:
        say(f"demo: simulated pods, since containers cannot run here ({against})")
        return "simulated"
    say("demo: real containers" + ("" if os.geteuid() == 0 else " in a user namespace, since this is not root"))
    return "containers"


def build_images() -> bool:
    say("$ eachpod image build")
    return subprocess.run([str(BIN / "eachpod"), "image", "build"], check=False).returncode == 0


def play(runtime: str) -> None:
    with tempfile.TemporaryDirectory(prefix="eachpod-demo-") as work:
        kubectl = str(programs(BIN)["kubectl"])
        manifest = ROOT / "examples" / "headless.yaml"
        Scene(Stage("demo", runtime, str(BIN / "eachpod"), kubectl, Path(work), manifest, say)).play()


def demo() -> str:
    """Which pods it was played with."""
    runtime = choose_runtime()
    if runtime == "containers" and not build_images():
        say("demo: the images could not be made; going on with simulated pods")
        runtime = "simulated"
    play(runtime)
    return "simulated pods" if runtime == "simulated" else "real containers"


def told(work: Callable[[], str]) -> int:
    """The exit code of a demo, after a last line that says how it went; the whole story with EACHPOD_DEBUG."""
    try:
        pods = work()
    except KeyboardInterrupt:
        say("\ndemo: interrupted; its cluster is down again")
        return 130
    except Exception as error:
        if os.environ.get("EACHPOD_DEBUG"):
            raise
        kind = "" if isinstance(error, SceneError) else f"{type(error).__name__}: "
        say(f"\ndemo: FAILED: {kind}{error}")
        return 1
    say(f"\ndemo: SUCCESS: the walkthrough went as it should, with {pods}; nothing is left behind")
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}{os.pathsep}/usr/sbin{os.pathsep}/sbin"
    sys.exit(told(demo))
