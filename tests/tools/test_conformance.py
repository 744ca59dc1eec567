"""The runner of upstream's tests: it refuses in words what it cannot do, and leaves nothing behind when stopped."""

import asyncio
import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from eachpod.cluster import leftovers
from eachpod.testing.eventually import eventually

TOOL = Path(__file__).parents[2] / "tools" / "conformance.py"
TEST = "[sig-apps] one thing [Conformance]"


@pytest.fixture
def tool(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("conformance")


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "run.sh").write_text('echo "$OUT" > "$STARTED"; sleep 1000 & echo $! >> "$STARTED"; wait\n')
    (folder / "heart.txt").write_text(f"# apps 1\n{TEST}\n")
    (folder / "none.txt").write_text("# nothing yet\n\n")
    return folder


def program(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)


def test_a_list_is_a_file_or_a_name_in_the_suite(tool: ModuleType, suite: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text(TEST)
    assert tool.test_list(suite, "heart") == suite / "heart.txt"
    assert tool.test_list(suite, "heart.txt") == suite / "heart.txt"
    assert tool.test_list(suite, str(own)) == own


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("hart", "LIST=hart: neither a file nor a list of the suite (there: heart, none)"),
        ("none", "names no test"),  # an empty choice would mean all tests
    ],
)
def test_a_list_that_names_nothing_is_refused(tool: ModuleType, suite: Path, given: str, words: str) -> None:
    with pytest.raises(tool.Refusal) as refused:
        tool.test_list(suite, given)
    assert words in str(refused.value)


@pytest.mark.parametrize("given", ["", "nowhere"])
def test_a_suite_that_is_not_there_is_asked_for(tool: ModuleType, given: str) -> None:
    with pytest.raises(tool.Refusal) as refused:
        tool.suite_folder(given)
    assert "SUITE=" in str(refused.value)


@pytest.mark.parametrize("inside", ["bin", "."])
def test_peers_is_the_folder_of_the_programs_or_the_one_above(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    monkeypatch.setenv("PEERS", str(tmp_path))
    with pytest.raises(tool.Refusal) as refused:
        tool.binaries()
    assert "e2e.test, ginkgo, kubectl" in str(refused.value)
    assert "PEERS=DIR" in str(refused.value)
    for name in tool.PROGRAMS:
        program(tmp_path / inside / name)
    assert tool.binaries() == (tmp_path / inside).resolve()


def image(folder: Path) -> None:
    """An OCI layout of an image without layers."""

    def blob(value: object) -> dict[str, object]:
        data = json.dumps(value).encode()
        digest = hashlib.sha256(data).hexdigest()
        (folder / "blobs/sha256").mkdir(parents=True, exist_ok=True)
        (folder / "blobs/sha256" / digest).write_bytes(data)
        return {"digest": f"sha256:{digest}", "size": len(data)}

    kind = "application/vnd.oci.image"
    config = blob({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}})
    manifest = {"schemaVersion": 2, "config": {"mediaType": f"{kind}.config.v1+json", **config}, "layers": []}
    name = {"org.opencontainers.image.ref.name": "example.com/empty:1"}
    entry = {"mediaType": f"{kind}.manifest.v1+json", **blob(manifest), "annotations": name}
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))


def ended(pid: int) -> bool:
    """Also true for one that nobody has waited for yet."""
    try:
        return not Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return True


@pytest.mark.e2e
async def test_interrupted_it_takes_everything_down(suite: Path, tmp_path: Path) -> None:
    for name in ("e2e.test", "ginkgo", "kubectl"):
        program(tmp_path / "peers/bin" / name)
    image(tmp_path / "images/empty")
    started, scratch = tmp_path / "started", tmp_path / "scratch"
    scratch.mkdir()
    environment = {
        "PEERS": str(tmp_path / "peers"),
        "STARTED": str(started),
        "TMPDIR": str(scratch),
        "OUT": str(tmp_path),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(TOOL), "heart", "--suite", str(suite), "--images", str(tmp_path / "images"),
        "--runtime", "simulated", env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip

    async def running() -> bool:
        assert process.returncode is None, await process.communicate()
        return started.exists() and len(started.read_text().split()) == 2

    await eventually(running, "the tests are running")
    (data,) = scratch.glob(f"conformance-*/data/eachpod/conformance-{process.pid}")
    assert leftovers.processes(data)
    process.send_signal(signal.SIGINT)
    output, _ = await process.communicate()
    assert process.returncode == 130, output
    assert b"interrupted" in output
    pid = int(started.read_text().split()[1])

    async def killed() -> bool:
        return ended(pid)

    await eventually(killed, "what the tests had started is gone too")
    assert not leftovers.processes(data)
    assert list(scratch.iterdir()) == []
