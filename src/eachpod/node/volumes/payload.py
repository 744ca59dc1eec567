"""The files of ConfigMap, Secret, downward API and projected volumes, as values."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from eachpod.model.objects import Object, dig
from eachpod.node.downward import FieldFault, Place, field_value, resource_value

_DEFAULT_MODE = 0o644


class VolumeFault(Exception):
    """The volume cannot be set up; the message says why."""


class Ref(NamedTuple):
    """An object that a volume takes from; kind is ConfigMap or Secret."""

    kind: str
    name: str


class File(NamedTuple):
    content: bytes
    mode: int


@dataclass(frozen=True, slots=True)
class Found:
    """What was fetched for the pod: objects (None where one does not exist) and tokens by the JSON path they go to."""

    objects: Mapping[Ref, Object | None] = field(default_factory=dict)
    tokens: Mapping[tuple[str, int], str] = field(default_factory=dict)  # by (audience, seconds)


_PAYLOADS = ("configMap", "secret", "downwardAPI", "projected")


def has_payload(volume: Object) -> bool:
    return any(volume.get(kind) is not None for kind in _PAYLOADS)


def _sources(volume: Object) -> list[tuple[str, Object]]:
    """The kinds and sources of a volume; a projected one has several."""
    if volume.get("projected") is not None:
        return [(kind, each[kind]) for each in volume["projected"].get("sources") or [] for kind in each if each[kind]]
    return [(kind, volume[kind]) for kind in _PAYLOADS if volume.get(kind) is not None]


def refs(volume: Object) -> set[Ref]:
    found = set()
    for kind, source in _sources(volume):
        if kind == "configMap":
            found.add(Ref("ConfigMap", source["name"]))
        elif kind == "secret":
            found.add(Ref("Secret", source.get("secretName") or source.get("name") or ""))
    return found


def tokens(volume: Object) -> set[tuple[str, int]]:
    """(audience, seconds) of the service account tokens that the volume asks for."""
    return {
        (source.get("audience") or "", int(source.get("expirationSeconds") or 3600))
        for kind, source in _sources(volume)
        if kind == "serviceAccountToken"
    }


def files(pod: Object, volume: Object, found: Found, place: Place) -> dict[str, File]:
    """Every file of the volume by its path within it."""
    result: dict[str, File] = {}
    holder = next(volume[kind] for kind in _PAYLOADS if volume.get(kind) is not None)
    mode = holder.get("defaultMode")
    default = _DEFAULT_MODE if mode is None else int(mode)
    for kind, source in _sources(volume):
        result |= _files_of(pod, kind, source, default, found, place)
    return result


def _files_of(pod: Object, kind: str, source: Object, mode: int, found: Found, place: Place) -> dict[str, File]:
    match kind:
        case "configMap":
            return _keyed(pod, Ref("ConfigMap", source["name"]), source, mode, found)
        case "secret":
            name = source.get("secretName") or source.get("name") or ""
            return _keyed(pod, Ref("Secret", name), source, mode, found)
        case "downwardAPI":
            return _downward(pod, source, mode, place)
        case "serviceAccountToken":
            token = found.tokens.get((source.get("audience") or "", int(source.get("expirationSeconds") or 3600)), "")
            return {source["path"]: File(token.encode(), mode if _has_group(pod) else 0o600 | (mode & 0o044))}
    raise VolumeFault(f"projected volumes of kind {kind} are not supported by this node agent")


def _has_group(pod: Object) -> bool:
    return dig(pod, "spec", "securityContext", "fsGroup") is not None


def _keyed(pod: Object, ref: Ref, source: Object, mode: int, found: Found) -> dict[str, File]:
    obj = found.objects.get(ref)
    optional = bool(source.get("optional"))
    if obj is None:
        if optional:
            return {}
        raise VolumeFault(f'{ref.kind.lower()} "{ref.name}" not found')
    data = _data(obj)
    items = source.get("items") or []
    if not items:
        return {key: File(content, mode) for key, content in data.items()}
    chosen = {}
    for item in items:
        if item["key"] in data:
            own = item.get("mode")
            chosen[item["path"]] = File(data[item["key"]], mode if own is None else int(own))
        elif not optional:
            raise VolumeFault(f"references non-existent {_noun(ref)} key: {item['key']}")
    return chosen


def _noun(ref: Ref) -> str:
    return "config" if ref.kind == "ConfigMap" else "secret"


def _data(obj: Object) -> dict[str, bytes]:
    if obj.get("kind") == "Secret":
        return {key: base64.b64decode(value) for key, value in (obj.get("data") or {}).items()}
    plain = {key: value.encode() for key, value in (obj.get("data") or {}).items()}
    return plain | {key: base64.b64decode(value) for key, value in (obj.get("binaryData") or {}).items()}


def _downward(pod: Object, source: Object, mode: int, place: Place) -> dict[str, File]:
    result = {}
    for item in source.get("items") or []:
        own = item.get("mode")
        try:
            if item.get("fieldRef"):
                text = field_value(pod, item["fieldRef"]["fieldPath"], place)
            else:
                text = resource_value(pod, None, item.get("resourceFieldRef") or {}, place)
        except FieldFault as fault:
            raise VolumeFault(str(fault)) from None
        result[item["path"]] = File(text.encode(), mode if own is None else int(own))
    return result
