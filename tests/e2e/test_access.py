"""The parts of a running cluster have what their work needs, and are refused everything else."""

import json

import pytest

from eachpod.testing.localcluster import Cluster, wait_for

pytestmark = pytest.mark.e2e

# Everything for which an agent asks the API: a token, other objects' contents, a volume that it removes again.
MANIFEST = """
apiVersion: v1
kind: ConfigMap
metadata: {name: page}
data: {index.html: hello}
---
apiVersion: v1
kind: Secret
metadata: {name: word}
stringData: {word: open}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Delete}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: nginx
        image: nginx:alpine
        env: [{name: WORD, valueFrom: {secretKeyRef: {name: word, key: word}}}]
        volumeMounts:
        - {name: page, mountPath: /page}
        - {name: data, mountPath: /data}
      volumes: [{name: page, configMap: {name: page}}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
"""


@pytest.fixture(params=["simulated", "containers"])
def cluster(request: pytest.FixtureRequest) -> Cluster:
    made: Cluster = request.getfixturevalue(request.param)
    return made


def refused(cluster: Cluster, who: str, *words: str) -> str:
    """What the holder of one of the cluster's own kubeconfigs is told; asked from outside, where agents are not."""
    port = json.loads((cluster.data / "cluster.json").read_text())["api_port"]
    credentials = ("--kubeconfig", str(cluster.data / "kubeconfigs" / who), "--server", f"https://127.0.0.1:{port}")
    done = cluster.kubectl(*credentials, *words)
    assert done.returncode == 1, done.stdout
    return done.stderr


def test_each_part_does_its_work_and_no_more(cluster: Cluster) -> None:
    assert cluster.kubectl("create", "-f", "-", text=MANIFEST).returncode == 0
    wait_for(lambda: cluster.get("sts", "web")["status"].get("readyReplicas") == 1, "the pod is Ready")
    assert cluster.kubectl("delete", "sts", "web").returncode == 0
    wait_for(lambda: not cluster.get("pv")["items"], "the volume is removed")
    logs = {path.name: path.read_text().lower() for path in (cluster.data / "logs").iterdir()}
    assert [name for name, text in logs.items() if "forbidden" in text] == []
    node = next(path.name for path in (cluster.data / "kubeconfigs").iterdir() if path.name.startswith("node"))
    assert 'User "eachpod:dns" cannot list resource "secrets"' in refused(cluster, "dns", "get", "secrets")
    binding = ("create", "clusterrolebinding", "b", "--clusterrole=cluster-admin", "--group=system:nodes")
    assert 'cannot create resource "clusterrolebindings"' in refused(cluster, node, *binding)
