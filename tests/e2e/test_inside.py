"""What people do with running pods by kubectl, and what pods do with the cluster around them."""

import json
import subprocess
import urllib.request
from typing import Any

import pytest

from eachpod.testing.kubectl import programs
from eachpod.testing.localcluster import BIN, Cluster, wait_for

pytestmark = pytest.mark.e2e
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
WEB = """
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  hostname: web
  subdomain: headless
  containers: [{name: nginx, image: "nginx:alpine", ports: [{containerPort: 80, name: http}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 8080, targetPort: http, name: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {app: web}}
---
apiVersion: v1
kind: Service
metadata: {name: elsewhere}
spec: {type: ExternalName, externalName: web.headless.default.svc.cluster.local}
"""


@pytest.fixture(scope="module")
def cluster(shared_containers: Cluster) -> Cluster:
    """With a web server, Services of all forms for it, and a pod that asks."""
    containers = shared_containers
    assert containers.kubectl("create", "-f", "-", text=WEB).returncode == 0
    assert containers.kubectl("run", "asking", "--image=busybox:1.28", "--", "sleep", "100000").returncode == 0
    for name in ("web", "asking"):
        wait_for(lambda name=name: ready(containers, name), f"{name} is Ready")
    return containers


def ready(cluster: Cluster, name: str) -> bool:
    conditions = cluster.get("pod", name)["status"].get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def inside(cluster: Cluster, script: str) -> str:
    done = cluster.kubectl("exec", "asking", "--", "sh", "-c", script)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_services_of_all_forms_lead_from_one_pod_to_another(cluster: Cluster) -> None:
    def page(address: str) -> bool:
        done = cluster.kubectl("exec", "asking", "--", "wget", "-T", "60", "-qO-", f"http://{address}/")
        return "Welcome to nginx!" in done.stdout

    for address in ("web:8080", "web.headless", "headless.default.svc.cluster.local", "elsewhere"):
        wait_for(lambda address=address: page(address), f"the page at {address}")


def test_the_api_is_reached_from_a_pod_with_its_accounts_token(cluster: Cluster) -> None:
    """kubectl itself, in the pod: by the address in its environment, and by name with the authority that it finds."""
    copied = cluster.kubectl("cp", str(programs(BIN)["kubectl"]), "asking:/tmp/kubectl")
    assert copied.returncode == 0, copied.stderr
    assert inside(cluster, "cat /tmp/kubectl | wc -c").strip() == str(programs(BIN)["kubectl"].stat().st_size)
    named = (
        f"--server=https://kubernetes.default --certificate-authority={ACCOUNT}/ca.crt --token=$(cat {ACCOUNT}/token)"
    )
    for flags in ("", named):
        who = json.loads(inside(cluster, f"/tmp/kubectl {flags} auth whoami -o json"))
        assert who["status"]["userInfo"]["username"] == "system:serviceaccount:default:default"
        assert who["status"]["userInfo"]["extra"]["authentication.kubernetes.io/pod-name"] == ["asking"]
    refused = cluster.kubectl("exec", "asking", "--", "/tmp/kubectl", "get", "secrets")
    assert 'cannot list resource "secrets"' in refused.stderr


def test_a_forwarded_port(cluster: Cluster) -> None:
    command = [str(programs(BIN)["kubectl"]), "port-forward", "--address=127.0.0.1", "service/web", ":8080"]
    streams: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, **streams, env=cluster.environment) as forwarding:
        try:
            line = forwarding.stdout.readline() if forwarding.stdout else ""
            assert line.startswith("Forwarding from 127.0.0.1:"), line
            place = line.split()[2]
            for _ in range(2):  # each a connection of its own
                with urllib.request.urlopen(f"http://{place}/", timeout=60) as answer:
                    assert b"Welcome to nginx!" in answer.read()
        finally:
            forwarding.terminate()


def test_logs_exit_codes_and_standard_input(cluster: Cluster) -> None:
    run = ("run", "talking", "--image=busybox:1.28", "--restart=Never", "--", "sh", "-c")
    assert cluster.kubectl(*run, "echo one; echo two >&2; echo three").returncode == 0
    wait_for(lambda: cluster.get("pod", "talking")["status"]["phase"] == "Succeeded", "it has ended")
    assert sorted(cluster.kubectl("logs", "talking", "--follow").stdout.split()) == ["one", "three", "two"]
    assert cluster.kubectl("logs", "talking", "--tail=1").stdout.count("\n") == 1
    assert cluster.kubectl("exec", "asking", "--", "sh", "-c", "exit 7").returncode == 7
    assert cluster.kubectl("exec", "-i", "asking", "--", "cat", text="a\nb").stdout == "a\nb"
    counting = ("run", "counting", "-i", "--restart=Never", "--image=busybox:1.28", "--", "wc", "-c")
    assert cluster.kubectl(*counting, text="12345").returncode == 0
    wait_for(lambda: cluster.get("pod", "counting")["status"]["phase"] == "Succeeded", "it has counted")
    assert cluster.kubectl("logs", "counting").stdout == "5\n"
