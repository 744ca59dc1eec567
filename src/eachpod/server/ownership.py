"""metadata.managedFields in ordinary writes: who owns the fields that a request has changed.

Parts of the control plane own nothing: that would cost more than it tells.
"""

from typing import Any

from eachpod.model.objects import Object, dig, drop, put
from eachpod.model.patch.managers import tracked
from eachpod.model.structure import struct_of
from eachpod.model.timestamps import render

from .calls import Call
from .present import blank

_FIELDS = ("metadata", "managedFields")
# One empty entry: what a client sends so that nobody owns anything any more; stands for that until it is stored.
NOBODY: list[Object] = [{}]


def writer_of(call: Call, version: str) -> Object:
    """An entry of managedFields but for the fields, for an ordinary write in the form of a version."""
    return {
        "manager": call.context.writer,
        "operation": "Update",
        "apiVersion": version,
        "time": render(call.context.now),
        **({"subresource": call.info.subresource} if call.info.subresource else {}),
    }


def owned_new(call: Call, new: Object) -> Object:
    """A new object with its owner: of what an empty object has as well, there is none."""
    new = drop(new, _FIELDS)
    if not call.context.writer or not struct_of(call.resource):
        return new
    empty = {**blank(call.kind), "metadata": {}}
    held = _tracked(call, empty, new)
    return put(new, _FIELDS, held) if held else new


def owned(call: Call, old: Object, new: Object) -> Object:
    """A changed object with its owners. An object that has none gets none by an ordinary write."""
    before = dig(old, *_FIELDS)
    held = _named(new, before) if not call.info.subresource else before
    if held and call.context.writer and struct_of(call.resource):
        held = _tracked(call, put(old, _FIELDS, held), new)
    if held:
        return put(new, _FIELDS, held)
    return put(new, _FIELDS, NOBODY) if before else drop(new, _FIELDS)


def _named(new: Object, before: Any) -> Any:
    """The entries that the client sends, where they can be read, else those of the stored object."""
    sent = dig(new, *_FIELDS)
    if sent == NOBODY:
        return []
    return sent if sent and all(_readable(entry) for entry in sent) else before


def _readable(entry: Object) -> bool:
    fields = entry.get("fieldsType") == "FieldsV1" and isinstance(entry.get("fieldsV1"), dict)
    return fields and entry.get("operation") in ("Apply", "Update")


def _tracked(call: Call, old: Object, new: Object) -> list[Object]:
    who = writer_of(call, call.resource.api_version)
    return tracked(old, new, struct_of(call.resource), who, status=call.info.subresource == "status")


def same(new: Object, old: Object) -> bool:
    """Whether there is nothing to store; the times of managedFields do not count."""
    if new == old:
        return True
    if not dig(new, *_FIELDS) or not dig(old, *_FIELDS):
        return False

    def timeless(obj: Object) -> Object:
        entries = [{k: v for k, v in entry.items() if k != "time"} for entry in obj["metadata"]["managedFields"]]
        return put(obj, _FIELDS, entries)

    return timeless(new) == timeless(old)
