"""The walkthrough for people who are not root, and where no containers can run: the demo as they would play it."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from eachpod.cluster import ability
from eachpod.cluster.images.build import build, cache_folder
from eachpod.cluster.searchpath import find
from eachpod.testing.account import NEEDED, Account, account
from eachpod.testing.kubectl import programs
from eachpod.testing.localcluster import wait_for

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
VISIBLE = (ROOT, Path(sys.prefix), Path(sys.base_prefix))
DEMO = (sys.executable, str(ROOT / "tools" / "demo.py"))
SUCCESS = "demo: SUCCESS: the walkthrough went as it should, with {}; nothing is left behind"
pytestmark = pytest.mark.e2e


@pytest.fixture
def person(request: pytest.FixtureRequest) -> Iterator[Account]:
    """Someone without root; `request.param` tells whether they have subordinate ids."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if os.geteuid() != 0 or missing:
        pytest.skip(f"only root makes accounts, with {', '.join(missing or NEEDED)}")
    programs(BIN)
    with account(f"eachpod-{os.getpid()}", subordinate=request.param) as made:
        if request.param and not (made.first and shutil.which("newuidmap")):
            pytest.skip("useradd gives no subordinate ids here, or newuidmap is missing (apt-get install uidmap)")
        yield made


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A $PATH without containerd: of all programs it has the two that the list of missing packages is made with."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for program in ("sh", "id"):
            (Path(folder) / program).symlink_to(shutil.which(program) or program)
        with monkeypatch.context() as patched:
            patched.setenv("PATH", folder)
            found = find("containerd")
        if found:
            pytest.skip(f"no $PATH hides {found}")
        yield folder


def played(done: subprocess.CompletedProcess[str], pods: str) -> str:
    assert done.returncode == 0, done.stdout
    assert done.stdout.rstrip().endswith(SUCCESS.format(pods))
    return done.stdout


def nothing_left(person: Account) -> None:
    """No process: and with it no mount and no network, which were those of its namespaces. No file but the images."""
    wait_for(lambda: not person.processes(), "their last process is gone")
    assert not person.files(Path("/tmp"))
    assert not (person.home / ".local" / "share" / "eachpod").exists()


@pytest.mark.parametrize("person", [True, False], ids=["subordinate-ids", "one-id"], indirect=True)
def test_real_containers_in_a_user_namespace(person: Account) -> None:
    against = ability.reason_against_containers(ability.checks())
    if against:
        pytest.skip(f"containers cannot run here: {against}")
    if person.run("unshare", "--user", "--map-root-user", "--net", "true", visible=VISIBLE).returncode:
        pytest.skip("this machine allows no user namespaces")
    build()
    person.give(cache_folder(), person.home / ".cache" / "eachpod" / "images")
    shown = played(person.run(*DEMO, visible=VISIBLE), "real containers")
    assert "demo: real containers in a user namespace, since this is not root" in shown
    assert "Welcome to nginx!" in shown
    nothing_left(person)


@pytest.mark.parametrize("person", [False], ids=["not-root"], indirect=True)
def test_simulated_pods_where_containers_cannot_run(person: Account, bare: str) -> None:
    shown = played(person.run(*DEMO, visible=VISIBLE, path=bare), "simulated pods")
    says_why(shown)
    nothing_left(person)


def test_simulated_pods_for_whoever_runs_the_tests(bare: str) -> None:
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    environment = {**os.environ, "PATH": bare}
    done = subprocess.run(DEMO, **streams, text=True, timeout=800, check=False, env=environment)
    says_why(played(done, "simulated pods"))


def says_why(shown: str) -> None:
    """What is missing and what to do; and which pods there are instead, with the names asked from outside."""
    assert re.search(r"^packages: missing.* containerd.*apt-get install", shown, re.M)
    assert "demo: simulated pods, since containers cannot run here (containerd: not installed; " in shown
    assert "web-2.nginx-headless.default.svc.cluster.local -> 10.0." in shown
