"""Remembers the addresses of pods that want to keep theirs, by name, over restarts of pod and agent."""

import json
from collections.abc import Sequence
from pathlib import Path

from eachpod.model import objects
from eachpod.model.objects import Object

from .addresses import KEEP_ADDRESS


class KeptAddresses:
    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, pod: Object) -> tuple[str, ...]:
        """What a pod of this name had last, where it wants that again."""
        return tuple(self._read().get(_key(pod), ())) if _wants(pod) else ()

    def keep(self, pod: Object, addresses: Sequence[str]) -> None:
        if _wants(pod):
            scratch = self._path.with_suffix(".new")
            scratch.write_text(json.dumps(self._read() | {_key(pod): list(addresses)}))
            scratch.replace(self._path)

    def _read(self) -> dict[str, list[str]]:
        try:
            return dict(json.loads(self._path.read_text()))
        except (OSError, ValueError):
            return {}


def _wants(pod: Object) -> bool:
    return objects.annotations(pod).get(KEEP_ADDRESS) == "true"


def _key(pod: Object) -> str:
    return f"{objects.namespace(pod)}/{objects.name(pod)}"
