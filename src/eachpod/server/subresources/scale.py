"""scale: the number of replicas of anything that has one, in one form (autoscaling/v1 Scale)."""

from collections.abc import Callable

from eachpod.model import errors, table
from eachpod.model.fielderrors import invalid
from eachpod.model.fieldrules import NEGATIVE
from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, dig, drop, name, put
from eachpod.model.patch.managers import tracked
from eachpod.model.patch.scaled import of_object, of_scale
from eachpod.model.resource import Resource
from eachpod.model.shape import shape
from eachpod.model.structure import struct_of
from eachpod.server import applying, decode, fieldcheck, patching, present, writes
from eachpod.server.calls import Call, Core
from eachpod.server.ownership import NOBODY, writer_of
from eachpod.server.patchbody import patch_of
from eachpod.server.reads import form_of
from eachpod.server.verbs.update import check_uid
from eachpod.wire.http import APPLY_PATCH, Response

_META = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
_FIELDS = ("metadata", "managedFields")
_SCALE = Resource("autoscaling", "v1", "Scale", "scales")
_STRUCT = struct_of(_SCALE)


def _row(scale: Object, now: float) -> list[Cell]:
    return [
        name(scale),
        dig(scale, "spec", "replicas", default=0),
        dig(scale, "status", "replicas", default=0),
        table.age(scale, now),
    ]


_KIND = Kind(
    _SCALE,
    default=shape(_STRUCT).fit,
    columns=table.columns("Desired:integer", "Available:integer", "Age"),
    row=_row,
)

# A scale with the owners of its number, and what becomes of it.
Change = Callable[[Object], Object]


async def handle(core: Core, call: Call) -> Response:
    if call.info.verb == "get":
        entry = core.store.get(call.key())
        if entry is None:
            raise errors.not_found(call.resource, call.info.name)
        return _answer(call, present.converted(call.kind, entry.object))
    change = _change(call)

    def next_state(old: Object) -> Object:
        scale = scale_of(old)
        if held := dig(old, *_FIELDS):
            scale = put(scale, _FIELDS, of_scale(held))
        return _scaled(call, old, change(scale))

    return _answer(call, await writes.change(core, call.about(subresource=""), next_state, applies=True))


def _answer(call: Call, obj: Object) -> Response:
    shown = present.single(_KIND, scale_of(obj), form_of(call), call.context.now)
    return Response(200, shown, warnings=tuple(call.context.warnings))


def _change(call: Call) -> Change:
    """What the request makes of a scale, with its owners."""
    if call.info.verb == "update":
        sent = decode.object_of(_KIND, call.request, call.context)
        return lambda old: _owned(call, old, sent)
    if decode.media_type(call.request.content_type) == APPLY_PATCH:
        patching.check_options(call, applies=True)
        wanted = applying.wanted_of(call, _KIND)
        return lambda old: applying.merged(call, _KIND, old, wanted)
    patching.check_options(call, applies=False)
    patch, chosen = patch_of(call, _STRUCT), fieldcheck.level(call.request.query)
    return lambda old: _owned(call, old, patching.readable(call, _KIND, patch(old), chosen))


def _owned(call: Call, old: Object, new: Object) -> Object:
    """`new` with its owners; where the number has none, nobody gets it by an ordinary write."""
    held = dig(old, *_FIELDS)
    if held and call.context.writer:
        held = tracked(old, shape(_STRUCT).fit(new), _STRUCT, writer_of(call, _SCALE.api_version))
    return put(new, _FIELDS, held) if held else drop(new, _FIELDS)


def _scaled(call: Call, old: Object, scale: Object) -> Object:
    writes.check_name(call, scale)
    replicas = dig(scale, "spec", "replicas", default=0)
    if replicas < 0:
        fault = invalid("spec.replicas", replicas, NEGATIVE)
        details: Object = {
            "name": call.info.name,
            "group": "autoscaling",
            "kind": "Scale",
            "causes": [fault.cause()],
        }
        raise errors.Invalid(f'Scale.autoscaling "{call.info.name}" is invalid: {fault}', details=details)
    new = put(old, ("spec", "replicas"), replicas)
    new = put(new, ("metadata", "resourceVersion"), dig(scale, "metadata", "resourceVersion") or "")
    if uid := dig(scale, "metadata", "uid"):
        new = put(new, ("metadata", "uid"), uid)
        check_uid(call.kind, new, old)
    if entries := dig(old, *_FIELDS):
        owners = of_object(entries, dig(scale, *_FIELDS, default=[]), call.resource.api_version)
        new = put(new, _FIELDS, owners or NOBODY)
    return new


def scale_of(obj: Object) -> Object:
    meta = {key: obj["metadata"][key] for key in _META if key in obj["metadata"]}
    status: Object = {"replicas": dig(obj, "status", "replicas", default=0)}
    selector = selector_text(dig(obj, "spec", "selector"))
    if selector:
        status["selector"] = selector
    replicas = dig(obj, "spec", "replicas", default=0)
    spec = {"replicas": replicas} if replicas else {}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": spec, "status": status}


def selector_text(selector: Object | None) -> str:
    """A selector as one string; ReplicationControllers have a plain map."""
    if not selector:
        return ""
    plain = "matchLabels" not in selector and "matchExpressions" not in selector
    pairs = selector if plain else selector.get("matchLabels") or {}
    terms = [(key, f"{key}={value}") for key, value in pairs.items()]
    for each in [] if plain else selector.get("matchExpressions") or []:
        key, values = each["key"], ",".join(sorted(each.get("values") or []))
        form = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}
        terms.append((key, form.get(each["operator"], f"!{key}")))
    return ",".join(text for _, text in sorted(terms))
