"""scale: the number of replicas of anything that has one, in one form (autoscaling/v1 Scale)."""

from eachpod.model import errors
from eachpod.model.fielderrors import invalid
from eachpod.model.objects import Object, dig, put
from eachpod.server import decode, present, writes
from eachpod.server.calls import Call, Core
from eachpod.server.patching import patch_of
from eachpod.wire.http import Response

_META = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


async def handle(core: Core, call: Call) -> Response:
    if call.info.verb == "get":
        entry = core.store.get(call.key())
        if entry is None:
            raise errors.not_found(call.resource, call.info.name)
        return Response(200, scale_of(present.converted(call.kind, entry.object)))
    if call.info.verb == "patch":
        change = patch_of(call, "autoscaling/v1.Scale")
    else:
        sent = decode.parsed(call.request.body, call.request.content_type) or {}
        change = lambda old: sent  # noqa: E731

    def next_state(old: Object) -> Object:
        return _scaled(call, old, change(scale_of(old)))

    main = call.about(subresource="")
    return Response(200, scale_of(await writes.change(core, main, next_state)))


def _scaled(call: Call, old: Object, scale: Object) -> Object:
    replicas = dig(scale, "spec", "replicas", default=0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise errors.BadRequest(f"spec.replicas has to be a number, not {replicas!r}")
    if replicas < 0:
        fault = invalid("spec.replicas", replicas, "must be greater than or equal to 0")
        details: Object = {
            "name": call.info.name,
            "group": "autoscaling",
            "kind": "Scale",
            "causes": [fault.cause()],
        }
        raise errors.Invalid(f'Scale.autoscaling "{call.info.name}" is invalid: {fault}', details=details)
    new = put(old, ("spec", "replicas"), replicas)
    version, uid = dig(scale, "metadata", "resourceVersion"), dig(scale, "metadata", "uid")
    if version:
        new = put(new, ("metadata", "resourceVersion"), version)
    else:
        new = put(new, ("metadata", "resourceVersion"), "")
    return put(new, ("metadata", "uid"), uid) if uid else new


def scale_of(obj: Object) -> Object:
    meta = {key: obj["metadata"][key] for key in _META if key in obj["metadata"]}
    status: Object = {"replicas": dig(obj, "status", "replicas", default=0)}
    selector = selector_text(dig(obj, "spec", "selector"))
    if selector:
        status["selector"] = selector
    spec = {"replicas": dig(obj, "spec", "replicas", default=0)}
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
