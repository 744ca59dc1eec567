"""Which kinds a server has: reads its discovery documents, so that custom and aggregated kinds count too."""

import asyncio
from dataclasses import dataclass

from eachpod.model.errors import StatusError
from eachpod.model.objects import Object
from eachpod.model.resource import Resource
from eachpod.wire.http import Request

from .client import Client


@dataclass(frozen=True, slots=True)
class Discovered:
    """The preferred version of every kind. `failures` says of group versions that did not answer why."""

    resources: tuple[Resource, ...]
    failures: dict[str, str]


def group_versions(groups: Object) -> list[tuple[str, ...]]:
    """The versions of each group as an APIGroupList has them, the preferred one first."""
    found = []
    for group in groups.get("groups") or ():
        versions = [one["groupVersion"] for one in group.get("versions") or ()]
        preferred = (group.get("preferredVersion") or {}).get("groupVersion")
        versions.sort(key=lambda version: version != preferred)
        found.append(tuple(versions))
    return found


def resources_of(listed: Object) -> list[Resource]:
    """The kinds in an APIResourceList; subresources are left out."""
    group, _, version = (listed.get("groupVersion") or "").rpartition("/")
    return [
        Resource(
            one.get("group") or group,
            one.get("version") or version,
            one["kind"],
            one["name"],
            bool(one.get("namespaced")),
            tuple(one.get("shortNames") or ()),
            tuple(one.get("categories") or ()),
            tuple(one.get("verbs") or ()),
        )
        for one in listed.get("resources") or ()
        if "/" not in one["name"]
    ]


def _each_once(lists: list[list[Resource]]) -> tuple[Resource, ...]:
    """One version of each kind of a group: the first that has it."""
    found: dict[str, Resource] = {}
    for listed in lists:
        for resource in listed:
            found.setdefault(resource.group_resource, resource)
    return tuple(found.values())


async def discover(client: Client) -> Discovered:
    """Ask the server. Fails only if the server as a whole does not answer."""
    groups = await _get(client, "/apis")
    paths = ["/api/v1", *(f"/apis/{version}" for versions in group_versions(groups) for version in versions)]
    answers = await asyncio.gather(*(_get(client, path) for path in paths), return_exceptions=True)
    lists: list[list[Resource]] = []
    failures: dict[str, str] = {}
    for path, answer in zip(paths, answers, strict=True):
        if isinstance(answer, StatusError | ConnectionError):
            failures[path.removeprefix("/apis/").removeprefix("/api/")] = str(answer)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            lists.append(resources_of(answer))
    return Discovered(_each_once(lists), failures)


async def _get(client: Client, path: str) -> Object:
    response = await client.transport.send(Request("GET", path))
    return response.body if isinstance(response.body, dict) else {}
