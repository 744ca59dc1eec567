"""The files of a containerd, read back as TOML and JSON."""

import json
import os
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest

from eachpod.node.cri import config
from eachpod.node.cri.config import Containerd, PodNetwork

PATHS = Containerd("/r", "/s", "/c.sock", "/cni", "/bin", "/certs")
CRI = "io.containerd.grpc.v1.cri"


def test_the_configuration_says_where_everything_is() -> None:
    said = tomllib.loads(config.containerd(PATHS))
    assert (said["version"], said["root"], said["state"], said["grpc"]["address"]) == (2, "/r", "/s", "/c.sock")
    cri = said["plugins"][CRI]
    assert cri["cni"]["conf_dir"] == "/cni"
    assert cri["registry"]["config_path"] == "/certs"
    assert cri["containerd"]["runtimes"]["runc"]["options"] == {}
    assert "disable_cgroup" not in cri


def test_without_root_there_are_no_cgroups_and_runc_may_be_another_program() -> None:
    said = tomllib.loads(config.containerd(Containerd("/r", "/s", "/c", "/n", "/b", "/k", rootless=True, runc="/w")))
    cri = said["plugins"][CRI]
    assert cri["disable_cgroup"]
    assert cri["disable_apparmor"]
    assert cri["containerd"]["runtimes"]["runc"]["options"] == {"BinaryName": "/w"}


def test_pulls_go_to_the_one_registry_or_to_it_first() -> None:
    alone = tomllib.loads(config.registry_hosts("http://127.0.0.1:5000", only=True))
    first = tomllib.loads(config.registry_hosts("http://127.0.0.1:5000", only=False))
    assert alone["server"] == "http://127.0.0.1:5000"
    assert "server" not in first
    assert first["host"] == {"http://127.0.0.1:5000": {"capabilities": ["pull", "resolve"]}}


def test_the_pod_network_has_one_range_and_route_a_family() -> None:
    said = json.loads(config.conflist(PodNetwork(["10.0.0.0/25", "fd00:2::/64"], "/ipam", mtu=1400)))
    bridge, portmap = said["plugins"]
    assert bridge["hairpinMode"]
    assert bridge["mtu"] == 1400
    assert bridge["ipam"]["ranges"] == [[{"subnet": "10.0.0.0/25"}], [{"subnet": "fd00:2::/64"}]]
    assert [route["dst"] for route in bridge["ipam"]["routes"]] == ["0.0.0.0/0", "::/0"]
    assert portmap["capabilities"] == {"portMappings": True}


def executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("wish", "command", "asked"),
    [
        ("10.0.0.7", "ADD", ["10.0.0.7"]),
        ("10.0.0.7 fd00::7", "ADD", ["10.0.0.7", "fd00::7"]),
        ("10.0.0.66", "ADD", None),  # taken: asked for, refused, then left to the plugin
        ("10.0.0.7", "DEL", None),
        ("", "ADD", None),
    ],
)
def test_the_ipam_plugin_asks_for_what_is_wished(
    wish: str, command: str, asked: list[str] | None, tmp_path: Path
) -> None:
    """host-local is played by a script that prints what it was asked, and refuses one address."""
    host_local = executable(
        tmp_path / "host-local", '#!/bin/sh\ntext=$(cat)\ncase "$text" in *0.66*) exit 1;; esac\nprintf %s "$text"\n'
    )
    plugin = executable(tmp_path / "plugin", config.ipam_plugin(str(host_local), str(tmp_path / "wishes")))
    (tmp_path / "wishes").mkdir()
    (tmp_path / "wishes" / "the-uid").write_text(wish)
    environment = {
        "PATH": os.environ["PATH"],
        "CNI_COMMAND": command,
        "CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAME=a;K8S_POD_UID=the-uid;K8S_POD_NAMESPACE=b",
    }
    given = json.dumps({"ipam": {"type": "x", "ranges": [[{"subnet": "10.0.0.0/24"}]]}})
    done = subprocess.run([plugin], env=environment, input=given, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert (said.pop("args", None) or {"cni": {"ips": None}})["cni"]["ips"] == asked
    assert said == json.loads(given)


def test_runc_for_one_user_edits_what_it_is_given(tmp_path: Path) -> None:
    runc = executable(tmp_path / "runc", '#!/bin/sh\necho "$@"\n')
    wrapper = executable(tmp_path / "wrapper", config.single_user_runc(str(runc)))
    spec = {
        "process": {"user": {"uid": 0, "gid": 0, "additionalGids": [0, 10]}, "args": ["a"]},
        "mounts": [{"options": ["nosuid", "gid=5", "mode=0620"]}, {"options": ["nosuid", "gid=5"]}],
    }
    for option, path in (("--bundle", tmp_path / "config.json"), ("--process", tmp_path / "p.json")):
        path.write_text(json.dumps(spec, separators=(",", ":")))
        given = str(path if option == "--process" else tmp_path)
        done = subprocess.run(
            [wrapper, "--root", "/r", "create", option, given, "id"], capture_output=True, text=True, check=True
        )
        assert done.stdout == f"--root /r create {option} {given} id\n"
        edited = json.loads(path.read_text())
        assert edited["process"] == {"user": {"uid": 0, "gid": 0}, "args": ["a"]}
        assert [mount["options"] for mount in edited["mounts"]] == [["nosuid", "mode=0620"], ["nosuid"]]
    assert subprocess.run([wrapper, "delete", "id"], capture_output=True, text=True, check=True).stdout == "delete id\n"
