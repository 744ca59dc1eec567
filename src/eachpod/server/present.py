"""Objects and lists as answers: in the form asked for, as dicts for callers in the process and as bytes for the others.

Bytes are joined from what the store keeps, not encoded again. For that every stored object begins with its kind and
apiVersion, in this order (`sealed`).
"""

from collections.abc import Sequence
from typing import Any

import orjson

from eachpod.model import table
from eachpod.model.kind import Kind
from eachpod.model.objects import Object
from eachpod.model.resource import Resource
from eachpod.model.shape import zero
from eachpod.model.structure import struct_of
from eachpod.store.contract import Entry

from .negotiate import Form


def sealed(obj: Object, resource: Resource) -> Object:
    """The object with kind and apiVersion first."""
    rest = {key: value for key, value in obj.items() if key not in ("kind", "apiVersion")}
    return {"kind": resource.kind, "apiVersion": resource.api_version, **rest}


def _prefix(resource: Resource) -> bytes:
    return f'{{"kind":"{resource.kind}","apiVersion":"{resource.api_version}",'.encode()


def converted(kind: Kind, obj: Object) -> Object:
    """An object in the kind's own version, where several versions share one store."""
    convert = kind.extra.get("from_stored")
    return convert(obj) if convert else obj


def blank(kind: Kind) -> Object:
    """An object of the kind without content, as bookmarks carry it. The memory form of some kinds has a number where
    the written form may do without; `blank_spec` names those."""
    struct = struct_of(kind.resource)
    made = zero(struct) if struct else {}
    if "blank_spec" in kind.extra:
        made["spec"] = {**made["spec"], **kind.extra["blank_spec"]}
    return sealed(made, kind.resource)


def single(kind: Kind, obj: Object, form: Form, now: float) -> Object:
    if form.shape == "Table":
        shown = table.table(kind, [obj], now, include=form.include, list_meta=_single_meta(obj))
        return table.in_version(shown, form.version)
    if form.shape:
        return table.in_version(table.partial(obj, kind), form.version)
    return obj


def _single_meta(obj: Object) -> Object:
    return {"resourceVersion": (obj.get("metadata") or {}).get("resourceVersion") or ""}


def many(kind: Kind, entries: Sequence[Entry], meta: Object, form: Form, now: float) -> Object:
    found = [converted(kind, entry.object) for entry in entries]
    if form.shape == "Table":
        shown = table.table(kind, found, now, include=form.include, list_meta=meta)
        return table.in_version(shown, form.version)
    if form.shape:
        return table.in_version(table.partial_list(found, meta, kind), form.version)
    resource = kind.resource
    return {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": meta,
        "items": found,
    }


def many_encoded(kind: Kind, entries: Sequence[Entry], meta: Object, form: Form, now: float) -> bytes:
    if form.shape or "from_stored" in kind.extra:
        whole = many(kind, entries, meta, form, now)
        if not form.shape:
            whole["items"] = [_bare(item) for item in whole["items"]]
        return orjson.dumps(whole)
    resource = kind.resource
    prefix = _prefix(resource)
    cut = len(prefix)
    items = [
        b"{" + entry.raw[cut:] if entry.raw.startswith(prefix) else orjson.dumps(_bare(entry.object))
        for entry in entries
    ]
    head = f'{{"kind":"{resource.kind}List","apiVersion":"{resource.api_version}","metadata":'.encode()
    return head + orjson.dumps(meta) + b',"items":[' + b",".join(items) + b"]}\n"


def _bare(obj: Object) -> Object:
    return {key: value for key, value in obj.items() if key not in ("kind", "apiVersion")}


def encoded(obj: Any) -> bytes:
    return orjson.dumps(obj)
