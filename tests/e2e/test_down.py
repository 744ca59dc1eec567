"""Nothing of a cluster is left after `down`, whatever ran in it and whatever became of its supervisor."""

import json
import os
import signal

import pytest

from eachpod.testing.footprint import Footprint, footprint, left
from eachpod.testing.localcluster import Cluster, wait_for

pytestmark = pytest.mark.e2e

# What takes something of the machine: mounts of all kinds, a claim, a limit, a container that does not want to end.
MANIFEST = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 3600
      containers:
      - name: deaf
        image: busybox:1.28
        command: [sh, -c, "trap '' TERM; while true; do sleep 1; done"]
        resources: {limits: {memory: 64Mi}}
        volumeMounts:
        - {name: data, mountPath: /data}
        - {name: memory, mountPath: /memory}
      volumes: [{name: memory, emptyDir: {medium: Memory}}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
"""


def running(cluster: Cluster) -> Footprint:
    """What the cluster takes once its pods run."""
    assert cluster.kubectl("create", "-f", "-", text=MANIFEST).returncode == 0
    wait_for(lambda: cluster.get("sts", "web")["status"].get("readyReplicas") == 2, "both pods are Ready")
    found = footprint(supervisor(cluster), cluster.cgroup)
    assert len(found.of("net")) >= 5  # of two nodes, the one between them, two pods
    assert found.cgroups or os.geteuid() != 0
    return found


def supervisor(cluster: Cluster) -> int:
    return int(json.loads((cluster.data / "state.json").read_text())["pid"])


def gone(before: Footprint, cluster: Cluster, cgroup: str, kinds: str = "") -> None:
    """Waits until nothing is left, or nothing of these kinds: what has ended may hold for a moment what it had."""

    def there() -> list[str]:
        return [each for each in left(before, cluster.data, cgroup) if each.startswith(kinds)]

    wait_for(lambda: not there(), "nothing is left")


def nothing(cluster: Cluster, before: Footprint) -> None:
    done = cluster.down()
    assert done.returncode == 0, done.stderr
    assert "left: processes 0, mounts 0, network namespaces 0, nftables rules 0, cgroups 0" in done.stdout
    gone(before, cluster, cluster.cgroup)
    assert not cluster.data.exists()
    assert f"eachpod-{cluster.name}" not in cluster.kubectl("config", "view").stdout


def test_down_while_pods_run_that_do_not_want_to_end(containers: Cluster) -> None:
    nothing(containers, running(containers))


def test_down_after_a_crash(containers: Cluster) -> None:
    before = running(containers)
    os.kill(supervisor(containers), signal.SIGKILL)
    nothing(containers, before)


def test_up_after_a_crash_goes_on_with_what_was_there(containers: Cluster) -> None:
    before = running(containers)
    assert containers.kubectl("exec", "web-0", "--", "sh", "-c", "echo kept > /data/file").returncode == 0
    os.kill(supervisor(containers), signal.SIGKILL)
    again = containers.up()
    assert again.returncode == 0, again.stderr
    assert "cleaning up what an earlier run left behind" in again.stderr
    for pod in ("web-0", "web-1"):
        wait_for(lambda pod=pod: containers.kubectl("exec", pod, "--", "true").returncode == 0, f"{pod} runs again")
    assert containers.kubectl("exec", "web-0", "--", "cat", "/data/file").stdout == "kept\n"
    gone(before, containers, "no-such-cluster", "process")
    nothing(containers, footprint(supervisor(containers), containers.cgroup))
