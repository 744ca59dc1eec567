"""Bad input to the commands: one sentence that names the flag, before anything is started."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from eachpod.cli.main import app
from eachpod.cluster.errors import ClusterError


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
        ("image load gone", "gone does not exist"),
        ("controllers --root-ca-file gone", "--root-ca-file: gone cannot be read"),
        ("controllers --kubeconfig gone", "--kubeconfig: kubeconfig gone: No such file"),
        ("scheduler", "--kubeconfig: kubeconfig "),
        ("dns serve --kubeconfig gone", "--kubeconfig: kubeconfig gone: No such file"),
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
