"""Sets up, refreshes and removes the directories of a pod's volumes."""

import asyncio
import logging
import os
import shutil
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eachpod.client.client import Client
from eachpod.model import objects, quantity
from eachpod.model.errors import NotFound, StatusError
from eachpod.model.objects import Object, dig
from eachpod.model.resources import CONFIGMAP, PERSISTENTVOLUME, PERSISTENTVOLUMECLAIM, SECRET, SERVICEACCOUNT
from eachpod.model.timestamps import parse
from eachpod.model.wellknown import LOCAL_ROOT
from eachpod.node.downward import Place

from . import payload, tmpfs
from .atomic import write
from .payload import Found, Ref, VolumeFault

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    renew_at: float


class VolumeKeeper:
    """`data_dir` is the node's; `place` tells what of a pod's place its files may name."""

    def __init__(self, client: Client, data_dir: Path, place: Callable[[Object], Place]) -> None:
        self._client, self._data, self._place = client, data_dir, place
        self._tokens: dict[tuple[str, str, int], _Token] = {}

    def pod_dir(self, uid: str) -> Path:
        return self._data / "pods" / uid

    def volume_dir(self, uid: str, name: str) -> Path:
        return self.pod_dir(uid) / "volumes" / name

    async def prepare(self, pod: Object) -> dict[str, Path]:
        """Set up all volumes; their directories by name. Again while the pod runs, this brings files up to date."""
        found = {}
        for volume in dig(pod, "spec", "volumes", default=[]):
            try:
                found[volume["name"]] = await self._set_up(pod, volume)
            except (VolumeFault, StatusError, OSError) as error:
                raise VolumeFault(f'MountVolume.SetUp failed for volume "{volume["name"]}" : {error}') from error
        return found

    async def refresh(self, pod: Object) -> None:
        """Bring the files of a running pod up to date; what cannot be had now stays as it is."""
        for volume in dig(pod, "spec", "volumes", default=[]):
            if payload.has_payload(volume):
                try:
                    await self._set_up(pod, volume)
                except (VolumeFault, StatusError, OSError, ConnectionError) as error:
                    log.debug("volume %s of pod %s stays as it is: %s", volume["name"], objects.name(pod), error)

    def renewal_due(self, pod: Object) -> bool:
        uid = objects.uid(pod)
        now = time.time()
        return any(key[0] == uid and token.renew_at <= now for key, token in self._tokens.items())

    async def remove(self, uid: str) -> None:
        await asyncio.to_thread(self._remove, uid)
        for key in [key for key in self._tokens if key[0] == uid]:
            del self._tokens[key]

    def _remove(self, uid: str) -> None:
        root = self.pod_dir(uid) / "volumes"
        if root.is_dir():
            for path in root.iterdir():
                if os.path.ismount(path):
                    tmpfs.unmount(path)
        shutil.rmtree(self.pod_dir(uid), ignore_errors=True)

    async def _set_up(self, pod: Object, volume: Object) -> Path:
        path = self.volume_dir(objects.uid(pod), volume["name"])
        group = dig(pod, "spec", "securityContext", "fsGroup")
        if payload.has_payload(volume):
            _make(path, 0o755)
            files = payload.files(pod, volume, await self._find(pod, volume), self._place(pod))
            await asyncio.to_thread(write, path, files, group)
            return path
        if volume.get("emptyDir") is not None:
            if not path.exists():
                _make(path, 0o777)
                if volume["emptyDir"].get("medium") == "Memory":
                    await asyncio.to_thread(_mount_memory, path, volume["emptyDir"])
                await asyncio.to_thread(own, path, group, False)
            return path
        if volume.get("hostPath") is not None:
            return _host_path(volume["hostPath"])
        claim = dig(volume, "persistentVolumeClaim", "claimName")
        if volume.get("ephemeral") is not None:
            claim = f"{objects.name(pod)}-{volume['name']}"
        if claim:
            return await self._claim(pod, str(claim), group)
        kind = next((key for key in volume if key != "name"), "emptyDir")
        raise VolumeFault(f"volumes of kind {kind} are not supported by this node agent")

    async def _find(self, pod: Object, volume: Object) -> Found:
        held: dict[Ref, Object | None] = {}
        for ref in payload.refs(volume):
            held[ref] = await self.fetch(ref, objects.namespace(pod))
        tokens = {each: await self._token(pod, *each) for each in payload.tokens(volume)}
        return Found(held, tokens)

    async def fetch(self, ref: Ref, namespace: str) -> Object | None:
        resource = CONFIGMAP if ref.kind == "ConfigMap" else SECRET
        try:
            found = await self._client.get(resource, ref.name, namespace)
        except NotFound:
            return None
        return {**found, "kind": ref.kind}

    async def _token(self, pod: Object, audience: str, seconds: int) -> str:
        """A token bound to the pod, made anew when four fifths of its life are over."""
        key = (objects.uid(pod), audience, seconds)
        known = self._tokens.get(key)
        if known and known.renew_at > time.time():
            return known.text
        bound = {"apiVersion": "v1", "kind": "Pod", "name": objects.name(pod), "uid": objects.uid(pod)}
        spec: Object = {
            "audiences": [audience] if audience else [],
            "expirationSeconds": seconds,
            "boundObjectRef": bound,
        }
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        account = str(dig(pod, "spec", "serviceAccountName", default="default"))
        answer = await self._client.create(
            SERVICEACCOUNT, request, objects.namespace(pod), name=account, subresource="token"
        )
        expires = parse(dig(answer, "status", "expirationTimestamp")) or time.time() + seconds
        life = min(expires - time.time(), seconds)
        self._tokens[key] = _Token(str(dig(answer, "status", "token", default="")), time.time() + 0.8 * life)
        return self._tokens[key].text

    async def _claim(self, pod: Object, name: str, group: int | None) -> Path:
        bound = await self._bound_volume(objects.namespace(pod), name)
        volume = await self._client.get(PERSISTENTVOLUME, bound)
        where = dig(volume, "spec", "local", "path") or dig(volume, "spec", "hostPath", "path")
        if not where:
            raise VolumeFault(f'persistent volume "{bound}" is neither local nor a host path')
        path = self.local_path(where)
        if path is None:
            return _host_path(dig(volume, "spec", "hostPath", default={"path": where, "type": "Directory"}))
        if not path.exists():
            _make(path, 0o777)
        await asyncio.to_thread(own, path, group, True)
        return path

    async def _bound_volume(self, namespace: str, name: str) -> str:
        """The scheduler may have been quicker than the claim's last status: a moment's patience saves an event."""
        for wait in (0.02, 0.05, 0.1, 0.2, 0.0):
            claim = await self._client.get(PERSISTENTVOLUMECLAIM, name, namespace)
            bound = str(dig(claim, "spec", "volumeName", default=""))
            if bound and dig(claim, "status", "phase") == "Bound":
                return bound
            await asyncio.sleep(wait)
        raise VolumeFault(f'claim "{name}" is not bound')

    def local_path(self, where: str) -> Path | None:
        """The node's own directory for a path of the provisioner's; None for paths that are nobody's but the host's."""
        if not where.startswith(LOCAL_ROOT) or ".." in where.split("/"):
            return None
        return self._data / "local" / where.removeprefix(LOCAL_ROOT)

    async def remove_local(self, volume: Object) -> None:
        """Do away with the directory of a local volume of the provisioner's."""
        path = self.local_path(dig(volume, "spec", "local", "path", default=""))
        if path is not None and path.exists():
            await asyncio.to_thread(shutil.rmtree, path)


def _make(path: Path, mode: int) -> None:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)  # whatever the umask is


def _mount_memory(path: Path, source: Object) -> None:
    try:
        tmpfs.mount(path, int(quantity.parse(source["sizeLimit"])) if source.get("sizeLimit") else 0)
    except OSError as error:
        log.warning("memory volume %s lies on disk: %s", path.name, error)


def own(path: Path, group: int | None, only_if_changed: bool) -> None:
    """fsGroup: the volume belongs to the group, which may do what the owner may."""
    if group is None or (only_if_changed and path.stat().st_gid == group and path.stat().st_mode & stat.S_ISGID):
        return
    for each in [path, *path.rglob("*")]:
        try:
            if each.is_symlink():
                continue
            mode = each.stat().st_mode & 0o7777
            os.chown(each, -1, group)
            each.chmod(mode | (0o2770 if each.is_dir() else 0o660))
        except OSError as error:
            log.warning("group %d of %s: %s", group, each, error)
            return


_HOST_TYPES: dict[str, tuple[str, Callable[[int], bool]]] = {
    "Directory": ("a directory", stat.S_ISDIR),
    "File": ("a file", stat.S_ISREG),
    "Socket": ("a socket file", stat.S_ISSOCK),
    "CharDevice": ("a character device", stat.S_ISCHR),
    "BlockDevice": ("a block device", stat.S_ISBLK),
}


def _host_path(source: Object) -> Path:
    path, kind = Path(source["path"]), source.get("type") or ""
    if kind == "DirectoryOrCreate":
        if not path.exists():
            _make(path, 0o755)
        kind = "Directory"
    elif kind == "FileOrCreate":
        if not path.exists():
            path.touch(0o644)
        kind = "File"
    if not kind:
        if not path.exists():
            _make(path, 0o755)  # as container runtimes do
        return path
    if kind not in _HOST_TYPES:
        raise VolumeFault(f"unknown hostPath type {kind}")
    noun, test = _HOST_TYPES[kind]
    if not path.exists() or not test(path.stat().st_mode):
        raise VolumeFault(f"hostPath type check failed: {path} is not {noun}")
    return path
