"""token: a TokenRequest for a service account (authentication.k8s.io/v1)."""

from eachpod.kit.ids import uid
from eachpod.model import errors
from eachpod.model.fielderrors import FieldError, invalid
from eachpod.model.objects import Object, dig
from eachpod.model.resources import NODE, POD, SECRET, SERVICEACCOUNT
from eachpod.model.timestamps import render
from eachpod.server import decode
from eachpod.server.calls import Call, Core
from eachpod.server.tokens import Subject
from eachpod.wire.http import Response

_SHORTEST, _LONGEST, _DEFAULT = 600, 1 << 32, 3600
_MAX_SECONDS = 60 * 60 * 24 * 365
# Clients that ask for this much renew in time, but old ones may not: their token lasts a year (upstream's rule).
_EXTENDED_ASK, _EXTENDED = 3607, _MAX_SECONDS


async def handle(core: Core, call: Call) -> Response:
    if core.tokens is None:
        raise errors.NotFound("this server has no key to sign service account tokens with")
    sent = decode.parsed(call.request.body, call.request.content_type) or {}
    account = core.view.get(SERVICEACCOUNT, call.info.name, call.info.namespace)
    if account is None:
        raise errors.not_found(SERVICEACCOUNT, call.info.name)
    spec = sent.get("spec") or {}
    seconds = spec.get("expirationSeconds") or _DEFAULT
    faults = _faults(seconds)
    if faults:
        details: Object = {"group": "authentication.k8s.io", "kind": "TokenRequest"}
        details["causes"] = [fault.cause() for fault in faults]
        text = f'TokenRequest.authentication.k8s.io "" is invalid: {faults[0]}'
        raise errors.Invalid(text, details=details)
    audiences = spec.get("audiences") or [core.config.issuer]
    subject = _subject(core, account, spec.get("boundObjectRef"), call)
    now = call.context.now
    lasts = _EXTENDED if seconds == _EXTENDED_ASK and core.config.issuer in audiences else min(seconds, _MAX_SECONDS)
    token = core.tokens.issue(subject, audiences, lasts, now, uid(call.context.entropy))
    meta = {"name": call.info.name, "namespace": call.info.namespace, "uid": account["metadata"]["uid"]}
    body: Object = {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {**meta, "creationTimestamp": render(now)},
        "spec": {
            "audiences": audiences,
            "boundObjectRef": spec.get("boundObjectRef"),
            "expirationSeconds": seconds,
        },
        "status": {"token": token, "expirationTimestamp": render(now + seconds)},
    }
    return Response(201, body)


def _faults(seconds: int) -> list[FieldError]:
    if seconds < _SHORTEST:
        return [invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")]
    if seconds > _LONGEST:
        return [invalid("spec.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds")]
    return []


def _subject(core: Core, account: Object, reference: Object | None, call: Call) -> Subject:
    namespace, name = call.info.namespace, call.info.name
    plain = Subject(namespace, name, account["metadata"]["uid"])
    if not reference:
        return plain
    resource = {"Pod": POD, "Secret": SECRET, "Node": NODE}.get(reference.get("kind") or "")
    if resource is None:
        group, _, version = (reference.get("apiVersion") or "v1").rpartition("/")
        kind = f"{group}/{version}, Kind={reference.get('kind')}"
        raise errors.BadRequest(f"cannot bind token to object of type {kind}")
    bound_name = reference.get("name") or ""
    found = core.view.get(resource, bound_name, namespace if resource != NODE else "")
    if found is None:
        raise errors.not_found(resource, bound_name)
    held = found["metadata"]["uid"]
    if reference.get("uid") and reference["uid"] != held:
        why = f"the UID in the bound object reference ({reference['uid']}) does not match the UID in record. "
        why += "The object might have been deleted and then recreated"
        text = f"Operation cannot be fulfilled on {resource.kind} {_q(bound_name)}: {why}"
        raise errors.Conflict(text, details={"name": bound_name, "kind": resource.kind})
    node = None
    if resource == POD:
        runs_as = dig(found, "spec", "serviceAccountName", default="")
        if runs_as != name:
            text = f"cannot bind token for serviceaccount {_q(name)} to pod running with different serviceaccount name."
            raise errors.BadRequest(text)
        node_name = dig(found, "spec", "nodeName")
        holder = core.view.get(NODE, node_name) if node_name else None
        node = (node_name, holder["metadata"]["uid"]) if holder else None
    return Subject(namespace, name, plain.uid, (reference["kind"].lower(), bound_name, held), node)


def _q(text: str) -> str:
    return f'"{text}"'
