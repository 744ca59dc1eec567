"""A container's environment, in the kubelet's order: envFrom, then env with references, then Services."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from eachpod.model import objects
from eachpod.model.objects import Object, dig

from .downward import FieldFault, Place, field_value, resource_value
from .expansion import expand


class EnvironmentFault(Exception):
    """The container cannot be configured (CreateContainerConfigError); the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The objects that a pod's containers take variables from, None where one does not exist."""

    config_maps: Mapping[str, Object | None]
    secrets: Mapping[str, Object | None]


def needed(container: Object) -> tuple[set[str], set[str]]:
    """Names of the ConfigMaps and Secrets that the environment takes from."""
    maps, secrets = set(), set()
    for source in container.get("envFrom") or []:
        maps.add(dig(source, "configMapRef", "name", default=""))
        secrets.add(dig(source, "secretRef", "name", default=""))
    for variable in container.get("env") or []:
        maps.add(dig(variable, "valueFrom", "configMapKeyRef", "name", default=""))
        secrets.add(dig(variable, "valueFrom", "secretKeyRef", "name", default=""))
    return maps - {""}, secrets - {""}


def environment(
    pod: Object, container: Object, sources: Sources, services: Mapping[str, str], place: Place
) -> dict[str, str]:
    found: dict[str, str] = {}
    for source in container.get("envFrom") or []:
        found |= _all_of(pod, source, sources)
    for variable in container.get("env") or []:
        if variable.get("value"):
            value: str | None = expand(variable["value"], {**services, **found})
        elif variable.get("valueFrom"):
            value = _from(pod, container, variable["valueFrom"], sources, place)
        else:
            value = ""
        if value is not None:
            found[variable["name"]] = value
    return found | {name: value for name, value in services.items() if name not in found}


def _all_of(pod: Object, source: Object, sources: Sources) -> dict[str, str]:
    prefix = source.get("prefix") or ""
    if source.get("configMapRef"):
        held = _object(source["configMapRef"], sources.config_maps, "configmap")
        data: dict[str, str] = (held or {}).get("data") or {}
    elif source.get("secretRef"):
        held = _object(source["secretRef"], sources.secrets, "secret")
        data = {key: decoded(value) for key, value in ((held or {}).get("data") or {}).items()}
    else:
        return {}
    return {prefix + key: value for key, value in sorted(data.items())}


def _object(ref: Object, held: Mapping[str, Object | None], kind: str) -> Object | None:
    found = held.get(ref["name"])
    if found is None and not ref.get("optional"):
        raise EnvironmentFault(f'{kind} "{ref["name"]}" not found')
    return found


def _from(pod: Object, container: Object, source: Object, sources: Sources, place: Place) -> str | None:
    try:
        if source.get("fieldRef"):
            return field_value(pod, source["fieldRef"]["fieldPath"], place)
        if source.get("resourceFieldRef"):
            return resource_value(pod, container, source["resourceFieldRef"], place)
    except FieldFault as fault:
        raise EnvironmentFault(str(fault)) from None
    if source.get("configMapKeyRef"):
        return _key(pod, source["configMapKeyRef"], sources.config_maps, "ConfigMap", str)
    if source.get("secretKeyRef"):
        return _key(pod, source["secretKeyRef"], sources.secrets, "Secret", decoded)
    raise EnvironmentFault("this source of a variable is not supported; use a value, field, ConfigMap or Secret")


def _key(
    pod: Object, ref: Object, held: Mapping[str, Object | None], kind: str, read: Callable[[str], str]
) -> str | None:
    found = _object(ref, held, kind.lower())
    data = (found or {}).get("data") or {}
    if ref["key"] in data:
        return read(data[ref["key"]])
    if ref.get("optional"):
        return None
    raise EnvironmentFault(f"couldn't find key {ref['key']} in {kind} {objects.namespace(pod)}/{ref['name']}")


def decoded(value: str) -> str:
    return base64.b64decode(value).decode(errors="replace")
