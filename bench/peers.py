"""The same figures of the real Kubernetes programs and of Eachpod, one after the other, by one tool from outside.

Usage: peers.py DIR. DIR holds `up.sh`, `down.sh` and `measure.py`: scripts that start kube-apiserver, etcd,
kube-controller-manager, kube-scheduler, CoreDNS and simulated nodes on loopback, and that measure any cluster. The
limits on their clients' requests are lifted, as ours has none.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from figures import Cluster, Dns

WHAT = "sts,scale"
LIFTED = "--kube-api-qps=1000 --kube-api-burst=1000"
PORTS = 9
_READY = 60.0


def free_ports() -> int:
    """The first of so many free ports in a row."""
    for base in range(21000, 60000, 20):
        try:
            for port in range(base, base + PORTS):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    sys.exit("no free ports on loopback")


def measured(scripts: Path, kubeconfig: Path, dns: int, pids: dict[str, int]) -> dict[str, Any]:
    listed = ",".join(f"{name}={pid}" for name, pid in pids.items())
    command = [sys.executable, str(scripts / "measure.py"), "--only", WHAT, "--pids", listed]
    command += ["--kubeconfig", str(kubeconfig), "--dns", f"127.0.0.1:{dns}"]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=900).stdout
    return json.loads(said)  # type: ignore[no-any-return]


def theirs(scripts: Path, folder: Path) -> dict[str, Any]:
    base = free_ports()
    limits = {"KCMFLAGS": LIFTED, "SCHEDFLAGS": LIFTED}
    try:
        with (folder / "up.log").open("w") as log:
            up = ["bash", str(scripts / "up.sh"), str(folder), str(base)]
            subprocess.run(up, env={**os.environ, **limits}, stdout=log, stderr=log, check=True, timeout=120)
        wait_for_dns(base + 5)
        pids = {line.split()[0]: int(line.split()[1]) for line in (folder / "pids").read_text().splitlines()}
        return measured(scripts, folder / "kubeconfig", base + 5, pids)
    finally:
        subprocess.run(["bash", str(scripts / "down.sh"), str(folder)], check=False)


def wait_for_dns(port: int) -> None:
    """Until the name of the API's Service is answered: API, controllers and DNS are up then."""
    end = time.monotonic() + _READY
    while time.monotonic() < end:
        try:
            if Dns(port).answers("kubernetes.default.svc.cluster.local"):
                return
        except OSError:
            pass
        time.sleep(0.2)


def ours(scripts: Path, folder: Path) -> dict[str, Any]:
    cluster = Cluster("simulated", folder)
    try:
        supervisor = {"eachpod": cluster.pids()["supervisor"]}  # the tool counts the processes below it, too
        return measured(scripts, folder / "kubeconfig", cluster.settings["dns_port"], supervisor)
    finally:
        cluster.down()


def rows(found: dict[str, Any]) -> dict[str, float]:
    ready = sorted(both for _, both in found["sts3_ready_and_dns_s"])
    scale = found["scale"]
    return {
        "StatefulSet of 3, create to Ready and DNS, s": ready[len(ready) // 2],
        f"Parallel StatefulSet 0 to {scale['n']}, Ready and DNS, s": scale["dns_s"],
        "  CPU of all processes, s": scale["cpu_s"],
        "  memory of all processes, MB PSS": scale["pss_mb"],
        f"deletion of the {scale['n']}, s": scale["delete_s"],
        "  CPU of all processes, s ": scale["delete_cpu_s"],
    }


def main() -> None:
    scripts = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="bench-") as one, tempfile.TemporaryDirectory(prefix="bench-") as other:
        real, own = rows(theirs(scripts, Path(one))), rows(ours(scripts, Path(other)))
    print(f"\n{'by one tool from outside':48} {'Kubernetes':>10} {'Eachpod':>10}")
    for label, value in real.items():
        print(f"{label:48} {value:10.2f} {own[label]:10.2f}")


if __name__ == "__main__":
    main()
