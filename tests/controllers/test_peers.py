"""Our controllers on the real API server. Runs where PEERS names the folder with etcd and kube-apiserver."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from eachpod.client.client import Client
from eachpod.client.http import HttpTransport
from eachpod.client.kubeconfig import Access
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.run import run_all
from eachpod.model.errors import StatusError
from eachpod.model.resources import ENDPOINTS, ENDPOINTSLICE, NAMESPACE, NODE, POD, SERVICE, STATEFULSET

PEERS = os.environ.get("PEERS", "")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not PEERS, reason="PEERS does not name a folder with the upstream programs"),
]


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@asynccontextmanager
async def real_server(folder: Path) -> AsyncIterator[Client]:
    etcd_port, peer_port, port = free_ports(3)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    (folder / "sa.key").write_bytes(pem)
    (folder / "tokens.csv").write_text('secret,admin,admin,"system:masters"\n')
    etcd, peer = f"http://127.0.0.1:{etcd_port}", f"http://127.0.0.1:{peer_port}"
    commands = [
        [f"{PEERS}/etcd", "--data-dir", f"{folder}/etcd", "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
         "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"],
        [f"{PEERS}/kube-apiserver", "--etcd-servers", etcd, "--bind-address", "127.0.0.1", "--secure-port", str(port),
         "--cert-dir", f"{folder}/certs", "--token-auth-file", f"{folder}/tokens.csv",
         "--service-account-issuer", "https://kubernetes.default.svc",
         "--service-account-key-file", f"{folder}/sa.key", "--service-account-signing-key-file", f"{folder}/sa.key",
         "--service-cluster-ip-range", "10.247.0.0/16", "--authorization-mode", "RBAC",
         "--endpoint-reconciler-type", "none", "--advertise-address", "192.168.0.10"],
    ]  # fmt: skip
    quiet = asyncio.subprocess.DEVNULL
    processes = [await asyncio.create_subprocess_exec(*command, stdout=quiet, stderr=quiet) for command in commands]
    client = Client(HttpTransport(Access(f"https://127.0.0.1:{port}", token="secret", insecure=True)))
    try:
        yield client
    finally:
        await client.close()
        for process in processes:
            process.terminate()
        await asyncio.gather(*(process.wait() for process in processes))


async def answer(call: Any, seconds: float = 60.0) -> Any:
    """The first true result without an error."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            result = await call()
            if result:
                return result
        except (StatusError, ConnectionError):
            pass
        assert asyncio.get_running_loop().time() < deadline, "it did not happen"
        await asyncio.sleep(0.1)


async def kubelet(client: Client) -> None:
    """Places every pod and makes it Ready; ends deletions."""
    for pod in (await client.list(POD, "shop")).items:
        name = pod["metadata"]["name"]
        if pod["metadata"].get("deletionTimestamp"):
            await client.delete(POD, name, "shop", grace_seconds=0)
        elif pod["status"]["phase"] == "Pending":
            if not pod["spec"].get("nodeName"):
                binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}}
                target = {"apiVersion": "v1", "kind": "Node", "name": "n1"}
                await client.create(POD, {**binding, "target": target}, "shop", name=name, sub="binding")
            address = f"10.0.0.{int(name.rsplit('-', 1)[1]) + 1}"
            ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
            status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": [ready]}
            await client.patch(POD, name, "shop", {"status": status}, subresource="status")


async def test_a_stateful_set_on_the_real_api_server(tmp_path: Path) -> None:
    async with real_server(tmp_path) as client:
        await answer(lambda: client.get(NAMESPACE, "default"))
        controllers = asyncio.create_task(run_all(client, ControllersConfig(root_ca=b"CA")))
        await client.create(NODE, {"metadata": {"name": "n1"}})
        await client.create(NAMESPACE, {"metadata": {"name": "shop"}})
        ports = [{"name": "http", "port": 80}]
        service = {"clusterIP": "None", "selector": {"app": "web"}, "ports": ports}
        await client.create(SERVICE, {"metadata": {"name": "web"}, "spec": service}, "shop")
        container = {"name": "app", "image": "app:v1", "imagePullPolicy": "IfNotPresent",
                     "ports": [{"containerPort": 80, "name": "http"}]}  # fmt: skip
        template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
        spec = {"serviceName": "web", "replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}
        await client.create(STATEFULSET, {"metadata": {"name": "web"}, "spec": spec}, "shop")

        async def settled() -> Any:
            await kubelet(client)
            status = (await client.get(STATEFULSET, "web", "shop"))["status"]
            return status if status.get("availableReplicas") == 2 else None

        status = await answer(settled)
        assert status["currentRevision"] == "web-b885cfd7b"  # the name that kube-controller-manager gives it

        async def published() -> Any:
            (slice_,) = (await client.list(ENDPOINTSLICE, "shop")).items
            endpoints = await client.get(ENDPOINTS, "web", "shop")
            names = sorted(endpoint["hostname"] for endpoint in slice_["endpoints"] or ())
            return names == ["web-0", "web-1"] and len(endpoints["subsets"][0]["addresses"]) == 2

        await answer(published)
        await client.delete(NAMESPACE, "shop")

        async def gone() -> bool:
            await kubelet(client)
            return "shop" not in [one["metadata"]["name"] for one in (await client.list(NAMESPACE)).items]

        await answer(gone)
        controllers.cancel()
        await asyncio.gather(controllers, return_exceptions=True)
