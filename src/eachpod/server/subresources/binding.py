"""binding: the scheduler's word on which node a pod runs."""

from typing import Any

from eachpod.model import errors
from eachpod.model.objects import Object, deleting, dig, labels, name, put
from eachpod.model.resources import NODE, POD
from eachpod.model.timestamps import render
from eachpod.model.wellknown import REGION, ZONE
from eachpod.server import decode
from eachpod.server.calls import ATTEMPTS, Call, Core
from eachpod.store.contract import Change, Key, RevisionConflict
from eachpod.wire.http import Response

_SCHEDULED = "PodScheduled"
_TOPOLOGY = (ZONE, REGION)


async def handle(core: Core, call: Call) -> Response:
    binding = decode.parsed(call.request.body, call.request.content_type) or {}
    pod = call.info.name or dig(binding, "metadata", "name", default="")
    key = Key(POD.group_resource, call.info.namespace, pod)
    target = _target(binding)
    node = core.store.get(Key(NODE.group_resource, "", target))
    if node is not None:
        binding = with_topology(binding, node.object)
    for _ in range(ATTEMPTS):
        entry = core.store.get(key)
        if entry is None:
            raise errors.not_found(POD, pod)
        new = bound(entry.object, target, binding, call.context.now)
        try:
            await core.commit(call, Change(key, new, entry.revision))
        except RevisionConflict:
            continue
        return Response(201, success(201))
    raise errors.conflict(POD, pod, "the object has been modified")


def success(code: int) -> Object:
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": code}


def with_topology(binding: Object, node: Object) -> Object:
    """The binding with the labels that say where the node is, for pods that ask by the downward API (KEP-4742)."""
    where = {key: value for key, value in labels(node).items() if key in _TOPOLOGY}
    return put(binding, ("metadata", "labels"), {**labels(binding), **where}) if where else binding


def _target(binding: Object) -> str:
    target: Any = binding.get("target") or {}
    faults = []
    if target.get("kind") not in (None, "", "Node"):
        faults.append(f'target.kind: Unsupported value: "{target["kind"]}": supported values: "Node", "<empty>"')
    if not target.get("name"):
        faults.append("target.name: Required value")
    if faults:
        text = faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"
        raise errors.InternalError(text, reason="")
    return str(target["name"])


def bound(pod: Object, node: str, binding: Object, now: float) -> Object:
    uid = dig(binding, "metadata", "uid")
    if uid and uid != pod["metadata"]["uid"]:
        text = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {pod['metadata']['uid']}"
        raise errors.conflict(POD, name(pod), text)
    if deleting(pod):
        raise errors.conflict(POD, name(pod), f"pod {name(pod)} is being deleted, cannot be assigned to a host")
    held = dig(pod, "spec", "nodeName")
    if held:
        why = f"pod {name(pod)} is already assigned to node {_quoted(held)}"
        conflict = errors.conflict(POD, f"{name(pod)}", why)
        conflict.message = f'Operation cannot be fulfilled on pods/binding "{name(pod)}": {why}'
        conflict.details = {"kind": "pods/binding", "name": name(pod)}
        raise conflict
    if dig(pod, "spec", "schedulingGates"):
        why = f"pod {name(pod)} has non-empty .spec.schedulingGates"
        raise errors.conflict(POD, name(pod), why)
    condition = {"type": _SCHEDULED, "status": "True", "lastProbeTime": None, "lastTransitionTime": render(now)}
    status = pod.get("status") or {}
    others = [each for each in status.get("conditions") or [] if each.get("type") != _SCHEDULED]
    meta = dict(pod["metadata"])
    for field in ("annotations", "labels"):
        extra = dig(binding, "metadata", field)
        if extra:
            meta[field] = {**(meta.get(field) or {}), **extra}
    status = {key: value for key, value in status.items() if key != "nominatedNodeName"}
    return {
        **pod,
        "metadata": meta,
        "spec": {**pod["spec"], "nodeName": node},
        "status": {**status, "conditions": [*others, condition]},
    }


def _quoted(text: str) -> str:
    return f'"{text}"'
