"""Which objects belong to a controller: those that name it as their controller and that its selector matches.

Orphans that match are adopted, owned objects that no longer match are released. What cannot be undone is checked on
live state first (`Confirm`), since a cache may still show an owner that was deleted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from eachpod.model import objects
from eachpod.model.errors import Invalid, NotFound
from eachpod.model.objects import Object
from eachpod.model.resource import Resource
from eachpod.wire.http import STRATEGIC_PATCH

from .plan import Change, Confirm, Patch


def controller_reference(owner: Object) -> Object:
    """The entry of ownerReferences by which `owner` controls an object."""
    return {
        "apiVersion": owner.get("apiVersion"),
        "kind": owner.get("kind"),
        "name": objects.name(owner),
        "uid": objects.uid(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def adopt(resource: Resource, obj: Object, owner: Object) -> Patch:
    """Become the controller of an orphan. The uid makes the patch fail on a namesake."""
    patch = {"metadata": {"ownerReferences": [controller_reference(owner)], "uid": objects.uid(obj)}}
    return _owners_patch(resource, obj, patch, accept=(NotFound,))


def release(resource: Resource, obj: Object, owner: Object) -> Patch:
    """Stop being the controller. Gone, or another object by now, is just as well."""
    gone = {"$patch": "delete", "uid": objects.uid(owner)}
    patch = {"metadata": {"ownerReferences": [gone], "uid": objects.uid(obj)}}
    return _owners_patch(resource, obj, patch, accept=(NotFound, Invalid))


def _owners_patch(resource: Resource, obj: Object, patch: Object, accept: tuple[type, ...]) -> Patch:
    namespace, name = objects.namespace(obj), objects.name(obj)
    return Patch(resource, namespace, name, patch, content_type=STRATEGIC_PATCH, accept=accept)


@dataclass(frozen=True, slots=True)
class Claimed:
    """The members after the changes have been made."""

    members: tuple[Object, ...]
    changes: tuple[Change, ...]


def claim(
    owner_resource: Resource,
    owner: Object,
    resource: Resource,
    candidates: Iterable[Object],
    matches: Callable[[Object], bool],
) -> Claimed:
    """Sort `candidates` (owned by `owner`, or orphans of its namespace) into members, adopted and released ones."""
    members, adopted, released = [], [], []
    leaving = objects.deleting(owner)
    for obj in candidates:
        controller = objects.controller_of(obj)
        if controller is not None:
            if controller.get("uid") != objects.uid(owner):
                continue
            if matches(obj):
                members.append(obj)
            elif not leaving:
                released.append(release(resource, obj, owner))
        elif not leaving and not objects.deleting(obj) and matches(obj):
            members.append(obj)
            adopted.append(adopt(resource, obj, owner))
    confirm = (_confirm(owner_resource, owner),) if adopted else ()
    return Claimed(tuple(members), (*released, *confirm, *adopted))


def _confirm(resource: Resource, owner: Object) -> Confirm:
    return Confirm(resource, objects.namespace(owner), objects.name(owner), objects.uid(owner))
