"""Reviews: questions about identities and permissions, asked by POST and answered at once."""

from collections.abc import Callable, Sequence
from typing import Any

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
        return _answer(call, spec, _token_status(core, spec, token))
    if kind == "SelfSubjectRulesReview":
        if not spec.get("namespace"):
            raise errors.BadRequest("no namespace on request")
        return _answer(call, {}, rules_of(authorizer, call.context.user, spec))
    if kind == "LocalSubjectAccessReview":
        _same_namespace(call, spec)
    user = _asked_about(call, spec)
    verdict = authorizer.decide(user, attributes(spec)) if authorizer else None
    status: Object = {"allowed": verdict.allowed if verdict else True}
    if verdict and verdict.reason:
        status["reason"] = verdict.reason
    meta = {"namespace": call.info.namespace} if kind == "LocalSubjectAccessReview" else {}
    return _answer(call, spec, status, meta)


def _token_status(core: Core, spec: Object, question: TokenQuestion) -> Object:
    token, audiences = spec.get("token") or "", spec.get("audiences") or [core.config.issuer]
    if not token:
        raise errors.BadRequest("token is required for TokenReview in authentication")
    found = question(token, audiences)
    if found is None:
        fault = core.tokens.fault(token, audiences) if core.tokens else ""
        unknown = "invalid bearer token"
        return {"user": {}, "error": f"[{unknown}, {fault}]" if fault else unknown}
    meant = core.tokens.audiences(token) if core.tokens else []
    shared = [each for each in audiences if each in (meant or [core.config.issuer])]
    return {"authenticated": True, "user": info_of(found), "audiences": shared}


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
        raise _invalid(call, "spec.user", "", "at least one of user or group must be specified")
    extra = {key: tuple(values) for key, values in (spec.get("extra") or {}).items()}
    return User(spec.get("user") or "", tuple(spec.get("groups") or ()), spec.get("uid") or "", extra)


def _needs_attributes(call: Call, spec: Object) -> None:
    paths = spec.get("nonResourceAttributes")
    both = bool(spec.get("resourceAttributes")), bool(paths)
    if both in ((True, True), (False, False)):
        shown = None if not paths else {"Path": paths.get("path") or "", "Verb": paths.get("verb") or ""}
        text = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise _invalid(call, "spec", shown, text)


def _invalid(call: Call, field: str, value: Any, text: str) -> errors.Invalid:
    """Reviews are refused without the name of their kind."""
    fault = invalid(field, value, text)
    details: Object = {"group": call.resource.group, "causes": [fault.cause()]}
    return errors.Invalid(f'.{call.resource.group} "" is invalid: {fault}', details=details)


def _same_namespace(call: Call, spec: Object) -> None:
    paths = spec.get("nonResourceAttributes")
    if paths:
        shown = {"Path": paths.get("path") or "", "Verb": paths.get("verb") or ""}
        raise _invalid(call, "spec.nonResourceAttributes", shown, "disallowed on this kind of request")
    asked = dig(spec, "resourceAttributes", "namespace", default="")
    if asked != call.info.namespace:
        raise _invalid(call, "spec.resourceAttributes.namespace", asked, "must match metadata.namespace")


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
