"""Reviews: questions about identities and permissions, asked by POST and answered at once."""

from collections.abc import Callable, Sequence

from eachpod.model import errors
from eachpod.model.fielderrors import invalid
from eachpod.model.objects import Object, dig
from eachpod.model.timestamps import render
from eachpod.wire.http import Response

from . import decode
from .authz import Authorizer
from .calls import Call, Core
from .requestinfo import RequestInfo
from .user import User

TokenQuestion = Callable[[str, Sequence[str]], User | None]


async def handle(core: Core, call: Call, authorizer: Authorizer | None, token: TokenQuestion) -> Response:
    sent = decode.parsed(call.request.body, call.request.content_type) or {}
    decode.check_identity(call.kind, sent)
    kind = call.resource.kind
    if kind == "SelfSubjectReview":
        return _answer(call, {}, {"userInfo": info_of(call.context.user)})
    spec = sent.get("spec") or {}
    if kind == "TokenReview":
        found = token(spec.get("token") or "", spec.get("audiences") or ())
        audiences = list(spec.get("audiences") or [core.config.issuer])
        status: Object = {"user": {}, "error": "invalid bearer token"}
        if found is not None:
            status = {"authenticated": True, "user": info_of(found), "audiences": audiences}
        return _answer(call, spec, status)
    if kind == "SelfSubjectRulesReview":
        return _answer(call, spec, rules_of(authorizer, call.context.user, spec))
    user = _asked_about(call, spec)
    if kind == "LocalSubjectAccessReview":
        _same_namespace(call, spec)
    verdict = authorizer.decide(user, attributes(spec)) if authorizer else None
    status = {"allowed": verdict.allowed if verdict else True}
    if verdict and verdict.reason:
        status["reason"] = verdict.reason
    meta = {"namespace": call.info.namespace} if kind == "LocalSubjectAccessReview" else {}
    return _answer(call, spec, status, meta)


def _answer(call: Call, spec: Object, status: Object, meta: Object | None = None) -> Response:
    resource = call.resource
    body: Object = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": meta or {}}
    if resource.kind == "SelfSubjectReview":
        body["metadata"] = {"creationTimestamp": render(call.context.now)}
    else:
        body["spec"] = spec
    return Response(201, {**body, "status": status})


def info_of(user: User) -> Object:
    shown: Object = {"username": user.name}
    if user.uid:
        shown["uid"] = user.uid
    if user.groups:
        shown["groups"] = list(user.groups)
    if user.extra:
        shown["extra"] = {key: list(values) for key, values in user.extra.items()}
    return shown


def _asked_about(call: Call, spec: Object) -> User:
    if call.resource.kind == "SelfSubjectAccessReview":
        _needs_attributes(call, spec)
        return call.context.user
    _needs_attributes(call, spec)
    if not spec.get("user") and not spec.get("groups"):
        raise _invalid(call, "spec.user", "at least one of user or group must be specified")
    extra = {key: tuple(values) for key, values in (spec.get("extra") or {}).items()}
    return User(spec.get("user") or "", tuple(spec.get("groups") or ()), spec.get("uid") or "", extra)


def _needs_attributes(call: Call, spec: Object) -> None:
    both = bool(spec.get("resourceAttributes")), bool(spec.get("nonResourceAttributes"))
    if both == (True, True):
        text = "cannot be specified in combination with resourceAttributes"
        raise _invalid(call, "spec.nonResourceAttributes", text)
    if both == (False, False):
        text = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise _invalid(call, "spec.resourceAttributes", text)


def _invalid(call: Call, field: str, text: str) -> errors.Invalid:
    return errors.invalid(call.resource, "", [invalid(field, None, text)])


def _same_namespace(call: Call, spec: Object) -> None:
    asked = dig(spec, "resourceAttributes", "namespace", default="")
    if asked != call.info.namespace:
        text = f"must match metadata.namespace: {call.info.namespace}"
        raise _invalid(call, "spec.resourceAttributes.namespace", text)


def attributes(spec: Object) -> RequestInfo:
    path = spec.get("nonResourceAttributes")
    if path:
        return RequestInfo(path.get("verb") or "", path.get("path") or "")
    asked = spec.get("resourceAttributes") or {}
    return RequestInfo(
        asked.get("verb") or "",
        "",
        asked.get("group") or "",
        asked.get("version") or "",
        asked.get("resource") or "",
        asked.get("namespace") or "",
        asked.get("name") or "",
        asked.get("subresource") or "",
    )


def rules_of(authorizer: Authorizer | None, user: User, spec: Object) -> Object:
    """The rules of a user in a namespace, for `kubectl auth can-i --list`."""
    resources: list[Object] = []
    paths: list[Object] = []
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    if authorizer is None or "system:masters" in user.groups:
        resources, paths = [everything], [{"verbs": ["*"], "nonResourceURLs": ["*"]}]
    else:
        for granted in authorizer.rbac.rules(user):
            rule = granted.rule
            if granted.namespace and granted.namespace != spec.get("namespace"):
                continue
            if rule.get("nonResourceURLs"):
                paths.append({"verbs": rule["verbs"], "nonResourceURLs": rule["nonResourceURLs"]})
            else:
                keys = ("verbs", "apiGroups", "resources", "resourceNames")
                resources.append({key: rule[key] for key in keys if rule.get(key)})
    return {"resourceRules": resources, "nonResourceRules": paths, "incomplete": False}
