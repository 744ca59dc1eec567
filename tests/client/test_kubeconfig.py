"""Which file, context and credentials a kubeconfig gives, and what is said of one that cannot be used."""

import base64
from pathlib import Path

import pytest

from eachpod.client.kubeconfig import KubeconfigError, load, parse


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FULL = f"""
apiVersion: v1
kind: Config
current-context: one
contexts:
- name: one
  context: {{cluster: c, user: u, namespace: shop}}
- name: files
  context: {{cluster: f, user: f}}
- name: plugin
  context: {{cluster: c, user: p}}
clusters:
- name: c
  cluster: {{server: "https://127.0.0.1:6443/", certificate-authority-data: {b64("CA")}}}
- name: f
  cluster: {{server: "https://h", certificate-authority: ca.crt}}
users:
- name: u
  user: {{client-certificate-data: {b64("CERT")}, client-key-data: {b64("KEY")}}}
- name: f
  user: {{tokenFile: token}}
- name: p
  user: {{exec: {{command: login}}}}
"""


def test_inline_data(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(FULL)
    access = load(file)
    assert access.server == "https://127.0.0.1:6443"
    assert (access.ca, access.certificate, access.key) == (b"CA", b"CERT", b"KEY")
    assert access.namespace == "shop"


def test_files_are_relative_to_the_kubeconfig(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(FULL)
    (tmp_path / "ca.crt").write_text("CA2")
    (tmp_path / "token").write_text("secret\n")
    access = load(file, "files")
    assert (access.ca, access.token) == (b"CA2", "secret")


@pytest.mark.parametrize(
    ("text", "context", "says"),
    [
        ("{", "", "not valid YAML"),
        ("[]", "", "not a kubeconfig"),
        ("kind: Config", "", "current-context is not set"),
        (FULL, "two", 'no context named "two" in contexts (there: files, one, plugin)'),
        (FULL, "plugin", 'user "p" needs exec, which is not supported'),
        (FULL, "files", "tokenFile token: No such file or directory"),
        (FULL.replace(b64("CA"), "QQ"), "one", "certificate-authority-data is not base64"),
        (FULL.replace(f", client-key-data: {b64('KEY')}", ""), "one", 'user "u" has no client-key'),
        (
            FULL.replace("https://127.0.0.1:6443/", "127.0.0.1"),
            "one",
            'server "127.0.0.1" is not an http(s) or unix URL',
        ),
    ],
)
def test_faults_are_named(text: str, context: str, says: str) -> None:
    with pytest.raises(KubeconfigError) as caught:
        parse(text.encode(), "F", context, lambda path: path.read_bytes())
    assert str(caught.value).startswith("kubeconfig F: ")
    assert says in str(caught.value)


def test_unreadable_file_is_named() -> None:
    with pytest.raises(KubeconfigError, match="kubeconfig /nowhere/config: No such file or directory"):
        load("/nowhere/config")
