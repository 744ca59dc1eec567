"""Brings images onto the node by their pull policy, with the kubelet's events."""

import asyncio
import time
from collections.abc import Callable

from eachpod.model.objects import Object

from . import imagename
from .credentials import matching
from .runtime import Credentials, ImageState, Runtime, RuntimeFault, SandboxSpec

# (reason, message, type)
Say = Callable[[str, str, str], None]


class Images:
    """Pulls of one image wait for each other: the second finds it there."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._locks: dict[str, asyncio.Lock] = {}

    async def ensure(self, container: Object, secrets: list[Object], sandbox: SandboxSpec, say: Say) -> ImageState:
        """The container's image. RuntimeFault with the kubelet's reason where it cannot be had."""
        image = container.get("image") or ""
        policy = container.get("imagePullPolicy") or "IfNotPresent"
        if wrong := imagename.fault(image):
            text = f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": {wrong}'
            say("InspectFailed", text, "Warning")
            raise RuntimeFault(text, "InvalidImageName")
        begun = time.monotonic()
        try:
            found = await self._runtime.image_status(image)
        except RuntimeFault as fault:
            say("InspectFailed", f'Failed to inspect image "{image}": {fault.message}', "Warning")
            text = f'Failed to inspect image "{image}": {fault.message}'
            raise RuntimeFault(text, "ImageInspectError") from None
        if found and policy != "Always":
            text = f'Container image "{image}" already present on machine and can be accessed by the pod'
            say("Pulled", text, "Normal")
            return found
        if policy == "Never":
            text = f'Container image "{image}" is not present with pull policy of Never'
            say("ErrImageNeverPull", text, "Warning")
            raise RuntimeFault(text, "ErrImageNeverPull")
        lock = self._locks.setdefault(image, asyncio.Lock())
        async with lock:
            return await self._pull(image, secrets, sandbox, say, begun)

    async def _pull(
        self, image: str, secrets: list[Object], sandbox: SandboxSpec, say: Say, begun: float
    ) -> ImageState:
        say("Pulling", f'Pulling image "{image}"', "Normal")
        started = time.monotonic()
        try:
            await self._with_credentials(image, secrets, sandbox)
            found = await self._runtime.image_status(image)
        except RuntimeFault as fault:
            say("Failed", f'Failed to pull image "{image}": {fault.message}', "Warning")
            reason = fault.reason or "ErrImagePull"
            raise RuntimeFault(fault.message, reason) from None
        if found is None:
            raise RuntimeFault(f'image "{image}" is gone right after its pull', "ErrImagePull")
        now = time.monotonic()
        spent = f"{_duration(now - started)} ({_duration(now - begun)} including waiting)"
        say("Pulled", f'Successfully pulled image "{image}" in {spent}. Image size: {found.size} bytes.', "Normal")
        return found

    async def _with_credentials(self, image: str, secrets: list[Object], sandbox: SandboxSpec) -> None:
        candidates: list[Credentials | None] = [*matching(image, secrets)] or [None]
        last: RuntimeFault | None = None
        for credentials in candidates:
            try:
                await self._runtime.pull_image(image, credentials, sandbox)
                return
            except RuntimeFault as fault:
                last = fault
        if last:
            raise last


def _duration(seconds: float) -> str:
    """As Go prints durations, in milliseconds."""
    milliseconds = int(seconds * 1000)
    return f"{milliseconds / 1000:g}s" if milliseconds >= 1000 else f"{milliseconds}ms"
