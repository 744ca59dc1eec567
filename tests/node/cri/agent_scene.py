"""A node agent with real containers, beside an API server in its process: plays a scene and prints what came of it.

Run inside a node's namespaces by `test_agent_live.py`: arguments are the runtime's socket and a folder.
"""

import asyncio
import contextlib
import datetime
import json
import logging
import socket
import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from eachpod.client.client import Client
from eachpod.cluster.pki import Authority
from eachpod.model.objects import condition, dig
from eachpod.model.resources import CONFIGMAP, EVENT, NAMESPACE, POD, SERVICEACCOUNT
from eachpod.node.config import NodeConfig, Tls
from eachpod.node.register import NodeIdentity
from eachpod.node.run import run
from eachpod.server.app import ApiServer
from eachpod.server.inprocess import InProcessTransport
from eachpod.store.memory import MemoryStore

BUSYBOX, NGINX = "busybox:1.28", "nginx:alpine"
SLEEP = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"]


class Scene:
    def __init__(self, client: Client, config: NodeConfig) -> None:
        self.client, self.config = client, config
        self.agent: asyncio.Task[None] | None = None
        self.seen: dict[str, Any] = {}

    async def begin(self) -> None:
        ready = asyncio.Event()
        self.agent = asyncio.create_task(run(self.client, self.config, ready.set))
        await asyncio.wait([self.agent, asyncio.create_task(ready.wait())], return_when=asyncio.FIRST_COMPLETED)
        if self.agent.done():
            self.agent.result()

    async def end(self) -> None:
        assert self.agent
        self.agent.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.agent

    async def fetched(self, path: str) -> str:
        """What the agent's API answers to the API server."""
        tls = self.config.tls
        assert tls
        context = ssl.create_default_context(cafile=str(tls.client_ca))
        context.load_cert_chain(tls.client_ca.parent / "asking.crt", tls.client_ca.parent / "asking.key")
        url = f"https://127.0.0.1:{self.config.sockets[0].getsockname()[1]}{path}"
        async with aiohttp.ClientSession() as http, http.get(url, ssl=context) as answer:
            return await answer.text()

    async def make(self, name: str, **spec: Any) -> None:
        whole = {"nodeName": "n1", "terminationGracePeriodSeconds": 3, **spec}
        await self.client.create(POD, {"metadata": {"name": name, "namespace": "default"}, "spec": whole})

    async def until(self, name: str, what: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        end = time.monotonic() + 60
        while True:
            pod = await self.client.get(POD, name, "default")
            if what(pod):
                return pod
            if time.monotonic() > end:
                raise TimeoutError(f"pod {name}: {json.dumps(pod['status'])}")
            await asyncio.sleep(0.05)

    async def gone(self) -> None:
        async with asyncio.timeout(60):
            while (await self.client.list(POD)).items:
                await asyncio.sleep(0.05)

    async def told(self, name: str, last: str) -> list[str]:
        """The events of a pod, as soon as there is one with the text `last`: they are written behind what they tell."""
        async with asyncio.timeout(60):
            while True:
                events = [each for each in (await self.client.list(EVENT)).items if _about(each, name)]
                if any(last in f"{each['reason']}: {each['message']}" for each in events):
                    return [each["reason"] for each in events]
                await asyncio.sleep(0.05)

    def folder(self, pod: dict[str, Any]) -> Path:
        return self.config.data_dir / "pods" / pod["metadata"]["uid"]


def _about(event: dict[str, Any], name: str) -> bool:
    return bool(event["involvedObject"]["name"] == name)


def ready(pod: dict[str, Any]) -> bool:
    return (condition(pod, "Ready") or {}).get("status") == "True"


def restarts(pod: dict[str, Any]) -> int:
    return sum(each["restartCount"] for each in dig(pod, "status", "containerStatuses", default=[]))


def waiting(reason: str) -> Callable[[dict[str, Any]], bool]:
    return lambda pod: any(
        dig(each, "state", "waiting", "reason") == reason
        for each in dig(pod, "status", "containerStatuses", default=[])
    )


async def web(scene: Scene) -> None:
    """A server with files from a ConfigMap that change while it runs, across an agent that restarts."""
    probe = {"httpGet": {"port": 80}, "periodSeconds": 1, "timeoutSeconds": 60}
    mounts = [{"name": "m", "mountPath": "/cm"}, {"name": "e", "mountPath": "/e"}]
    volumes = [{"name": "m", "configMap": {"name": "m"}}, {"name": "e", "emptyDir": {"medium": "Memory"}}]
    server = {"name": "c", "image": NGINX, "readinessProbe": probe, "volumeMounts": mounts}
    await scene.make("web", containers=[server], volumes=volumes, imagePullSecrets=[{"name": "default-secret"}])
    before = await scene.until("web", ready)
    scene.seen["web events"] = await scene.told("web", "Started: ")
    await scene.end()
    await scene.client.patch(CONFIGMAP, "m", "default", {"data": {"a": "2"}})
    await scene.begin()
    async with asyncio.timeout(60):
        while (scene.folder(before) / "volumes/m/a").read_text() != "2":
            await asyncio.sleep(0.02)
    scene.seen["unchanged by a restart"] = (await scene.client.get(POD, "web", "default"))["status"] == before["status"]
    address = before["status"]["podIP"]
    scene.seen["page"] = "Welcome to nginx" in await scene.fetched(f"/proxy/http/{address}/80/")


async def loop(scene: Scene) -> None:
    script = "echo to the log $(NAME); cat /etc/hosts; echo last words > /dev/termination-log; exit 3"
    env = [{"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    await scene.make("loop", containers=[{"name": "c", "image": BUSYBOX, "command": ["sh", "-c", script], "env": env}])
    pod = await scene.until("loop", waiting("CrashLoopBackOff"))
    status = pod["status"]["containerStatuses"][0]
    ended = status["lastState"]["terminated"]
    scene.seen["loop"] = [status["restartCount"], ended["exitCode"], ended["message"]]
    log = await scene.fetched("/containerLogs/default/loop/c")
    scene.seen["log"] = log.splitlines()[:2]
    scene.seen["first bytes"] = await scene.fetched("/containerLogs/default/loop/c?limitBytes=6")


async def job(scene: Scene) -> None:
    mount = [{"name": "d", "mountPath": "/d"}]
    first = {"name": "i", "image": BUSYBOX, "command": ["touch", "/d/x"], "volumeMounts": mount}
    side = {"name": "s", "image": BUSYBOX, "restartPolicy": "Always", "command": SLEEP}
    main = {"name": "c", "image": BUSYBOX, "command": ["cat", "/d/x"], "volumeMounts": mount}
    volumes = [{"name": "d", "emptyDir": {}}]
    await scene.make("job", initContainers=[first, side], containers=[main], volumes=volumes, restartPolicy="Never")
    await scene.until("job", lambda pod: pod["status"]["phase"] == "Succeeded")
    scene.seen["job"] = "Succeeded"


async def faults(scene: Scene) -> None:
    await scene.make("image", containers=[{"name": "c", "image": "does/not-exist"}])
    key = {"configMapKeyRef": {"name": "m", "key": "none"}}
    await scene.make("config", containers=[{"name": "c", "image": BUSYBOX, "env": [{"name": "A", "valueFrom": key}]}])
    await scene.make("program", containers=[{"name": "c", "image": BUSYBOX, "command": ["/none"]}])
    await scene.until("image", waiting("ImagePullBackOff"))
    await scene.until("config", waiting("CreateContainerConfigError"))
    await scene.until("program", waiting("RunContainerError"))
    scene.seen["image events"] = await scene.told("image", "Failed: Error: ImagePullBackOff")


async def unhealthy(scene: Scene) -> None:
    probe = {"exec": {"command": ["test", "-e", "/none"]}, "periodSeconds": 1, "failureThreshold": 1}
    hooks = {"postStart": {"exec": {"command": ["true"]}}, "preStop": {"exec": {"command": ["true"]}}}
    container = {"name": "c", "image": BUSYBOX, "command": SLEEP, "livenessProbe": probe, "lifecycle": hooks}
    await scene.make("sick", containers=[container])
    await scene.until("sick", lambda pod: restarts(pod) == 1)
    scene.seen["sick events"] = sorted(set(await scene.told("sick", "Killing: ")))


async def main(runtime: str, folder: Path) -> None:
    client = Client(InProcessTransport(ApiServer(MemoryStore())))
    for name in ("default", "kube-node-lease"):
        await client.create(NAMESPACE, {"metadata": {"name": name}})
    account = {"metadata": {"name": "default", "namespace": "default"}, "automountServiceAccountToken": False}
    await client.create(SERVICEACCOUNT, account)
    await client.create(CONFIGMAP, {"metadata": {"name": "m", "namespace": "default"}, "data": {"a": "1"}})
    now, keys = datetime.datetime.now(datetime.UTC), folder / "pki"
    authority = Authority.open(keys, now)
    authority.server("system:node:n1", ["127.0.0.1"], now).write(keys, "agent")
    authority.client("system:kube-apiserver", (), now).write(keys, "asking")
    config = NodeConfig(
        (NodeIdentity("n1", ("127.0.0.1",), ("10.0.0.0/25",)),), "cri", runtime, folder / "agent",
        cluster_dns=("10.247.3.10",), sockets=(socket.create_server(("127.0.0.1", 0)),),
        tls=Tls(keys / "agent.crt", keys / "agent.key", keys / "ca.crt"),
    )  # fmt: skip
    scene = Scene(client, config)
    await scene.begin()
    await web(scene)
    await asyncio.gather(loop(scene), job(scene), faults(scene), unhealthy(scene))
    for pod in (await client.list(POD)).items:
        await client.delete(POD, pod["metadata"]["name"], "default")
    await scene.gone()
    scene.seen["left"] = [each.name for each in (config.data_dir / "pods").iterdir()]
    await scene.end()
    print(json.dumps(scene.seen))


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
