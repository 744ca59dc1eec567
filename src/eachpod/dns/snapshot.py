"""The last known state on disk: written whole and renamed into place, read at the next start.

It answers from the first moment; the watch then puts right what has changed meanwhile.
"""

import contextlib
import os
from pathlib import Path
from typing import Any

import orjson

from eachpod.model.objects import Object

_FORMAT = 1
_KEPT = ("name", "namespace", "labels", "resourceVersion", "uid")


def slim(obj: Object) -> Object:
    """What DNS reads of an object; shares the rest with it."""
    metadata = obj.get("metadata") or {}
    small: Object = {"metadata": {key: metadata[key] for key in _KEPT if key in metadata}}
    for key in ("spec", "addressType", "endpoints", "ports"):
        if key in obj:
            small[key] = obj[key]
    return small


def write(path: Path, state: dict[str, list[Object]]) -> None:
    """OSError where the disk refuses."""
    part = path.with_name(path.name + ".new")
    part.write_bytes(orjson.dumps({"format": _FORMAT, "objects": state}))
    os.replace(part, path)


def read(path: Path) -> dict[str, list[Object]]:
    """Objects by resource; empty where there is no file, or one that is damaged or of another format."""
    with contextlib.suppress(OSError, orjson.JSONDecodeError):
        held: Any = orjson.loads(path.read_bytes())
        if isinstance(held, dict) and held.get("format") == _FORMAT and isinstance(held.get("objects"), dict):
            return {
                str(key): [obj for obj in objs if isinstance(obj, dict)]
                for key, objs in held["objects"].items()
                if isinstance(objs, list)
            }
    return {}
