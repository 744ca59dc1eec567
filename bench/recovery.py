"""How long a part of a cluster is away after `kill -9`: until it is ready again, and until it does its work again.

Usage: recovery.py [simulated] [containers]. Both by default; containers where the machine can run them.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from figures import NAME, Cluster, service, stateful_set, until_ready

from eachpod.cluster import ability
from eachpod.cluster.living import processes
from eachpod.model.errors import StatusError
from eachpod.model.resources import POD, SERVICE, STATEFULSET

Works = Callable[[], Awaitable[object]]


def parts(cluster: Cluster) -> dict[str, dict[str, Any]]:
    """What the supervisors tell of each part; within the holder process numbers are others."""
    files = [path for name in ("state.json", "holder.json") if (path := cluster.data / name).exists()]
    told = [json.loads(path.read_text()) for path in files]
    return {name: part for one in told for name, part in one.get("components", one).items()}


def process(cluster: Cluster, *words: str) -> int:
    """The part's process by its command line."""
    for pid in processes(cluster.data):
        line = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        if all(word in line for word in words) and not {"unshare", "nsenter"} & set(line):
            return pid
    raise LookupError(f"no process {' '.join(words)}")


async def until(done: Works) -> None:
    while True:
        try:
            if await done():
                return
        except (OSError, StatusError):
            pass
        await asyncio.sleep(0.01)


async def killed(cluster: Cluster, kind: str, pid: int, works: Works) -> None:
    """Kill it and say how long it was away. Of parts that every node has, one has started again."""

    async def ready() -> bool:
        now = {name: part for name, part in parts(cluster).items() if name.startswith(kind)}
        return any(part["ready"] and part["restarts"] > before[name]["restarts"] for name, part in now.items())

    before, begun = parts(cluster), time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    await until(ready)
    again = time.perf_counter() - begun
    await until(works)
    print(f"  {kind.removesuffix('-'):<20} ready {again:.2f} s, at work {time.perf_counter() - begun:.2f} s")


async def measure(runtime: str) -> None:
    print(f"\n{runtime}, away after kill -9")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        cluster = Cluster(runtime, Path(folder))
        try:
            await cluster.client.create(SERVICE, service(), "default")
            await cluster.client.create(STATEFULSET, stateful_set(3, "OrderedReady"), "default")
            await until_ready(cluster, 3)

            async def replaces() -> bool:
                """A deleted pod comes back, which takes all parts."""
                await cluster.client.delete(POD, "web-0", "default", grace_seconds=0)
                await until_ready(cluster, 3)
                return True

            async def lists() -> object:
                return await cluster.client.list(POD, "default")

            async def answers() -> bool:
                return cluster.dns.answers(NAME) == 1

            await killed(cluster, "control-plane", process(cluster, "control-plane"), lists)
            await killed(cluster, "dns", process(cluster, "dns"), answers)
            kind = "node-" if runtime == "containers" else "nodes"
            await killed(cluster, kind, process(cluster, kind.removesuffix("-")), replaces)
            if runtime == "containers":
                await killed(cluster, "containerd", process(cluster, "containerd"), replaces)
            await cluster.client.close()
        finally:
            cluster.down()


def main() -> None:
    for runtime in sys.argv[1:] or ["simulated", "containers"]:
        if runtime == "simulated" or not ability.reason_against_containers(ability.checks()):
            asyncio.run(measure(runtime))


if __name__ == "__main__":
    main()
