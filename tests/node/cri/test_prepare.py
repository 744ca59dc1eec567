"""The folder of a node's containerd."""

import tomllib
from pathlib import Path

import pytest

from eachpod.node.cri import prepare
from eachpod.node.cri.prepare import SetupError, Wanted


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with containerd, runc and the plugins, as far as files go."""
    programs, plugins = tmp_path / "programs", tmp_path / "plugins"
    for folder, names in (
        (programs, ("containerd", "runc")),
        (plugins, ("bridge", "host-local", "loopback", "portmap")),
    ):
        folder.mkdir()
        for name in names:
            (folder / name).write_text("#!/bin/sh\n")
            (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(prepare, "_PLUGIN_FOLDERS", (str(plugins),))
    return tmp_path


def wanted(machine: Path, users: str = "root") -> Wanted:
    return Wanted(machine / "node", machine / "run", ["10.0.0.0/25"], "pause:1", users=users)


def test_everything_is_where_the_configuration_says_and_twice_is_as_good_as_once(machine: Path) -> None:
    for _ in range(2):
        prepared = prepare.prepare(wanted(machine))
    said = tomllib.loads(Path(prepared.command[-1]).read_text())
    cri = said["plugins"]["io.containerd.grpc.v1.cri"]
    assert said["grpc"]["address"] == prepared.socket
    assert (Path(cri["cni"]["bin_dir"]) / "bridge").exists()
    assert (Path(cri["cni"]["bin_dir"]) / "eachpod-ipam").stat().st_mode & 0o111
    assert list(Path(cri["cni"]["conf_dir"]).iterdir())
    assert (Path(cri["registry"]["config_path"]) / "_default" / "hosts.toml").exists()
    assert prepared.wishes.is_dir()
    assert cri["sandbox_image"] == "pause:1"


@pytest.mark.parametrize(
    ("users", "rootless", "wrapped"), [("root", None, False), ("range", True, False), ("one", True, True)]
)
def test_how_many_users_there_are_decides_how_containers_run(
    machine: Path, users: str, rootless: bool | None, wrapped: bool
) -> None:
    prepared = prepare.prepare(wanted(machine, users))
    cri = tomllib.loads(Path(prepared.command[-1]).read_text())["plugins"]["io.containerd.grpc.v1.cri"]
    assert cri.get("disable_cgroup") is rootless
    runc = cri["containerd"]["runtimes"]["runc"]["options"].get("BinaryName")
    assert bool(runc) is wrapped
    assert not wrapped or f"{machine}/programs/runc" in Path(runc).read_text()


def test_what_is_missing_is_named(machine: Path) -> None:
    (machine / "plugins" / "portmap").unlink()
    with pytest.raises(SetupError, match=r"CNI plugins: .*portmap"):
        prepare.prepare(wanted(machine))
    (machine / "plugins" / "portmap").touch()
    (machine / "programs" / "runc").unlink()
    with pytest.raises(SetupError, match="containerd and runc"):
        prepare.prepare(wanted(machine))
