"""What a container is given before it is made: credentials for its image, environment, mounts and the pod's files."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from eachpod.client.cache import Cache
from eachpod.client.client import Client
from eachpod.client.correlate import Note
from eachpod.client.events import Recorder
from eachpod.model import objects
from eachpod.model.errors import NotFound
from eachpod.model.objects import Object, dig
from eachpod.model.resources import SECRET

from . import podspec
from .downward import place_of
from .env import Sources, environment, needed
from .hosts import hosts_file
from .podstate import HostInfo
from .runtime import ImageState, Runtime
from .serviceenv import service_variables
from .specs import Ground, Provided
from .volumes.keeper import VolumeKeeper
from .volumes.mounts import mounts
from .volumes.payload import Ref


@dataclass(frozen=True, slots=True)
class NodeParts:
    """What the hands of a node work with."""

    client: Client
    runtime: Runtime
    recorder: Recorder
    volumes: VolumeKeeper
    services: Cache
    host: HostInfo
    ground: Ground
    data_dir: Path
    cluster_dns: tuple[str, ...]
    resolv_conf: Path
    clock: Callable[[], float]


class Provider:
    def __init__(self, parts: NodeParts, node: Object) -> None:
        self._parts, self._node = parts, node

    async def provide(
        self, pod: Object, spec: Object, attempt: int, image: ImageState, addresses: tuple[str, ...]
    ) -> Provided:
        """For one container, just before it is made; `addresses` are the pod's."""
        maps, secrets = needed(spec)
        namespace = objects.namespace(pod)
        fetch = self._parts.volumes.fetch
        sources = Sources(
            {name: await fetch(Ref("ConfigMap", name), namespace) for name in maps},
            {name: await fetch(Ref("Secret", name), namespace) for name in secrets},
        )
        links = dig(pod, "spec", "enableServiceLinks", default=True)
        services = service_variables(self._parts.services.items(), namespace, links=links)
        env = environment(
            pod, spec, sources, services, place_of(pod, self._node, self._parts.host.addresses, addresses)
        )
        volumes = {each["name"]: each for each in dig(pod, "spec", "volumes", default=[])}
        paths = await self._parts.volumes.prepare(pod)
        message_file = self._message_file(objects.uid(pod), spec["name"], attempt)
        hosts = self._hosts_file(pod, addresses)
        mounted = await asyncio.to_thread(mounts, spec, volumes, paths, env)
        return Provided(env, mounted, image, hosts, message_file)

    def _message_file(self, uid: str, name: str, attempt: int) -> Path:
        folder = self._parts.volumes.pod_dir(uid) / "containers" / name
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / str(attempt)
        path.touch()
        path.chmod(0o666)
        return path

    def _hosts_file(self, pod: Object, addresses: tuple[str, ...]) -> Path:
        path = self._parts.volumes.pod_dir(objects.uid(pod)) / "etc-hosts"
        if not path.exists():
            self.write_hosts(pod, addresses)
        return path

    def write_hosts(self, pod: Object, addresses: Iterable[str]) -> None:
        host_file = text_of(Path("/etc/hosts")) if podspec.host_network(pod) else ""
        text = hosts_file(pod, tuple(addresses), self._parts.host.cluster_domain, host_file)
        path = self._parts.volumes.pod_dir(objects.uid(pod)) / "etc-hosts"
        path.write_text(text)
        path.chmod(0o644)

    async def pull_secrets(self, pod: Object) -> list[Object]:
        """Those of spec.imagePullSecrets that there are; an event tells of the others."""
        found, missing = [], []
        for ref in dig(pod, "spec", "imagePullSecrets", default=[]):
            try:
                found.append(await self._parts.client.get(SECRET, ref["name"], objects.namespace(pod)))
            except NotFound:
                missing.append(ref["name"])
        if missing:
            text = f"Unable to retrieve some image pull secrets ({', '.join(missing)}); "
            text += "attempting to pull the image may not succeed."
            self._parts.recorder.tell(Note(pod, "FailedToRetrieveImagePullSecret", text, "Warning"))
        return found


def text_of(path: Path) -> str:
    """Nothing where the machine has no such file."""
    try:
        return path.read_text()
    except OSError:
        return ""
