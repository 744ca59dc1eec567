"""Plays the walkthrough for a person: sets up what is missing, shows every command before its output, says how it went.

As root on Debian it installs what containers need. Without root a user namespace is used where the machine allows it;
where no containers can run, the pods are simulated and the DNS is asked from the host.
"""

import os
import subprocess
import sys
import tempfile
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


def play(runtime: str) -> str:
    """What went wrong, "" if nothing did."""
    with tempfile.TemporaryDirectory(prefix="eachpod-demo-") as work:
        kubectl = str(programs(BIN)["kubectl"])
        manifest = ROOT / "examples" / "headless.yaml"
        stage = Stage("demo", runtime, str(BIN / "eachpod"), kubectl, Path(work), manifest, say)
        try:
            Scene(stage).play()
        except SceneError as error:
            return str(error)
    return ""


def main() -> None:
    os.chdir(ROOT)
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}{os.pathsep}/usr/sbin{os.pathsep}/sbin"
    runtime = choose_runtime()
    if runtime == "containers" and not build_images():
        say("demo: the images could not be made; going on with simulated pods")
        runtime = "simulated"
    wrong = play(runtime)
    if wrong:
        say(f"\ndemo: FAILED: {wrong}")
        sys.exit(1)
    pods = "simulated pods" if runtime == "simulated" else "real containers"
    say(f"\ndemo: SUCCESS: the walkthrough went as it should, with {pods}; nothing is left behind")


if __name__ == "__main__":
    main()
