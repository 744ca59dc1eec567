"""The commands' answers, and bad input to them: one sentence that names the flag, before anything is started."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from eachpod import __version__
from eachpod.cli.main import app
from eachpod.cluster.errors import ClusterError
from eachpod.cluster.images import oci
from eachpod.cluster.settings import Settings, save


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cluster of this user's is in the way."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.chdir(tmp_path)


def refused(command: str) -> str:
    found = CliRunner().invoke(app, command.split())
    assert found.exit_code
    if found.exception is None or isinstance(found.exception, SystemExit):
        return " ".join(found.output.split())
    assert isinstance(found.exception, ClusterError), found.exception
    return str(found.exception)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("up x --node-monitor-grace-period soon", "--node-monitor-grace-period: 'soon' is not a duration"),
        ("up x --pod-cidr 10.0.0.0/33", "--pod-cidr: '10.0.0.0/33' is not a network"),
        ("up x --runtime docker", "--runtime: 'docker' is unknown"),
        ("up x --node-names a,b,c", "--node-names and --node-addresses: more given than nodes"),
        ("up x --token-auth-file gone", "--token-auth-file: gone cannot be read"),
        ("up Bad_Name", "'Bad_Name' is not a cluster name"),
        ("status nope", "there is no cluster 'nope'"),
        ("logs api", "there is no cluster 'default'"),
        ("list -o yaml", "-o: 'yaml' is unknown"),
        ("up x --runtime simulated -o yaml", "-o: 'yaml' is unknown"),
        ("image load gone", "gone does not exist"),
        ("controllers --root-ca-file gone", "--root-ca-file: gone cannot be read"),
        ("controllers --kubeconfig gone", "--kubeconfig: kubeconfig gone: No such file"),
        ("scheduler", "--kubeconfig: kubeconfig "),
        ("dns serve --kubeconfig gone", "--kubeconfig: kubeconfig gone: No such file"),
        ("controllers --kubeconfig gone --controllers *,jobs", "--controllers: 'jobs' is no controller; there are d"),
        ("node --name Foo_", "--name: 'Foo_-0' is no name for a node"),
        ("server --data-dir /proc/none", "--data-dir: /proc/none cannot be made"),
        ("node --pod-cidr nonsense", "--pod-cidr: 'nonsense' is not a network"),
        ("server --token-auth-file gone", "--token-auth-file: gone cannot be read"),
    ],
)
def test_the_sentence_names_the_flag(command: str, sentence: str) -> None:
    assert refused(command).startswith(sentence)


@pytest.mark.parametrize(
    ("command", "flag"),
    [
        ("up x --nodes -1", "--nodes"),
        ("up x --api-port 70000", "--api-port"),
        ("up x --dns-port -1", "--dns-port"),
        ("node --simulated 0", "--simulated"),
        ("dns serve --port 99999", "--port"),
        ("server --api-port 65536", "--api-port"),
    ],
)
def test_numbers_out_of_range(command: str, flag: str) -> None:
    assert f"Invalid value for '{flag}'" in refused(command)


def answer(command: str) -> str:
    found = CliRunner().invoke(app, command.split())
    assert found.exit_code == 0, found.output
    return found.stdout


def test_the_version() -> None:
    assert answer("version") == f"eachpod {__version__} (Kubernetes 1.37)\n"
    assert json.loads(answer("version -o json")) == {"version": __version__, "kubernetes": "1.37"}


def test_images_are_told_by_name_or_with_their_digests(tmp_path: Path) -> None:
    layout(tmp_path / "mine", "shop/mine:1")
    named = {"name": "docker.io/shop/mine:1", "digest": layout(tmp_path / "again", "shop/mine:1")}
    assert answer("image load mine") == "docker.io/shop/mine:1\n"
    assert json.loads(answer("image load mine -o json")) == [named]
    assert json.loads(answer("image list -o json")) == [named]


def layout(folder: Path, name: str) -> str:
    """An image without layers; its digest."""
    entry, blobs = oci.image([], {}, "amd64")
    for digest, blob in blobs.items():
        path = folder / "blobs" / digest.replace(":", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(blob)
    index = {"manifests": [{**entry, "annotations": {oci.REF_NAME: name}}]}
    (folder / "index.json").write_text(json.dumps(index))
    return str(entry["digest"])


def test_a_log_line_by_line(tmp_path: Path) -> None:
    save(Settings("default", str(tmp_path / "data" / "eachpod" / "default")))
    log = tmp_path / "data" / "eachpod" / "default" / "logs" / "dns.log"
    log.parent.mkdir()
    log.write_text("begun\nno end")
    assert answer("logs dns") == "begun\nno end"
    told = [json.loads(line) for line in answer("logs dns -o json").splitlines()]
    assert told == [{"component": "dns", "line": "begun"}, {"component": "dns", "line": "no end"}]
    assert refused("logs dsn").startswith("no component 'dsn'; there are dns")


@pytest.mark.parametrize(
    "words",
    ["up", "down", "status", "list", "logs", "doctor", "version", "image build", "image load", "image list"],
)
def test_every_command_with_a_result_gives_json(words: str) -> None:
    command: Any = get_command(app)
    for word in words.split():
        command = command.commands[word]
    assert "output" in [flag.name for flag in command.params]


@pytest.mark.parametrize("command", ["", "up", "server", "controllers", "dns serve"])
def test_help_names_flags_in_full_on_a_terminal_of_80_columns(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = answer(f"{command} --help")
    assert "…" not in text
    assert "..." not in text.replace("[ARGS]...", "")
    assert max(map(len, text.splitlines())) <= 80
    if command == "up":
        assert "--node-monitor-grace-period" in text
